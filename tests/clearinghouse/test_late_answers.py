"""What of an answer that comes late, twice, out of turn, or while nobody listens?"""

import asyncio
import json

import pytest

from claimgw.store.records import State
from tests.clearinghouse.scene import GRACE, Scene, playing, until
from tests.clearinghouse.spoken import (
    CLAIM,
    Play,
    acknowledging,
    complete,
    deferred,
    fresh,
    hanging_up,
    in_session,
    says,
)
from tests.gateway import resource
from tests.insurers.peers import Goodbye, Talk, answer


class Gate:
    """An insurer that answers when it is told to, and not before."""

    def __init__(self, outcome: str = "complete") -> None:
        self.opened = asyncio.Event()
        self.outcome = outcome

    @property
    def play(self) -> Play:
        async def play(talk: Talk, raw: bytes) -> bytes:
            await self.opened.wait()
            said = in_session(raw, self.outcome)
            await talk.send(answer(said))
            return said

        return play


async def pended(scene: Scene, raw: bytes) -> None:
    """Send a claim; the session's time is up before the insurer answers."""
    session = asyncio.create_task(scene.send(raw))
    await until(lambda: _taken(scene, raw))
    scene.clock.advance(51)
    _, told = await session
    assert resource(told, "ClaimResponse")["outcome"] == "queued"


async def _taken(scene: Scene, raw: bytes) -> bool:
    return raw in scene.insurer.received


async def settled(scene: Scene, raw: bytes) -> None:
    async def closed() -> bool:
        return all(made.closed_at for made in await scene.attempts(raw))

    await until(closed)


async def test_an_answer_after_the_providers_deadline_goes_to_the_mailbox(address: str) -> None:
    gate = Gate()
    async with playing(address, gate.play, insurer_seconds=50, participant={"answer_seconds": 60}) as scene:
        raw = fresh(CLAIM)
        await pended(scene, raw)
        assert await scene.poll() == []
        gate.opened.set()
        await settled(scene, raw)
        held = await scene.exchange(raw)
        assert (held.state, held.due_at) == (State.ANSWERED, None)
        assert await scene.poll() == scene.insurer.said
        scene.clock.advance(100_000)
        assert await scene.work() == 0
        assert len(scene.insurer.received) == 1


async def test_a_provider_that_hangs_up_does_not_stop_the_delivery(sqlite: str) -> None:
    gate = Gate()
    async with playing(sqlite, gate.play) as scene:
        raw = fresh(CLAIM)
        session = asyncio.create_task(scene.send(raw))
        await until(lambda: _taken(scene, raw))
        session.cancel()
        await asyncio.gather(session, return_exceptions=True)
        gate.opened.set()
        await settled(scene, raw)
        body, _ = await scene.send(raw)
        assert [body] == scene.insurer.said
        assert scene.insurer.received == [raw]


@pytest.mark.parametrize("late", ["queued", "partial"])
async def test_a_final_answer_that_overtakes_a_lesser_one_wins(late: str, sqlite: str) -> None:
    gate = Gate(late)
    async with playing(sqlite, gate.play, participant={"answer_seconds": 60}) as scene:
        raw = fresh(CLAIM)
        await pended(scene, raw)
        final = deferred(raw)
        await scene.tell(final)
        gate.opened.set()
        await settled(scene, raw)
        held = await scene.exchange(raw)
        assert (held.state, held.due_at, held.answered_by) == (State.ANSWERED, None, "insurer")
        assert await scene.poll() == [final]
        repeated, _ = await scene.send(raw)
        assert repeated == final


async def test_a_late_queued_message_after_the_final_one_is_refused_and_not_delivered(
    sqlite: str,
) -> None:
    async with playing(sqlite, complete) as scene:
        raw = fresh(CLAIM)
        body, _ = await scene.send(raw)
        _, told = await scene.tell(deferred(raw, "queued"))
        assert resource(told, "MessageHeader")["response"]["code"] == "fatal-error"
        assert "BV-00513" in json.dumps(told)
        assert await scene.poll() == []
        assert (await scene.send(raw))[0] == body


async def test_queued_partial_complete_are_delivered_each(sqlite: str) -> None:
    async with playing(sqlite, says(lambda raw: in_session(raw, "queued"))) as scene:
        raw = fresh(CLAIM)
        await scene.send(raw)
        partial, whole = deferred(raw, "partial"), deferred(raw)
        states = []
        for message in (partial, whole):
            scene.clock.advance(1)
            await scene.tell(message)
            states.append((await scene.exchange(raw)).state)
        assert states == [State.PARTIAL, State.ANSWERED]
        assert await scene.poll() == [partial, whole]


async def test_a_final_answer_during_an_open_session_waits_for_its_end(sqlite: str) -> None:
    gate = Gate("queued")
    async with playing(sqlite, gate.play) as scene:
        raw = fresh(CLAIM)
        session = asyncio.create_task(scene.send(raw))
        await until(lambda: _taken(scene, raw))
        final = deferred(raw)
        await scene.tell(final)
        gate.opened.set()
        await session
        assert (await scene.exchange(raw)).state is State.ANSWERED
        assert await scene.poll() == [final]


async def test_a_late_answer_during_the_grace_stops_the_second_sending(sqlite: str) -> None:
    async with playing(sqlite, hanging_up, complete) as scene:
        raw = fresh(CLAIM)
        await scene.send(raw)
        scene.clock.advance(GRACE - 1)
        final = deferred(raw)
        await scene.tell(final)
        scene.clock.advance(100_000)
        assert await scene.work() == 0
        assert scene.insurer.received == [raw]
        assert await scene.poll() == [final]


async def test_the_answer_to_an_abandoned_attempt_still_counts(sqlite: str) -> None:
    gate = Gate()
    async with playing(sqlite, gate.play) as scene:
        raw = fresh(CLAIM)
        await scene.abandoned(raw)
        gate.opened.set()

        async def answered() -> bool:
            return (await scene.exchange(raw)).state is State.ANSWERED

        await until(answered)
        assert await scene.poll() == scene.insurer.said
        scene.clock.advance(GRACE + 1)
        assert await scene.work() == 0


async def test_the_bad_news_of_an_abandoned_attempt_changes_nothing(sqlite: str) -> None:
    bad, finished = asyncio.Event(), asyncio.Event()

    async def hanging(talk: Talk, raw: bytes) -> None:
        await bad.wait()
        await talk.send(answer(acknowledging(raw).replace(b'"code":"ok"', b'"code":"transient-error"')))
        await talk.leave(Goodbye.CLOSE)
        finished.set()

    async with playing(sqlite, hanging) as scene:
        raw = fresh(CLAIM)
        await scene.abandoned(raw)
        before = await scene.exchange(raw)
        bad.set()
        await finished.wait()
        await scene.gateway.house.sessions.finish(5)
        assert await scene.exchange(raw) == before


async def test_a_provider_hears_queued_although_its_attempt_was_abandoned(sqlite: str) -> None:
    """The lease of a quick insurer may end within the session, when the database was slow."""
    gate = Gate()
    limits = {"answer_seconds": 5, "connect_seconds": 5}
    async with playing(sqlite, gate.play, lease_seconds=1, participant=limits) as scene:
        raw = fresh(CLAIM)
        session = asyncio.create_task(scene.send(raw))
        await until(lambda: _taken(scene, raw))
        scene.clock.advance(7)
        await scene.gateway.house.worker.look()
        assert (await scene.exchange(raw)).state is State.UNCONFIRMED
        scene.clock.advance(44)
        _, told = await session
        assert resource(told, "ClaimResponse")["outcome"] == "queued"
        gate.opened.set()
