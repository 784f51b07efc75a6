"""What becomes of what may not wait, when the insurer is away or the gateway's own process ends?"""

from collections.abc import Callable

import pytest

from claimgw.store.records import State
from tests.clearinghouse.catalogue.senders import an, cancelling, checking
from tests.clearinghouse.catalogue.stage import Mood, Sent, stage
from tests.clearinghouse.catalogue.told import answered
from tests.clearinghouse.spoken import CLAIM, fresh, in_session, says
from tests.gateway import parsed, resource

STATUS_FAILED = "gateway: status-response failed fatal-error GE-00012"


async def test_the_gateway_tells_what_it_knows_itself_only_if_a_setting_says_so(sqlite: str) -> None:
    async with stage(sqlite, own_status=True) as made:
        complete, failed, queued, held, cancelled = (fresh(CLAIM) for _ in range(5))
        await made.done(complete)
        made.scene.insurer.plays = [says(lambda raw: in_session(raw, "error"))]
        await made.post(failed)
        made.scene.insurer.plays = [says(lambda raw: in_session(raw, "queued"))]
        await made.post(queued)
        await made.away()
        for claim in (held, cancelled):
            await made.post(claim)
        await made.post(cancelling(cancelled))
        own = {
            complete: "complete",
            failed: "error",
            queued: "queued",
            held: "queued",
            cancelled: "cancelled",
        }
        for claim, standing in own.items():
            response = await made.post(checking(claim))
            assert answered(response) == "gateway: status-response completed ok"
            [output] = resource(parsed(response), "Task")["output"]
            assert output["valueCodeableConcept"]["coding"][0]["code"] == standing


async def test_an_insurer_that_is_there_answers_itself_whatever_the_setting_says(sqlite: str) -> None:
    async with stage(sqlite, own_status=True) as made:
        claim = await made.done(fresh(CLAIM))
        assert answered(await made.post(checking(claim))) == "insurer: status-response completed ok"


ABANDONED: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "eligibility-request": (
        lambda _: an("eligibility-request"),
        "gateway: eligibility-response error ok GE-00012",
    ),
    "status-check": (checking, STATUS_FAILED),
    "cancel-request": (cancelling, "gateway: cancel-response failed fatal-error GE-00012"),
}


@pytest.mark.parametrize("event", ABANDONED)
async def test_it_is_answered_and_not_sent_again_when_its_node_is_gone(event: str, sqlite: str) -> None:
    write, heard = ABANDONED[event]
    async with stage(sqlite) as made:
        raw = write(await made.done(fresh(CLAIM)))
        session = await made.calling(Sent(raw))
        session.cancel()
        await made.scene.gateway.house.sessions.finish(0)
        made.scene.clock.advance(76)
        await made.quiet()
        held = await made.exchange(raw)
        assert held is not None
        assert (held.state, held.due_at, held.waiting) == (State.ANSWERED, None, False)
        made.scene.clock.advance(100_000)
        await made.quiet()
        assert made.scene.insurer.received.count(raw) == 1
        assert answered(await made.post(raw)) == heard
        assert await made.scene.poll() == []


async def test_an_eligibility_request_whose_session_and_lease_end_is_over(sqlite: str) -> None:
    async with stage(sqlite) as made:
        raw = an("eligibility-request")
        made.mood = Mood.WAITS
        await made.scene.move(made.scene.address, answer_seconds=50)
        await made.scene.abandoned(raw)
        assert await made.standing(raw) is State.ANSWERED
        made.gate.set()
        await made.scene.gateway.house.sessions.finish(5)
        made.scene.clock.advance(100_000)
        await made.quiet()
        assert made.scene.insurer.received == [raw]
        heard = answered(await made.post(raw))
        assert heard == "gateway: eligibility-response error ok GE-00012"
        assert await made.scene.poll() == []
