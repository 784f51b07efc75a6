"""How often may one caller come, and how often is it told not to? So many times a second, each of both."""

from claimgw.clock import Clock

_BURST_SECONDS = 10.0
_SPACE_SECONDS, _LONGEST_SECONDS = 0.02, 2.0


class Rates:
    """`rate`: requests a second of one caller, in the long run; 0: as many as it likes. In a burst it may
    send what gathers in ten seconds."""

    def __init__(self, rate: float, clock: Clock) -> None:
        self._rate = rate
        self._clock = clock
        # Of each caller, until when what it has sent lasts at this rate. As many as there are credentials.
        self._until: dict[str, float] = {}

    def wait(self, whose: str) -> float:
        """0 if it may come now, and then this counts; else the seconds until it may."""
        early = self.early(whose)
        if self._rate and not early:
            self._until[whose] = max(self._until.get(whose, 0.0), self._clock.monotonic()) + 1 / self._rate
        return early

    def early(self, whose: str) -> float:
        """The seconds until it may come; 0 if it may now. Nothing counts."""
        if not self._rate:
            return 0.0
        now = self._clock.monotonic()
        return max(0.0, max(self._until.get(whose, 0.0), now) + 1 / self._rate - now - _BURST_SECONDS)


class Spacing:
    """Answers that turn somebody away cost time too, and whoever does not wait asks again at once. So one
    caller gets fifty a second at the most, and the others are held back: two seconds at the longest."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._next: dict[str, float] = {}

    def hold(self, whose: str) -> float:
        """So many seconds the answer that is due now is to be held back."""
        now = self._clock.monotonic()
        due = min(max(self._next.get(whose, 0.0), now), now + _LONGEST_SECONDS)
        self._next[whose] = due + _SPACE_SECONDS
        return due - now
