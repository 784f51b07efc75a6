"""What must be told and written after an ending, from the request to the answer in the mailbox?"""

import json
from datetime import timedelta

from claimgw.clearinghouse.delivery.outcomes import MEANING, Again, Heard, Outcome
from claimgw.store.records import State
from tests.clearinghouse.scene import FALCON_NAME, GRACE, Scene
from tests.clearinghouse.spoken import (
    CLAIM,
    Json,
    deferred,
    fresh,
    opened,
    tags,
)
from tests.gateway import resource

AWAITING = State.AWAITING_CORRECTION
STATES = {
    Outcome.NOT_A_MESSAGE: AWAITING,
    Outcome.TOO_LARGE: AWAITING,
    Outcome.FOREIGN_ANSWER: AWAITING,
    Outcome.INVALID_ANSWER: AWAITING,
    Outcome.DECLINED: State.ANSWERED,
    Outcome.ERROR: State.ANSWERED,
    Outcome.COMPLETE: State.ANSWERED,
    Outcome.PARTIAL: State.PARTIAL,
    Outcome.QUEUED: State.QUEUED,
}


async def follow(scene: Scene, outcome: Outcome) -> None:
    """One claim, from the provider's request to the insurer's good answer in the mailbox."""
    meaning = MEANING[outcome]
    raw = fresh(CLAIM)
    body, told = await scene.send(raw)
    check_what_was_heard(meaning.heard, body, told, scene)
    await check_the_records(scene, raw, outcome)
    await check_the_notice(scene, raw, due=meaning.notice)
    if outcome in (Outcome.DECLINED, Outcome.ERROR):
        await check_it_has_no_standing(scene, raw)
        return
    if meaning.again is Again.NEVER:
        scene.clock.advance(100_000)
        assert await scene.work() == 0
        last = deferred(raw, earlier=("complete",) if outcome is Outcome.COMPLETE else ())
        _, acknowledged = await scene.tell(last)
        assert resource(acknowledged, "MessageHeader")["response"]["code"] == "ok"
    else:
        last = await sent_again(scene, raw)
    held = await scene.exchange(raw)
    assert (held.state, held.due_at, held.answered_by) == (State.ANSWERED, None, "insurer")
    assert await scene.poll() == [last]
    assert await scene.poll() == []


async def check_it_has_no_standing(scene: Scene, raw: bytes) -> None:
    """An answer with `error` was the last: a later one is refused (spec §6.3, §7.1)."""
    scene.clock.advance(100_000)
    assert await scene.work() == 0
    _, acknowledged = await scene.tell(deferred(raw))
    assert resource(acknowledged, "MessageHeader")["response"]["code"] == "fatal-error"
    assert "BV-00146" in json.dumps(acknowledged)
    assert (await scene.exchange(raw)).state is State.ANSWERED
    assert await scene.poll() == []


def check_what_was_heard(heard: Heard, body: bytes, told: Json, scene: Scene) -> None:
    response, sender = resource(told, "ClaimResponse"), told["entry"][0]["resource"]["sender"]
    if heard is Heard.ANSWER:
        assert body == scene.insurer.said[0]
        return
    assert sender["identifier"] == {"system": "http://nphies.sa/license/nphies", "value": "NPHIES"}
    assert tags(told) == ["nphies-generated"]
    assert tags(response) == ["NPHIES generated"]
    if heard is Heard.PENDED:
        assert response["outcome"] == "queued"
        assert FALCON_NAME in response["disposition"]
        assert len(response["disposition"]) <= 250
    else:
        assert heard is Heard.ERROR
        assert response["outcome"] == "error"
        assert response["error"][0]["code"]["coding"][0]["code"] == "GE-00026"


async def check_the_records(scene: Scene, raw: bytes, outcome: Outcome) -> None:
    held, [made], now = await scene.exchange(raw), await scene.attempts(raw), scene.clock.now()
    assert (made.outcome, made.closed_at, made.number) == (outcome, now, 1)
    assert not held.waiting
    match MEANING[outcome].again:
        case Again.LATER:
            assert held.state is State.HELD
            assert held.due_at is not None
            assert timedelta(seconds=4) <= held.due_at - now <= timedelta(seconds=6)
        case Again.SLOWLY:
            assert held.state is State.HELD
            assert held.due_at is not None
            assert timedelta(minutes=12) <= held.due_at - now <= timedelta(minutes=18)
        case Again.AFTER_GRACE:
            assert held.state is State.UNCONFIRMED
            assert held.due_at == now + timedelta(seconds=GRACE)
        case Again.NEVER:
            assert held.state is STATES[outcome]
            assert held.due_at is None
    assert bool(held.reason) == (held.state not in (State.ANSWERED, State.QUEUED, State.PARTIAL))


async def check_the_notice(scene: Scene, raw: bytes, *, due: bool) -> None:
    assert len(await scene.notices()) == due
    assert await scene.work() == due
    assert len(scene.insurer.notices) == due
    assert await scene.notices() == []
    if due:
        header = opened(scene.insurer.notices[0]).header
        originals = {row["url"].rpartition("-")[2]: row["valueId"] for row in header["extension"]}
        assert originals["request"] == opened(raw).header_id
        assert json.loads(scene.insurer.notices[0])["entry"][1]["resource"]["resourceType"] == (
            "OperationOutcome"
        )


async def sent_again(scene: Scene, raw: bytes) -> bytes:
    """Not before its time, then the same bytes; the answer that came."""
    held = await scene.exchange(raw)
    assert held.due_at is not None
    scene.clock.advance((held.due_at - scene.clock.now()).total_seconds() - 0.5)
    assert await scene.work() == 0
    scene.clock.advance(1)
    assert await scene.work() == 1
    assert scene.insurer.received[-1] == raw
    assert [made.outcome for made in await scene.attempts(raw)][1:] == ["complete"]
    return scene.insurer.said[-1]
