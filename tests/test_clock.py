"""Does what was set ring when its time has come, and only then?"""

import asyncio
from datetime import UTC, datetime

import pytest

from claimgw.clock import Clock, ManualClock, SystemClock


@pytest.fixture(params=["held", "running"])
def clock(request: pytest.FixtureRequest) -> Clock:
    return SystemClock() if request.param == "running" else ManualClock(datetime(2026, 11, 1, tzinfo=UTC))


async def test_what_was_set_rings_once_in_the_order_of_its_times_and_not_if_it_was_taken_back(
    clock: Clock,
) -> None:
    rung: list[str] = []
    last = asyncio.Event()
    clock.ring(0.03, last.set)
    clock.ring(0.02, lambda: rung.append("second"))
    clock.ring(0.0, lambda: rung.append("first"))
    clock.ring(0.01, lambda: rung.append("never")).cancel()
    if isinstance(clock, ManualClock):
        clock.advance(0.02)
        await asyncio.sleep(0)
        assert rung == ["first", "second"]
        clock.advance(0.01)
    await asyncio.wait_for(last.wait(), 5)
    assert rung == ["first", "second"]
