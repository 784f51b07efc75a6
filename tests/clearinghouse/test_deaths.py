"""Which lives once ended badly? Found at random by test_lives, told here step by step."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

from claimgw.insurers.sandbox.adjudicate import Judgement
from tests.clearinghouse.lives.drain import drain
from tests.clearinghouse.lives.life import Life
from tests.clearinghouse.lives.node import mortality
from tests.clearinghouse.lives.offices import Manner
from tests.clearinghouse.lives.requests import CLAIMS
from tests.clearinghouse.lives.world import PROVIDERS, World


@asynccontextmanager
async def living(address: str) -> AsyncIterator[Life]:
    """One life; in the end all is healed, and everything must have ended well."""
    with mortality(asyncio.get_running_loop()):
        life = Life(World(address))
        await life.world.begin()
        try:
            yield life
            await drain(life)
        finally:
            await life.world.end()


async def test_a_node_that_dies_after_a_late_answer_leaves_no_attempt_open(address: str) -> None:
    async with living(address) as life:
        life.dispose(Manner.WITHHOLD, "APPROVE")
        life.claim(CLAIMS[0], 0, 0)
        await life.done()
        await life.late(0, "complete", reissued=False, by_other=False)
        await life.world.kill()


async def test_an_acknowledgement_that_came_after_a_death_is_there_for_whoever_asks_again(
    address: str,
) -> None:
    async with living(address) as life:
        life.claim(CLAIMS[0], 0, 0)
        await life.done()
        life.dispose(Manner.KILL, "APPROVE")
        life.follow_up("communication", 0)
        await life.done()
        await life.world.advance(1000)
        await life.world.work()
        await life.world.advance(1000)
        await life.world.work()
        await life.books.check()


async def test_a_claim_cancelled_before_anything_was_said_of_it_is_told_to_be_so(address: str) -> None:
    async with living(address) as life:
        life.dispose(Manner.KILL, "APPROVE")
        life.claim(CLAIMS[0], 0, 0)
        await life.done()
        claim = life.sent[0][1]
        life.follow_up("cancel", 0)
        await life.done()
        again = life.say(PROVIDERS[0], claim)
        await life.done()
        assert again.told is not None
        assert b"Cancelled by its provider" in again.told
        assert b"BV-00542" not in again.told


async def test_what_two_polls_had_in_turn_each_of_them_is_given_again(address: str) -> None:
    async with living(address) as life:
        await life.order(0, "authorize", 0, Judgement.APPROVE)
        for statements in count():
            life.world.node.fuse = statements
            first = life.poll(0, 1)
            await life.done()
            await life.books.check()
            if life.books.reserved:
                break
        assert first.told is None
        await life.world.advance(61)
        second = life.poll(0, 1)
        await life.done()
        await life.books.check()
        again = life.say(PROVIDERS[0], first.raw)
        await life.done()
        given = [life.books.in_poll(post) for post in (second, again)]
        assert given[0] == given[1] != []


async def test_an_insurer_that_outlasts_the_session_is_waited_for(address: str) -> None:
    async with living(address) as life:
        life.dispose(Manner.WITHHOLD, "APPROVE")
        life.claim("eligibility-request", 0, 0)
        await life.done()
        await life.world.advance(51)
