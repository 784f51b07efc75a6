"""Does the worker go on, whatever one exchange or one lane holds?"""

import asyncio
from datetime import timedelta

import pytest
import structlog

from claimgw.clearinghouse.admit import digest_of
from claimgw.clearinghouse.delivery.take_up import take_up
from claimgw.clearinghouse.delivery.worker import Worker
from claimgw.clearinghouse.rows import begun
from claimgw.ids import new_id
from claimgw.store import exchanges, messages, pauses
from claimgw.store.records import Arrival, Message, State
from tests.clearinghouse.scene import Scene, playing, until
from tests.clearinghouse.spoken import CLAIM, complete, fresh, says
from tests.gateway import DESERT_ROSE, FALCON, HOSPITAL, register

BUSY = says(b"", "429 Busy")


async def hold(scene: Scene, raw: bytes, insurer: str = FALCON) -> str:
    """An exchange that is due since a minute ago, with that for its request."""
    now = scene.clock.now() - timedelta(minutes=1)
    kept = Message(new_id(now), HOSPITAL, insurer, "claim-request", new_id(now), new_id(now), len(raw), now)
    held = begun(
        kept.id,
        kept.event,
        provider=HOSPITAL,
        insurer=insurer,
        state=State.HELD,
        now=now,
        due_at=now,
    )
    async with scene.gateway.database.write() as unit:
        await messages.keep(unit, kept, raw)
        await messages.arrive(
            unit, Arrival(HOSPITAL, kept.bundle_id, kept.header_id, digest_of(raw), kept.id)
        )
        await exchanges.open_exchange(unit, held)
    return held.id


async def test_one_exchange_that_cannot_be_read_stops_nobody_else(sqlite: str) -> None:
    async with playing(sqlite, BUSY, complete) as scene:
        raw = fresh(CLAIM)
        await scene.send(raw)
        scene.clock.advance(60)
        spoilt = await hold(scene, b"Rakan Yusuf, no JSON")
        with structlog.testing.capture_logs() as lines:
            assert await scene.gateway.house.worker.look() == 1
        [told] = [line for line in lines if line["log_level"] == "error"]
        assert told["exchange"] == spoilt
        assert "Rakan" not in str(lines)

        async def answered() -> bool:
            return (await scene.exchange(raw)).state is State.ANSWERED

        await until(answered)


async def test_the_loop_makes_what_becomes_due_by_itself(address: str) -> None:
    async with playing(address, BUSY, complete) as scene:
        worker = scene.gateway.house.worker
        loop = asyncio.create_task(worker.run())
        raw = fresh(CLAIM)
        await scene.send(raw)

        async def answered() -> bool:
            scene.clock.advance(1)
            return (await scene.exchange(raw)).state is State.ANSWERED

        await until(answered)
        await worker.stop(5)
        await loop
        assert scene.insurer.received == [raw, raw]


@pytest.mark.parametrize("scope", [FALCON, pauses.EVERYWHERE])
async def test_a_paused_lane_waits_and_goes_on(scope: str, sqlite: str) -> None:
    async with playing(sqlite, BUSY, complete) as scene:
        raw = fresh(CLAIM)
        await scene.send(raw)
        async with scene.gateway.database.write() as unit:
            await pauses.set_pause(unit, pauses.Pause(scope, "a test", scene.clock.now(), "a test"))
        scene.clock.advance(100)
        assert await scene.work() == 0
        async with scene.gateway.database.write() as unit:
            await pauses.end_pause(unit, scope)
        scene.clock.advance(3)
        assert await scene.work() == 1
        assert (await scene.exchange(raw)).state is State.ANSWERED


async def test_a_lane_takes_no_more_at_once_than_its_insurer_allows(sqlite: str) -> None:
    async with playing(sqlite, complete, participant={"most_in_flight": 3}) as scene:
        for _ in range(7):
            await hold(scene, fresh(CLAIM))
        assert [await scene.work() for _ in range(4)] == [3, 3, 1, 0]


async def test_a_lane_without_room_or_connection_does_not_hold_another(sqlite: str) -> None:
    async with playing(sqlite, complete, participant={"most_in_flight": 1}) as scene:
        await register(scene.gateway.database, DESERT_ROSE, settings={"mode": "by-hand"})
        scene.clock.advance(3)
        lost = await hold(scene, fresh(CLAIM), DESERT_ROSE)
        await hold(scene, fresh(CLAIM))
        assert await scene.work() == 2
        assert len(scene.insurer.received) == 1
        async with scene.gateway.database.read() as unit:
            held = await exchanges.find(unit, lost)
        assert held is not None
        assert held.state is State.HELD
        assert "no connection" in held.reason


async def test_two_workers_never_take_up_the_same_exchange(address: str) -> None:
    async with playing(address, complete, participant={"most_in_flight": 50}) as scene:
        for _ in range(20):
            await hold(scene, fresh(CLAIM))
        parts = scene.gateway.house.parts
        others = [Worker(parts, asyncio.Event()) for _ in range(3)]
        started = await asyncio.gather(*(worker.look() for worker in others))
        assert sum(started) == 20
        for worker in others:
            await worker.stop(10)
        assert len(scene.insurer.received) == len(set(scene.insurer.received)) == 20


@pytest.mark.parametrize("places", [1, 3])
async def test_processes_that_see_the_same_places_free_fill_them_once_and_with_the_oldest(
    address: str, places: int
) -> None:
    async with playing(address, complete) as scene:
        held = [await hold(scene, fresh(CLAIM)) for _ in range(8)]
        parts = scene.gateway.house.parts
        insurer = (await parts.registry.current()).participant(FALCON)
        filled = [take_up(parts, FALCON, insurer, room, at_once=places) for room in (1, 2, 3, 3)]
        taken = [one.exchange.id for each in await asyncio.gather(*filled) for one in each.claimed]
        assert sorted(taken) == sorted(held)[:places]
