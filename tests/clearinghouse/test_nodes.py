"""Is the work of a process that ends taken over, and is one that only stood still harmless?"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import asyncpg
import httpx
from sqlalchemy import make_url

from claimgw.clearinghouse.delivery.nodes import Heart, Role, Watch, life
from claimgw.clearinghouse.delivery.outcomes import Outcome
from claimgw.store import nodes
from claimgw.store.nodes import Node
from claimgw.store.records import State
from tests.clearinghouse.scene import GRACE, Scene, playing, until
from tests.clearinghouse.spoken import CLAIM, Play, complete, fresh, hanging_up
from tests.clearinghouse.test_worker import hold
from tests.gateway import resource, running
from tests.insurers.peers import Talk

LEASE = 15.0
BORN = datetime(2026, 11, 1, tzinfo=UTC)
NEVER = 100_000


def still(watch: Watch, beat: int, monotonic: float) -> float:
    """For how long the other has not beaten."""
    [seconds] = watch.look([Node("other", "worker", "1.0", BORN, beat, BORN)], monotonic).values()
    return seconds


def test_lives_of_one_process_have_names_of_their_own_that_fit_the_column() -> None:
    names = {life("n" * 200, BORN + timedelta(seconds=second)) for second in range(2_000)}
    assert len(names) == 2_000
    assert {len(name) for name in names} == {100}


def test_a_beat_stands_still_by_the_watch_of_whoever_looks() -> None:
    watch = Watch(LEASE)
    assert [still(watch, 7, at) for at in (100, 105, 110, 114)] == [0, 5, 10, 14]
    assert still(watch, 8, 119) == 0
    assert still(watch, 8, 124) == 5


def test_whoever_was_blind_gives_all_others_a_whole_lease() -> None:
    watch = Watch(LEASE)
    assert [still(watch, 7, at) for at in (100, 105)] == [0, 5]
    assert still(watch, 7, 121) == 0  # it stood still itself
    assert still(watch, 7, 126) == 5
    watch.blind()  # the database was away
    assert still(watch, 7, 131) == 0


@dataclass
class Hesitating:
    """An insurer that has the request, and goes on only when told to."""

    then: Play
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    free: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, talk: Talk, raw: bytes) -> bytes | None:
        self.reached.set()
        await self.free.wait()
        return await self.then(talk, raw)


@dataclass
class Stalled:
    """A scene whose process has a claim under way and stands still, and another process that watches."""

    scene: Scene
    insurer: Hesitating
    raw: bytes
    session: "asyncio.Task[httpx.Response]"
    watcher: Heart

    async def watch(self, seconds: float) -> None:
        """The other process beats and looks for so long."""
        for _ in range(int(seconds / 5)):
            await self.watcher.beat()
            self.scene.clock.advance(5)
        await self.watcher.beat()

    async def told(self) -> str:
        """The insurer goes on, and the provider hears this."""
        self.insurer.free.set()
        answer = resource(json.loads((await self.session).content), "ClaimResponse")
        return str(answer["outcome"])


@asynccontextmanager
async def stalled(address: str, then: Play) -> AsyncIterator[Stalled]:
    insurer = Hesitating(then)
    async with playing(address, insurer, complete) as scene:
        raw = fresh(CLAIM)
        session = asyncio.create_task(scene.gateway.post(raw, scene.key))
        await insurer.reached.wait()
        scene.gateway.house.heart.stop()
        watcher = Heart(replace(scene.gateway.house.parts, node="watcher"), Role.WORKER, delivers=True)
        await watcher.join()
        yield Stalled(scene, insurer, raw, session, watcher)
        insurer.free.set()
        await session  # as a server does that stops: it would lose its database in the middle of something


async def test_what_a_dead_process_left_open_is_taken_over_within_its_lease(address: str) -> None:
    async with stalled(address, complete) as life:
        await life.watch(10)
        assert (await life.scene.exchange(life.raw)).state is State.IN_FLIGHT
        await life.watch(5)
        held = await life.scene.exchange(life.raw)
        assert held.state is State.UNCONFIRMED
        assert held.due_at == life.scene.clock.now() + timedelta(seconds=GRACE)
        [made] = await life.scene.attempts(life.raw)
        assert made.outcome == Outcome.ABANDONED


async def test_one_that_stood_still_still_gives_the_answer_it_was_waiting_for(address: str) -> None:
    async with stalled(address, complete) as life:
        await life.watch(15)
        assert await life.told() == "complete"
        held = await life.scene.exchange(life.raw)
        assert (held.state, held.due_at) == (State.ANSWERED, None)
        assert life.scene.insurer.received == [life.raw]
        # Whoever took over could not know that anybody still listened.
        assert await life.scene.poll() == life.scene.insurer.said


async def test_one_that_stood_still_changes_nothing_if_it_has_nothing_new_to_say(address: str) -> None:
    async with stalled(address, hanging_up) as life:
        await life.watch(15)
        before = await life.scene.exchange(life.raw)
        assert await life.told() == "queued"
        after = await life.scene.exchange(life.raw)
        assert (after.state, after.due_at) == (State.UNCONFIRMED, before.due_at)
        life.scene.clock.advance(GRACE)
        assert await life.scene.work() == 1
        assert len(await life.scene.poll()) == 1


async def test_one_that_stood_still_is_known_again_and_one_that_is_dead_is_swept(sqlite: str) -> None:
    async with stalled(sqlite, complete) as life:
        house = life.scene.gateway.house

        async def known() -> list[str]:
            async with house.parts.database.read() as unit:
                return [node.name for node in await nodes.all_nodes(unit)]

        await life.watch(295)
        assert await known() == [house.parts.node, "watcher"]
        await life.watch(10)
        assert await known() == ["watcher"]
        await house.heart.beat()
        assert await known() == ["watcher", house.parts.node]


async def test_a_process_that_is_told_to_stop_hands_back_what_it_cannot_finish(address: str) -> None:
    insurer = Hesitating(complete)
    async with playing(address, insurer) as scene:
        async with running(address, clock=scene.clock, worker=False, console=False) as ending:
            raw, name = fresh(CLAIM), ending.house.parts.node
            session = asyncio.create_task(ending.post(raw, scene.key))
            await insurer.reached.wait()
            ending.house.close_down()
            ending.house.sessions.let_go()
            told = resource(json.loads((await session).content), "ClaimResponse")
            assert told["outcome"] == "queued"
            scene.clock.advance(8)  # so long it might have finished
        held = await scene.exchange(raw)
        assert held.state is State.UNCONFIRMED
        assert held.due_at == scene.clock.now() + timedelta(seconds=GRACE)
        async with scene.gateway.database.read() as unit:
            assert name not in [node.name for node in await nodes.all_nodes(unit)]
        insurer.free.set()


async def test_other_processes_are_woken_at_once_and_again_after_their_line_was_cut(postgresql: str) -> None:
    async with (
        playing(postgresql, complete) as scene,
        running(postgresql, clock=scene.clock, worker=True, console=False, look_seconds=NEVER),
    ):
        parts = scene.gateway.house.parts

        async def delivered() -> bool:
            scene.clock.advance(1)  # a line that was cut is made anew after a second
            parts.wake()
            return scene.insurer.received == sent

        sent: list[bytes] = []
        for claim in (fresh(CLAIM), fresh(CLAIM)):
            sent.append(claim)
            await hold(scene, claim)
            await until(delivered)
            await _cut(postgresql)


async def test_a_claim_answered_in_its_session_wakes_nobody(postgresql: str) -> None:
    heard: list[object] = []
    async with playing(postgresql, complete) as scene, _connected(postgresql) as listening:
        await listening.add_listener("claimgw", lambda *told: heard.append(told[3]))
        await scene.send(fresh(CLAIM))
        await listening.execute("NOTIFY claimgw, 'the end'")

        async def ended() -> bool:
            return bool(heard)

        await until(ended)
        assert heard == ["the end"]


@asynccontextmanager
async def _connected(address: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    plain = make_url(address).set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await asyncpg.connect(plain)
    try:
        yield connection
    finally:
        await connection.close()


async def _cut(address: str) -> None:
    """Every line between processes is cut by the server."""
    async with _connected(address) as connection:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            " AND query ~ '^(LISTEN|NOTIFY|SELECT 1$)' AND pid <> pg_backend_pid()"
        )
