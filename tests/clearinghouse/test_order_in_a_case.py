"""Does what is about a claim ever reach the insurer before the claim?"""

from collections.abc import Callable

import pytest

from claimgw.store.records import State
from tests.clearinghouse.catalogue.senders import cancelling, communicating, resubmitting
from tests.clearinghouse.catalogue.stage import Mood, Sent, Stage, stage
from tests.clearinghouse.catalogue.told import answered
from tests.clearinghouse.spoken import CLAIM, fresh

FOLLOWS: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "a communication": (communicating, "gateway: acknowledgement ok"),
    "a resubmission": (resubmitting, "gateway: claim-response queued ok"),
}
# Longer than any wait for a second attempt.
LATER = 400


async def waiting(made: Stage, state: State) -> bytes:
    """A claim that waits for its second attempt; the insurer is there again."""
    claim = fresh(CLAIM)
    if state is State.HELD:
        await made.away()
    else:
        made.mood = Mood.CLOSES
    await made.post(claim)
    await made.back()
    assert await made.standing(claim) is state
    return claim


@pytest.mark.parametrize("state", [State.HELD, State.UNCONFIRMED])
@pytest.mark.parametrize("what", FOLLOWS)
async def test_what_is_about_a_waiting_claim_waits_behind_it(what: str, state: State, sqlite: str) -> None:
    write, heard = FOLLOWS[what]
    async with stage(sqlite) as made:
        claim = await waiting(made, state)
        before = len(made.scene.insurer.received)
        follower = write(claim)
        assert answered(await made.post(follower)) == heard
        await made.quiet()
        assert await made.standing(follower) is State.HELD
        assert len(made.scene.insurer.received) == before
        made.scene.clock.advance(LATER)
        await made.quiet()
        assert made.scene.insurer.received[before:] == [claim, follower]
        assert [await made.standing(raw) for raw in (claim, follower)] == [State.ANSWERED] * 2


async def test_what_is_about_a_claim_in_flight_waits_for_its_end(sqlite: str) -> None:
    async with stage(sqlite) as made:
        claim = fresh(CLAIM)
        session = await made.calling(Sent(claim))
        message = communicating(claim)
        assert answered(await made.post(message)) == "gateway: acknowledgement ok"
        assert await made.scene.gateway.house.worker.look() == 0
        assert made.scene.insurer.received == [claim]
        made.gate.set()
        await session
        await made.quiet()
        assert made.scene.insurer.received == [claim, message]


async def test_a_chain_is_delivered_in_its_order(address: str) -> None:
    async with stage(address) as made:
        first = await waiting(made, State.HELD)
        second = resubmitting(first)
        third = communicating(second)
        for raw in (second, third):
            await made.post(raw)
        made.scene.clock.advance(LATER)
        await made.quiet()
        assert made.scene.insurer.received == [first, second, third]


async def test_what_waits_behind_a_claim_goes_on_alone_when_the_claim_is_cancelled(sqlite: str) -> None:
    """Its provider was told that it will be delivered; what the insurer says to it is the answer."""
    async with stage(sqlite) as made:
        claim = await waiting(made, State.HELD)
        message = communicating(claim)
        await made.post(message)
        assert answered(await made.post(cancelling(claim))) == "gateway: cancel-response completed ok"
        made.scene.clock.advance(LATER)
        await made.quiet()
        assert made.scene.insurer.received == [message]
        assert await made.standing(message) is State.ANSWERED
        assert await made.standing(claim) is State.CANCELLED
