"""Which lives are led? Whatever providers, insurers, the clock and death do, in any order, by hypothesis."""

import asyncio
from collections.abc import Coroutine
from contextlib import AbstractContextManager
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from claimgw.insurers.sandbox.adjudicate import Judgement
from tests.clearinghouse.lives.drain import drain
from tests.clearinghouse.lives.life import Life
from tests.clearinghouse.lives.node import mortality
from tests.clearinghouse.lives.offices import BEHAVIOURS, Manner
from tests.clearinghouse.lives.requests import CLAIMS
from tests.clearinghouse.lives.world import INSURERS, World

which = st.integers(0, 30)
two = st.integers(0, 1)
# Half of all messages are met in order.
manners = st.one_of(st.just(Manner.LISTEN), st.sampled_from(list(Manner)))
behaviours = st.one_of(st.just("APPROVE"), st.sampled_from(BEHAVIOURS))
seconds = st.sampled_from([1, 2, 6, 20, 51, 61, 66, 301, 1000, 4000, 90_000])
judgements = st.sampled_from(list(Judgement))


class Lives(RuleBasedStateMachine):
    """One life each, on a database of its own. `databases` lends the address of an empty one.

    `steps` and `deaths` count over all lives.
    """

    databases: ClassVar[Any]
    steps: ClassVar[int] = 0
    deaths: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        self.failed = False
        self.runner = asyncio.Runner()
        self.mortality: AbstractContextManager[None] = mortality(self.runner.get_loop())
        self.mortality.__enter__()
        self.address = self.run(type(self).databases.borrow())
        self.life = Life(World(self.address))
        self.run(self.life.world.begin())

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(work)

    def step(self, work: Coroutine[Any, Any, Any]) -> None:
        """One step, and the books after it."""

        async def whole() -> None:
            await work
            await self.life.done()
            await self.life.books.check()

        type(self).steps += 1
        self.failed = True
        self.run(whole())
        self.failed = False

    def begin(self) -> None:
        """See how far goes what was just begun."""
        self.step(asyncio.sleep(0))

    def teardown(self) -> None:
        try:
            if not self.failed:
                self.run(drain(self.life))
        finally:
            type(self).deaths += self.life.world.deaths
            self.run(self.life.world.end())
            self.run(type(self).databases.give_back(self.address))
            self.mortality.__exit__(None, None, None)
            self.runner.close()

    # Providers

    @rule(name=st.sampled_from(CLAIMS), provider=two, insurer=two, manner=manners, behaviour=behaviours)
    def claim(self, name: str, provider: int, insurer: int, manner: Manner, behaviour: str) -> None:
        self.life.dispose(manner, behaviour)
        self.step(self._claim(name, provider, insurer))

    @rule(
        name=st.sampled_from(["eligibility-request", "batch-request"]),
        provider=two,
        insurer=two,
        manner=manners,
    )
    def ask(self, name: str, provider: int, insurer: int, manner: Manner) -> None:
        self.life.dispose(manner, "APPROVE")
        self.step(self._claim(name, provider, insurer))

    async def _claim(self, name: str, provider: int, insurer: int) -> None:
        self.life.claim(name, provider, insurer)

    @precondition(lambda self: self.life.claims)
    @rule(
        name=st.sampled_from(["cancel", "nullify", "status", "communication"]),
        claim=which,
        manner=manners,
        behaviour=behaviours,
    )
    def follow_up(self, name: str, claim: int, manner: Manner, behaviour: str) -> None:
        self.life.dispose(manner, behaviour)
        self.step(self._follow_up([name], claim))

    @precondition(lambda self: self.life.claims)
    @rule(
        names=st.lists(st.sampled_from(["cancel", "nullify", "communication"]), min_size=2, max_size=3),
        claim=which,
        manner=manners,
    )
    def at_once(self, names: list[str], claim: int, manner: Manner) -> None:
        self.life.dispose(manner, "APPROVE")
        self.step(self._follow_up(names, claim))

    async def _follow_up(self, names: list[str], claim: int) -> None:
        for name in names:
            self.life.follow_up(name, claim)

    @precondition(lambda self: self.life.sent)
    @rule(message=which)
    def repeat(self, message: int) -> None:
        self.step(self.life.repeat(message))

    @precondition(lambda self: self.life.claims)
    @rule(claim=which, alter=st.booleans())
    def twist(self, claim: int, alter: bool) -> None:
        self.step(self._twist(claim, alter))

    async def _twist(self, claim: int, alter: bool) -> None:
        self.life.twist(claim, alter=alter)

    @rule(
        provider=two,
        count=st.integers(1, 5),
        claim=st.none() | which,
        exclude=st.sampled_from(["", "", "claim-response", "communication-request"]),
        together=st.integers(1, 2),
    )
    def poll(self, provider: int, count: int, claim: int | None, exclude: str, together: int) -> None:
        self.step(self._poll(provider, count, claim, exclude, together))

    async def _poll(self, provider: int, count: int, claim: int | None, exclude: str, together: int) -> None:
        for _ in range(together):
            self.life.poll(provider, count, claim, exclude)

    # Insurers

    @precondition(lambda self: self.life.claims)
    @rule(
        claim=which,
        outcome=st.sampled_from(["queued", "partial", "complete", "error"]),
        reissued=st.booleans(),
        by_other=st.sampled_from([False, False, False, True]),
    )
    def late(self, claim: int, outcome: str, reissued: bool, by_other: bool) -> None:
        self.step(self.life.late(claim, outcome, reissued=reissued, by_other=by_other))

    @rule(
        insurer=two,
        what=st.sampled_from(["decide", "decide", "ask", "pay", "authorize"]),
        claim=which,
        judgement=judgements,
    )
    def order(self, insurer: int, what: str, claim: int, judgement: Judgement) -> None:
        self.step(self.life.order(insurer, what, claim, judgement))

    @rule(insurer=two, message=which)
    def release(self, insurer: int, message: int) -> None:
        self.life.office(insurer).release(message)
        self.begin()

    @rule(insurer=two, on=st.booleans())
    def pause(self, insurer: int, on: bool) -> None:
        self.step(self.life.world.pause(INSURERS[insurer], on=on))

    @rule(insurer=two, is_open=st.booleans())
    def open_or_close(self, insurer: int, is_open: bool) -> None:
        self.life.office(insurer).open = is_open

    # Time, work and death

    @rule(seconds=seconds)
    def pass_time(self, seconds: float) -> None:
        self.step(self.life.world.advance(seconds))

    @rule(manner=manners, behaviour=behaviours)
    def work(self, manner: Manner, behaviour: str) -> None:
        self.life.dispose(manner, behaviour)
        self.step(self.life.world.work())

    @rule(seconds=seconds, manner=manners, behaviour=behaviours)
    def work_later(self, seconds: float, manner: Manner, behaviour: str) -> None:
        self.life.dispose(manner, behaviour)
        self.step(self._work_later(seconds))

    async def _work_later(self, seconds: float) -> None:
        await self.life.world.advance(seconds)
        await self.life.world.work()

    @rule(statements=st.integers(0, 40))
    def doom(self, statements: int) -> None:
        """The node dies after so many statements more, whatever they are."""
        self.life.world.node.fuse = statements

    @rule()
    def die(self) -> None:
        self.step(self.life.world.kill())
