"""What does a caller learn of insurers, and of its own messages that wait for one?"""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from claimgw.store import pauses
from tests.clearinghouse.spoken import CLAIM, fresh, opened
from tests.endpoint.doors import Doors, ask, open_doors
from tests.gateway import FALCON, register

RIYADH = ZoneInfo("Asia/Riyadh")


async def test_a_wait_is_told_with_its_reason_and_its_end(sqlite: str) -> None:
    async with open_doors(sqlite) as doors:
        async with doors.gateway.database.write() as unit:
            pause = pauses.Pause(FALCON, "the insurer moves house", doors.clock.now(), "test")
            await pauses.set_pause(unit, pause)
        raw = fresh(CLAIM)
        await doors.gateway.post(raw, doors.key)
        _, found = await ask(doors, "/exchanges", identifier=opened(raw).header_id or "")
        assert isinstance(found, list)
        assert found[0]["state"] == "held"
        assert "moves house" in found[0]["reason"]
        assert found[0]["next_attempt"] is None  # nobody knows when it is resumed
        _, insurer = await ask(doors, "/insurers/INS-2001")
        assert isinstance(insurer, dict)
        assert insurer["accepting"] is False
        assert insurer["reason"] == "paused: the insurer moves house"


@pytest.mark.parametrize("path", ["/insurers/INS-9999", "/insurers/PR-1001", "/insurers/provider:PR-1001"])
async def test_who_is_no_insurer_is_not_found(path: str, doors: Doors) -> None:
    status, told = await ask(doors, path)
    assert isinstance(told, dict)
    assert (status, told["resourceType"]) == (404, "OperationOutcome")


async def test_an_insurer_tells_what_it_can_do_and_whether_it_takes_messages(doors: Doors) -> None:
    _, falcon = await ask(doors, "/insurers/INS-2001")
    _, same = await ask(doors, "/insurers/payer:INS-2001")
    _, blocked = await ask(doors, "/insurers/INS-2002")
    assert falcon == same
    assert isinstance(falcon, dict)
    assert isinstance(blocked, dict)
    assert (falcon["accepting"], falcon["mode"], falcon["reason"]) == (True, "online", None)
    assert (falcon["sentence"], falcon["next_change"]) == ("accepting at any time", None)
    assert (blocked["accepting"], blocked["reason"]) == (False, "blocked")
    assert blocked["sentence"] == "not accepting at the moment; blocked"


async def test_an_insurer_tells_until_when_it_is_open_and_when_it_opens(doors: Doors) -> None:
    closed = {"begins": "2026-11-02", "ends": "2026-11-02", "reason": "moving house"}
    hours = {"weekly": {"sunday-thursday": ["09:00-17:00"]}, "closures": [closed]}
    key = await register(doors.gateway.database, "payer:INS-2003", settings={"hours": hours})
    assert key
    told = []
    for day, hour in ((1, 12), (1, 20), (2, 10)):
        then = datetime(2026, 11, day, hour, tzinfo=RIYADH)
        doors.clock.advance((then - doors.clock.now()).total_seconds())
        _, one = await ask(doors, "/insurers/INS-2003")
        told.append((one["accepting"], one["sentence"], one["reason"], one["next_change"]))
    opens = "not accepting at the moment; next Tuesday 3/11 at 9:00am"
    assert told == [
        (True, "accepting until 5:00pm today", None, "2026-11-01T14:00:00Z"),
        (False, opens, "closed", "2026-11-03T06:00:00Z"),
        (False, opens, "closed: moving house", "2026-11-03T06:00:00Z"),
    ]
