"""What of an answer that comes late, twice, out of turn, from a stranger, or while nobody listens?"""

import asyncio
import json
from collections.abc import Callable

import pytest

from claimgw.store.records import State
from tests.clearinghouse.scene import GRACE, Scene, playing, until
from tests.clearinghouse.spoken import (
    CLAIM,
    Json,
    Play,
    acknowledging,
    complete,
    deferred,
    fresh,
    hanging_up,
    in_session,
    says,
    tags,
)
from tests.gateway import DESERT_ROSE, FALCON, HOSPITAL, register, resource
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


def said_of(told: Json) -> tuple[str, list[str]]:
    """The response code of an acknowledgement and the codes of its OperationOutcome."""
    outcomes = [one["resource"] for one in told["entry"][1:]]
    codes = [issue["details"]["coding"][0]["code"] for outcome in outcomes for issue in outcome["issue"]]
    return resource(told, "MessageHeader")["response"]["code"], codes


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


async def test_a_late_queued_message_after_the_final_one_is_acknowledged_and_not_delivered(
    sqlite: str,
) -> None:
    async with playing(sqlite, complete) as scene:
        raw = fresh(CLAIM)
        body, _ = await scene.send(raw)
        _, told = await scene.tell(deferred(raw, "queued"))
        assert said_of(told) == ("ok", [])
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


# Who may say what


async def test_the_same_late_message_twice_gets_the_same_acknowledgement(sqlite: str) -> None:
    async with playing(sqlite, hanging_up) as scene:
        raw = fresh(CLAIM)
        await scene.send(raw)
        final = deferred(raw)
        first, _ = await scene.tell(final)
        again, _ = await scene.tell(final)
        assert first == again
        assert await scene.poll() == [final]


async def stranger(scene: Scene, raw: bytes) -> tuple[bytes, str]:
    key = await register(scene.gateway.database, DESERT_ROSE)
    scene.clock.advance(3)
    return deferred(raw).replace(FALCON.encode()[6:], DESERT_ROSE.encode()[6:]), key


async def unknown(scene: Scene, _: bytes) -> tuple[bytes, str]:
    return deferred(fresh(CLAIM)), scene.insurer_key


async def other_provider(scene: Scene, raw: bytes) -> tuple[bytes, str]:
    await register(scene.gateway.database, "provider:PR-1009")
    scene.clock.advance(3)
    return deferred(raw).replace(HOSPITAL.encode()[9:], b"PR-1009"), scene.insurer_key


async def wrong_event(scene: Scene, raw: bytes) -> tuple[bytes, str]:
    text = deferred(raw).replace(b'"code":"claim-response"', b'"code":"priorauth-response"')
    return text.replace(b'"use":"claim"', b'"use":"preauthorization"'), scene.insurer_key


MISFITS = {
    "stranger": (stranger, ["BV-00447"]),
    "unknown claim": (unknown, ["BV-00003"]),
    "another provider": (other_provider, ["BV-00003"]),
    "event of authorizations": (wrong_event, ["BV-00543"]),
}


@pytest.mark.parametrize("what", MISFITS)
async def test_a_late_message_that_fits_no_request_is_refused_and_changes_nothing(
    what: str, sqlite: str
) -> None:
    made, codes = MISFITS[what]
    async with playing(sqlite, hanging_up) as scene:
        raw = fresh(CLAIM)
        await scene.send(raw)
        before = await scene.exchange(raw)
        message, key = await made(scene, raw)
        _, told = await scene.tell(message, key)
        assert said_of(told) == ("fatal-error", codes)
        assert await scene.exchange(raw) == before
        assert await scene.poll() == []


async def test_a_late_message_that_says_which_request_it_answers_is_taken(sqlite: str) -> None:
    """Spec 0.3 item 12: a provider can use it, although BV-00248 wants no `response` there."""
    async with playing(sqlite, hanging_up) as scene:
        raw = fresh(CLAIM)
        await scene.send(raw)
        final = in_session(raw)
        _, told = await scene.tell(final)
        assert said_of(told) == ("ok", [])
        assert await scene.poll() == [final]


async def test_a_late_message_about_a_refused_claim_is_refused(sqlite: str) -> None:
    async with playing(sqlite) as scene:
        raw = fresh(CLAIM)
        faulty = raw.replace(b'"status": "active"', b'"status": "active", "mood": "good"', 1)
        await scene.send(faulty)
        assert (await scene.exchange(raw)).state is State.REFUSED
        _, told = await scene.tell(deferred(raw))
        assert said_of(told) == ("fatal-error", ["BV-00146"])


def without_outcome(raw: bytes) -> bytes:
    return deferred(raw).replace(b'"outcome":"complete",', b"")


def with_unknown_outcome(raw: bytes) -> bytes:
    return deferred(raw).replace(b'"outcome":"complete"', b'"outcome":"maybe"')


@pytest.mark.parametrize("made", [without_outcome, with_unknown_outcome])
async def test_a_late_message_without_a_usable_outcome_is_refused(
    made: Callable[[bytes], bytes], sqlite: str
) -> None:
    async with playing(sqlite, hanging_up) as scene:
        raw = fresh(CLAIM)
        await scene.send(raw)
        _, told = await scene.tell(made(raw))
        code, codes = said_of(told)
        assert code == "fatal-error"
        assert codes
        assert await scene.poll() == []


async def test_acknowledgements_have_the_shape_of_real_ones(sqlite: str) -> None:
    """Spec 0.3 item 6, and item 4: no mark of authorship but the sender."""
    async with playing(sqlite, hanging_up) as scene:
        raw = fresh(CLAIM)
        await scene.send(raw)
        _, good = await scene.tell(deferred(raw))
        _, bad = await scene.tell(deferred(fresh(CLAIM)))
        for told in (good, bad):
            header = resource(told, "MessageHeader")
            assert header["eventCoding"]["code"] == "acknowledgement"
            assert header["sender"]["identifier"]["value"] == "NPHIES"
            assert "focus" not in header
            assert tags(told) == tags(header) == []
        assert [one["resource"]["resourceType"] for one in good["entry"]] == ["MessageHeader"]
        outcome = bad["entry"][1]
        assert outcome["fullUrl"] == f"http://nphies.sa/OperationOutcome/{outcome['resource']['id']}"
        assert bad["entry"][0]["resource"]["response"]["details"] == {"reference": outcome["fullUrl"]}
        assert outcome["resource"]["meta"]["profile"][0].endswith("/operationoutcome|1.0.0")
        [issue] = outcome["resource"]["issue"]
        assert (issue["severity"], issue["code"]) == ("error", "business-rule")
        assert issue["expression"]


# The tag that tells of the mailbox


async def test_every_answer_to_a_provider_whose_mailbox_is_not_empty_says_so(sqlite: str) -> None:
    plays = [hanging_up, complete, says(lambda raw: in_session(raw, "queued")), hanging_up]
    async with playing(sqlite, *plays) as scene:
        first = fresh(CLAIM)
        await scene.send(first)
        await scene.tell(deferred(first))
        faulty = fresh(CLAIM).replace(b'"status": "active"', b'"status": "active", "mood": "good"', 1)
        for raw in (fresh(CLAIM), fresh(CLAIM), fresh(CLAIM), faulty, first):
            _, told = await scene.send(raw)
            assert "queued-messages" in tags(resource(told, "MessageHeader"))
        assert len(await scene.poll()) == 1
        _, told = await scene.send(first)
        assert tags(resource(told, "MessageHeader")) == []


async def test_an_insurers_answer_with_the_tag_differs_by_the_spliced_tag_only(sqlite: str) -> None:
    async with playing(sqlite, hanging_up, complete) as scene:
        first, second = fresh(CLAIM), fresh(CLAIM)
        await scene.send(first)
        await scene.tell(deferred(first))
        body, _ = await scene.send(second)
        system = "http://nphies.sa/terminology/CodeSystem/meta-tags"
        splice = '"tag":[{"system":"' + system + '","code":"queued-messages"}],'
        assert body.replace(splice.encode(), b"", 1) == scene.insurer.said[-1] != body
        await scene.poll()
        assert (await scene.send(second))[0] == scene.insurer.said[-1]
        assert json.loads(body)


async def test_acknowledgements_never_carry_the_tag(sqlite: str) -> None:
    async with playing(sqlite, hanging_up) as scene:
        raw = fresh(CLAIM)
        await scene.send(raw)
        for message in (deferred(raw, "partial"), deferred(raw)):
            _, told = await scene.tell(message)
            assert tags(resource(told, "MessageHeader")) == []
