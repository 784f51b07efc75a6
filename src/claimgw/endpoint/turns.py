"""Whose turn is it? So much at once, a share of it for each, and by turns among those who wait."""

import asyncio
from collections import Counter, deque

from claimgw.clock import Clock, SystemClock

# So long after it has asked one counts as somebody who may ask again.
_PRESENT_SECONDS = 5.0
_NEVER = float("-inf")
# Whoever presses lets the others go first, but no longer than this.
_LET_GO_FIRST_SECONDS = 0.1


class Turns:
    """`most` is what there is of it (requests, bytes), `share` what one caller may have at once.

    `beside_others`: its share if another has asked within five seconds. Who asks for more than there is, or
    than its share, gets it alone. The first in the line of those who wait is served first, however much it
    wants: else many small ones would keep a big one waiting for ever.

    Who has more than one waiting presses. With `beside_others` it lets those go first who do not, for
    a tenth of a second at most: a claim that comes alone shares the processor with as little as can be.
    """

    def __init__(
        self, most: int, share: int, *, beside_others: int | None = None, clock: Clock | None = None
    ) -> None:
        self._most = most
        self._share = share
        self._beside_others = share if beside_others is None else beside_others
        self._clock = clock or SystemClock()
        # Who asked last, and the last who is another; and when.
        self._last, self._another = ("", _NEVER), ("", _NEVER)
        self._taken = 0
        self._by: Counter[str] = Counter()
        # The lines of callers in the order of their turns.
        self._lines: dict[str, deque[tuple[int, asyncio.Future[None]]]] = {}
        # When the last turn of each who waits was.
        self._served: dict[str, float] = {}
        self._again: asyncio.TimerHandle | None = None
        self.waiting = 0

    def taken(self, whose: str | None = None) -> int:
        """How much is taken, by all or by one."""
        return self._taken if whose is None else self._by[whose]

    def take_at_once(self, whose: str, weight: int = 1) -> bool:
        """Take it if that needs no waiting, and say whether it was taken."""
        if whose != self._last[0]:
            self._another = self._last
        self._last = whose, self._clock.monotonic()
        if self._lines or not self._fits(weight) or not self._within_share(whose, weight):
            return False
        self.seize(whose, weight)
        return True

    async def take(self, whose: str, weight: int = 1) -> None:
        """Return when it is theirs. What was taken is given back with `give`."""
        if self.take_at_once(whose, weight):
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        line = self._lines.setdefault(whose, deque())
        line.append((weight, turn))
        self.waiting += 1
        # Whoever waits may do so for its own share only.
        self._call()
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():
                self.give(whose, weight)
            elif (weight, turn) in self._lines.get(whose, ()):
                self._leave(whose, (weight, turn))
                self._call()
            raise

    def seize(self, whose: str, weight: int = 1) -> None:
        """Take it at once, whether there is room or not."""
        self._taken += weight
        self._by[whose] += weight

    def give(self, whose: str, weight: int = 1) -> None:
        """Give back; whose turn it is now is let in."""
        self._taken -= weight
        self._by[whose] -= weight
        if not self._by[whose]:
            del self._by[whose]
        self._call()

    def _call(self) -> None:
        """Let in whose turn it is, caller by caller, until nothing more fits."""
        while (whose := self._next()) is not None:
            weight, turn = self._lines[whose][0]
            self._leave(whose, (weight, turn))
            if turn.cancelled():  # and whoever waited for it has not run since
                continue
            if whose in self._lines:  # to the end of the round
                self._lines[whose] = self._lines.pop(whose)
            self.seize(whose, weight)
            if whose in self._lines:
                self._served[whose] = self._clock.monotonic()
            turn.set_result(None)

    def _next(self) -> str | None:
        """Whoever may have more of it, if what it wants fits; None too if not: nobody overtakes it."""
        for whose, line in self._lines.items():
            if self._within_share(whose, line[0][0]) and not self._lets_go_first(whose):
                return whose if self._fits(line[0][0]) else None
        return None

    def _lets_go_first(self, whose: str) -> bool:
        if self._beside_others == self._share or not self._presses(whose):
            return False
        if all(other == whose or self._presses(other) for other in self._by):
            return False
        left = self._served.setdefault(whose, self._clock.monotonic()) - self._clock.monotonic()
        if (left := left + _LET_GO_FIRST_SECONDS) <= 0:
            return False
        if self._again is None:
            self._again = asyncio.get_running_loop().call_later(left, self._look_again)
        return True

    def _presses(self, whose: str) -> bool:
        return len(self._lines.get(whose, ())) > 1

    def _look_again(self) -> None:
        self._again = None
        self._call()

    def _leave(self, whose: str, waiting: tuple[int, asyncio.Future[None]]) -> None:
        line = self._lines[whose]
        line.remove(waiting)
        self.waiting -= 1
        if not line:
            del self._lines[whose]
            self._served.pop(whose, None)

    def _fits(self, weight: int) -> bool:
        return not self._taken or self._taken + weight <= self._most

    def _within_share(self, whose: str, weight: int) -> bool:
        if whose not in self._by:
            return True
        asked = self._another[1] if whose == self._last[0] else self._last[1]
        alone = self._clock.monotonic() - asked > _PRESENT_SECONDS
        return self._by[whose] + weight <= (self._share if alone else self._beside_others)


class Guest:
    """What one request has taken up. Given back while it is aside, and for good when it leaves."""

    def __init__(self, whose: str) -> None:
        self._whose = whose
        self._taken: dict[Turns, int] = {}
        self._holds = True
        self._gone = False

    def take_at_once(self, turns: Turns, weight: int = 1) -> bool:
        taken = turns.take_at_once(self._whose, weight)
        if taken:
            self._taken[turns] = weight
        return taken

    async def take(self, turns: Turns, weight: int = 1) -> None:
        await turns.take(self._whose, weight)
        self._taken[turns] = weight

    def seize(self, turns: Turns, weight: int = 1) -> None:
        turns.seize(self._whose, weight)
        self._taken[turns] = weight

    def keep(self, turns: Turns, weight: int) -> None:
        """Give back what is more than that: a body that was not announced may be smaller than its room."""
        if (more := self._taken.get(turns, weight) - weight) > 0:
            turns.give(self._whose, more)
            self._taken[turns] = weight

    def step_aside(self) -> None:
        if self._holds:
            self._holds = False
            for turns, weight in self._taken.items():
                turns.give(self._whose, weight)

    def come_back(self) -> None:
        # Who was told that its answer comes later has left, and the wait goes on without it.
        if not self._gone:
            self._holds = True
            for turns, weight in self._taken.items():
                turns.seize(self._whose, weight)

    def leave(self) -> None:
        self._gone = True
        self.step_aside()
