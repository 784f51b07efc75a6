"""Who gets in when there is not room for all?"""

import asyncio

from claimgw.clearinghouse.aside import aside, occupy, vacate
from claimgw.clock import ManualClock
from claimgw.endpoint.rates import Rates, Spacing
from claimgw.endpoint.turns import Guest, Turns
from tests.gateway import BEGINNING


async def settled() -> None:
    """All who can go on have gone on."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_who_waits_is_let_in_by_turns_and_not_by_numbers() -> None:
    turns, order = Turns(1, 1), list[str]()

    async def work(whose: str) -> None:
        await turns.take(whose)
        order.append(whose)
        await asyncio.sleep(0)
        turns.give(whose)

    await asyncio.gather(*[work("many") for _ in range(5)], *[work("few") for _ in range(2)])
    assert order == ["many", "many", "few", "many", "few", "many", "many"]
    assert (turns.taken(), turns.waiting) == (0, 0)


async def test_one_has_no_more_than_its_share_and_another_need_not_wait_for_it() -> None:
    turns = Turns(10, 4)
    for _ in range(4):
        await turns.take("many")
    fifth = asyncio.create_task(turns.take("many"))
    await settled()
    assert not fifth.done()
    await asyncio.wait_for(turns.take("few", 4), 1)
    turns.give("many")
    await asyncio.wait_for(fifth, 1)


async def test_who_is_alone_may_have_all_of_it_and_beside_others_its_share() -> None:
    clock = ManualClock(BEGINNING)
    turns = Turns(10, 10, beside_others=2, clock=clock)
    await turns.take("many", 5)
    await turns.take("few")
    sixth = asyncio.create_task(turns.take("many"))
    await settled()
    assert not sixth.done()
    turns.give("few")
    clock.advance(6)
    turns.give("many")
    await asyncio.wait_for(sixth, 1)
    assert turns.taken("many") == 5


async def test_who_has_many_waiting_lets_one_that_comes_alone_go_first_but_not_for_long() -> None:
    clock = ManualClock(BEGINNING)
    turns = Turns(10, 10, beside_others=2, clock=clock)
    await turns.take("few")
    await turns.take("many", 2)
    waiting = [asyncio.create_task(turns.take("many", 2)) for _ in range(4)]
    await settled()
    turns.give("many", 2)
    assert not any(one.done() for one in waiting)
    turns.give("few")
    await settled()
    assert [one.done() for one in waiting] == [True, False, False, False]
    await asyncio.wait_for(turns.take("few"), 1)
    turns.give("many", 2)
    await settled()
    assert not waiting[1].done()
    clock.advance(0.1)
    await asyncio.wait_for(waiting[1], 1)  # a tenth of a second later, whoever else is there
    for one in waiting[2:]:
        one.cancel()


async def test_what_is_larger_than_all_there_is_gets_it_alone_and_is_not_overtaken() -> None:
    turns = Turns(10, 10)
    await turns.take("small", 3)
    big = asyncio.create_task(turns.take("big", 20))
    late = asyncio.create_task(turns.take("late", 3))
    await settled()
    assert (big.done(), late.done()) == (False, False)
    turns.give("small", 3)
    await asyncio.wait_for(big, 1)
    assert not late.done()
    turns.give("big", 20)
    await asyncio.wait_for(late, 1)


async def test_who_gives_up_waiting_leaves_nothing_behind() -> None:
    turns = Turns(1, 1)
    await turns.take("one")
    waiting, granted = (asyncio.create_task(turns.take("other")) for _ in range(2))
    await settled()
    waiting.cancel()
    await settled()
    turns.give("one")
    granted.cancel()  # in the moment it was let in
    await asyncio.gather(waiting, granted, return_exceptions=True)
    assert (turns.taken(), turns.waiting) == (0, 0)
    await asyncio.wait_for(turns.take("third"), 1)


async def test_who_gives_up_in_the_moment_of_its_turn_passes_it_on() -> None:
    turns = Turns(1, 1)
    await turns.take("one")
    waiting, next_ = asyncio.create_task(turns.take("other")), asyncio.create_task(turns.take("third"))
    await settled()
    waiting.cancel()
    turns.give("one")  # before who waited could leave
    await asyncio.wait_for(next_, 1)
    await asyncio.gather(waiting, return_exceptions=True)
    turns.give("third")
    assert (turns.taken(), turns.waiting) == (0, 0)


async def test_who_waits_for_an_insurer_takes_up_no_room_and_comes_back_without_asking() -> None:
    turns, insurer = Turns(1, 1), asyncio.Event()
    guest = Guest("one")
    token = occupy(guest)
    await guest.take(turns)

    async def call() -> None:
        with aside():
            await insurer.wait()

    calling = asyncio.create_task(call())
    vacate(token)
    await settled()
    assert turns.taken() == 0
    await asyncio.wait_for(turns.take("two"), 1)
    insurer.set()
    await calling
    assert turns.taken() == 2
    guest.leave()
    assert turns.taken() == 1


async def test_who_was_told_to_poll_and_left_takes_nothing_when_the_insurer_answers() -> None:
    turns, guest = Turns(1, 1), Guest("one")
    await guest.take(turns)
    guest.step_aside()
    guest.leave()
    guest.come_back()
    assert turns.taken() == 0


def test_a_burst_of_ten_seconds_is_let_in_and_then_the_rate() -> None:
    clock = ManualClock(BEGINNING)
    rates = Rates(2, clock)
    assert [rates.wait("one") for _ in range(20)] == [0.0] * 20
    assert rates.wait("one") == 0.5
    assert rates.wait("other") == 0.0
    clock.advance(0.5)
    assert (rates.wait("one"), rates.wait("one")) == (0.0, 0.5)


def test_without_a_rate_all_may_come() -> None:
    rates = Rates(0, ManualClock(BEGINNING))
    assert not any(rates.wait("one") for _ in range(1000))


def test_one_that_is_turned_away_again_and_again_is_told_so_fifty_times_a_second() -> None:
    clock = ManualClock(BEGINNING)
    spacing = Spacing(clock)
    assert [round(spacing.hold("one"), 2) for _ in range(3)] == [0.0, 0.02, 0.04]
    assert spacing.hold("other") == 0.0
    assert max(spacing.hold("one") for _ in range(1000)) <= 2.0
    clock.advance(3)
    assert spacing.hold("one") == 0.0
