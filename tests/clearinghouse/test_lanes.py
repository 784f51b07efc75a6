"""Does a lane keep to what its insurer takes at once and a second, and does no other lane notice?"""

import asyncio
from datetime import timedelta

import pytest

from claimgw.access.registry import Snapshot
from claimgw.clearinghouse.delivery.worker import Worker
from claimgw.store.pauses import Pause, PauseKind, set_pause
from claimgw.store.records import State
from tests.clearinghouse.catalogue.senders import an
from tests.clearinghouse.scene import Scene, playing, until
from tests.clearinghouse.spoken import CLAIM, START, complete, fresh, silence
from tests.clearinghouse.test_worker import hold
from tests.gateway import FALCON, resource, running
from tests.insurers.peers import Talk


async def pause(scene: Scene, kind: PauseKind) -> None:
    async with scene.gateway.database.write() as unit:
        await set_pause(unit, Pause(FALCON, "a move", scene.clock.now(), "a test", kind))
    scene.clock.advance(3)


async def test_a_request_without_a_free_place_is_pended_and_not_refused(sqlite: str) -> None:
    # Two places: the others are for what is held, and for the probe.
    limits = {"most_connections": 4, "most_in_flight": 1}
    let_go = asyncio.Event()

    async def slowly(talk: Talk, raw: bytes) -> bytes | None:
        await let_go.wait()
        return await complete(talk, raw)

    async with playing(sqlite, slowly, slowly, complete, participant=limits) as scene:
        waiting = [asyncio.create_task(scene.send(fresh(CLAIM))) for _ in range(2)]

        async def both() -> bool:
            return len(scene.insurer.received) == 2

        await until(both)
        raw = fresh(CLAIM)
        assert resource((await scene.send(raw))[1], "ClaimResponse")["outcome"] == "queued"
        held = await scene.exchange(raw)
        assert (held.state, held.due_at) == (State.HELD, held.created_at)
        assert held.reason == "as many requests as the insurer takes at once are under way"
        assert b"GE-00012" in (await scene.send(an("eligibility-request")))[0]
        # It does not wait for those who wait: what is held has a place of its own.
        await scene.gateway.house.worker.look()

        async def answered() -> bool:
            return (await scene.exchange(raw)).state is State.ANSWERED

        await until(answered)
        let_go.set()
        await asyncio.gather(*waiting)
        assert resource((await scene.send(fresh(CLAIM)))[1], "ClaimResponse")["outcome"] == "complete"


async def test_the_places_of_an_insurer_are_shared_by_all_nodes(address: str) -> None:
    limits = {"most_connections": 6, "most_in_flight": 1}
    async with (
        playing(address, complete, participant=limits) as scene,
        running(address, clock=scene.clock, worker=False, console=False) as other,
    ):
        insurer = (await scene.gateway.house.parts.registry.current()).participant(FALCON)
        assert insurer is not None
        for gateway in (scene.gateway, other):
            await gateway.house.heart.beat()
            places = gateway.house.parts.places
            assert [places.take(insurer) for _ in range(3)] == [True, True, False]


async def test_a_rate_holds_for_requests_and_for_what_is_held(address: str) -> None:
    limits = {"rate": {"per_second": 2, "burst": 2}, "most_in_flight": 10}
    async with playing(address, complete, participant=limits) as scene:
        outcomes = [
            resource((await scene.send(fresh(CLAIM)))[1], "ClaimResponse")["outcome"] for _ in range(6)
        ]
        assert outcomes == ["complete"] * 2 + ["queued"] * 4
        assert [await scene.work() for _ in range(2)] == [0, 0]
        for sent in (1, 2, 3, 4):
            scene.clock.advance(0.5)
            assert await scene.work() == 1
            assert len(scene.insurer.received) == 2 + sent
        scene.clock.advance(100)
        assert await scene.work() == 0


async def test_the_loop_drains_at_the_rate_without_waiting_for_its_next_look(sqlite: str) -> None:
    limits = {"rate": {"per_second": 20, "burst": 1}, "most_in_flight": 10}
    async with playing(sqlite, complete, participant=limits, look_seconds=60) as scene:
        for _ in range(10):
            await hold(scene, fresh(CLAIM))
        worker = scene.gateway.house.worker
        loop = asyncio.create_task(worker.run())
        began = scene.clock.now()

        async def all_sent() -> bool:
            scene.clock.advance(0.01)
            return len(scene.insurer.received) == 10

        await until(all_sent)
        assert scene.clock.now() - began >= timedelta(seconds=0.45)
        await worker.stop(5)
        await loop


async def test_all_workers_together_send_one_by_one_if_one_is_allowed(address: str) -> None:
    async with playing(address, silence, participant={"most_in_flight": 1}) as scene:
        for _ in range(5):
            await hold(scene, fresh(CLAIM))
        parts = scene.gateway.house.parts
        workers = [Worker(parts, asyncio.Event()) for _ in range(4)]
        assert sum(await asyncio.gather(*(worker.look() for worker in workers))) == 1
        assert sum(await asyncio.gather(*(worker.look() for worker in workers))) == 0
        await asyncio.gather(*(worker.stop(0) for worker in workers))


async def test_a_drained_lane_delivers_what_it_holds_and_takes_nothing_new(address: str) -> None:
    async with playing(address, complete) as scene:
        held = await hold(scene, fresh(CLAIM))
        await pause(scene, PauseKind.DRAIN)
        _, told = await scene.send(fresh(CLAIM))
        assert resource(told, "ClaimResponse")["outcome"] == "error"
        assert "GE-00012" in str(told)
        assert await scene.work() == 1
        assert len(scene.insurer.received) == 1
        # A pause takes its place, and takes claims again.
        await pause(scene, PauseKind.HOLD)
        raw = fresh(CLAIM)
        assert resource((await scene.send(raw))[1], "ClaimResponse")["outcome"] == "queued"
        assert (await scene.exchange(raw)).reason == "delivery is paused: a move"
        assert held


@pytest.mark.parametrize("kind", PauseKind)
def test_a_pause_and_a_drain_are_told_apart(kind: PauseKind) -> None:
    snapshot = Snapshot(1, {}, {}, {}, {FALCON: Pause(FALCON, "why", START, "who", kind)})
    assert (snapshot.paused(FALCON) is not None) is (kind is PauseKind.HOLD)
    assert (snapshot.drained(FALCON) is not None) is (kind is PauseKind.DRAIN)
