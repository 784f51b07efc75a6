"""How often may one caller come? So many times a second, and in a burst what gathers in ten seconds."""

from claimgw.clock import Clock

_BURST_SECONDS = 10.0


class Rates:
    """`rate`: requests a second of one caller, in the long run; 0: as many as it likes."""

    def __init__(self, rate: float, clock: Clock) -> None:
        self._rate = rate
        self._clock = clock
        # Of each caller, until when what it has sent lasts at this rate. As many as there are credentials.
        self._until: dict[str, float] = {}

    def wait(self, whose: str) -> float:
        """0 if it may come now, and then this counts; else the seconds until it may."""
        if not self._rate:
            return 0.0
        now = self._clock.monotonic()
        until = max(self._until.get(whose, 0.0), now)
        if (early := until + 1 / self._rate - now - _BURST_SECONDS) > 0:
            return early
        self._until[whose] = until + 1 / self._rate
        return 0.0
