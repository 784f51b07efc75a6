"""Who carries out a cancellation, which of two wins, and what of an answer to what was cancelled?"""

import asyncio

import pytest

from claimgw.store.records import State
from tests.clearinghouse.catalogue.senders import cancelling
from tests.clearinghouse.catalogue.stage import Mood, Sent, stage
from tests.clearinghouse.catalogue.told import answered
from tests.clearinghouse.spoken import CLAIM, deferred, fresh, in_session, says
from tests.gateway import parsed, resource

OURS, THEIRS = "gateway: cancel-response completed ok", "insurer: cancel-response completed ok"
FAILED = "gateway: cancel-response failed fatal-error"
# Longer than any wait for another attempt.
EVER = 100_000


@pytest.mark.parametrize(
    ("example", "end"), [("cancel-request", State.CANCELLED), ("cancel-request-nullify", State.NULLIFIED)]
)
async def test_a_claim_that_nobody_can_have_is_cancelled_by_the_gateway(
    example: str, end: State, sqlite: str
) -> None:
    async with stage(sqlite) as made:
        claim = fresh(CLAIM)
        await made.away()
        await made.post(claim)
        assert answered(await made.post(cancelling(claim, example))) == OURS
        await made.back()
        made.scene.clock.advance(EVER)
        await made.quiet()
        assert made.scene.insurer.received == []
        assert await made.standing(claim) is end
        assert await made.scene.poll() == []


async def test_a_large_claim_that_is_not_checked_yet_is_cancelled_by_the_gateway(sqlite: str) -> None:
    async with stage(sqlite, large_items=1) as made:
        claim = fresh(CLAIM)
        await made.post(claim)
        assert await made.standing(claim) is State.UNCHECKED
        assert answered(await made.post(cancelling(claim))) == OURS
        await made.quiet()
        assert made.scene.insurer.received == []
        assert await made.standing(claim) is State.CANCELLED


async def test_a_claim_that_may_have_arrived_is_cancelled_by_its_insurer_only(sqlite: str) -> None:
    async with stage(sqlite) as made:
        claim = fresh(CLAIM)
        made.mood = Mood.CLOSES
        await made.post(claim)
        await made.away()
        assert answered(await made.post(cancelling(claim))) == f"{FAILED} GE-00012"
        assert await made.standing(claim) is State.UNCONFIRMED
        await made.back()
        cancel = cancelling(claim)
        assert answered(await made.post(cancel)) == THEIRS
        made.scene.clock.advance(EVER)
        await made.quiet()
        assert made.scene.insurer.received == [claim, cancel]
        assert await made.standing(claim) is State.CANCELLED


@pytest.mark.parametrize("winner", [OURS, THEIRS])
async def test_of_cancellations_at_once_exactly_one_wins(winner: str, address: str) -> None:
    async with stage(address) as made:
        claim = fresh(CLAIM)
        if winner == OURS:
            await made.away()
        await made.post(claim)
        before = len(made.scene.insurer.received)
        posts = [made.post(cancelling(claim)) for _ in range(4)]
        heard = [answered(one) for one in await asyncio.gather(*posts)]
        assert heard.count(winner) == 1
        losers = {one for one in heard if one != winner}
        assert losers <= {f"{FAILED} BV-00143", f"{FAILED} BV-00143 BV-00445"}
        assert len(made.scene.insurer.received) - before == (winner == THEIRS)
        assert await made.standing(claim) is State.CANCELLED


async def test_an_answer_over_the_call_to_what_was_cancelled_meanwhile_is_refused_by_a_notice(
    sqlite: str,
) -> None:
    async with stage(sqlite) as made:
        claim = fresh(CLAIM)
        session = await made.calling(Sent(claim))
        assert answered(await made.post(cancelling(claim))) == THEIRS
        made.gate.set()
        told = resource(parsed(await session), "ClaimResponse")
        assert told["outcome"] == "queued"
        assert told["disposition"].startswith("Cancelled by its provider")
        await made.quiet()
        assert await made.got(Sent(claim), 0) == "claim-request; error-notice BV-00525"
        assert await made.scene.poll() == []
        assert await made.standing(claim) is State.CANCELLED


async def test_a_late_answer_to_what_was_cancelled_is_refused(sqlite: str) -> None:
    async with stage(sqlite) as made:
        claim = fresh(CLAIM)
        made.scene.insurer.plays = [says(lambda raw: in_session(raw, "queued")), made.meet]
        await made.post(claim)
        await made.desk.deliver(claim, seconds=5)
        assert answered(await made.post(cancelling(claim))) == THEIRS
        refused = await made.post(deferred(claim))
        assert answered(refused) == "gateway: acknowledgement fatal-error BV-00525"
        assert await made.scene.poll() == []
        assert await made.standing(claim) is State.CANCELLED
