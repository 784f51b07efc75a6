"""How many providers may wait for one insurer at once? Beyond that a request is held, not refused."""

from collections import Counter

from claimgw.access.participants import Participant


class Places:
    """Those taken in this process, by insurer."""

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()

    def take(self, insurer: Participant) -> bool:
        """One for a request; False if none is left. What is held, and the probe, keep theirs."""
        of = insurer.settings
        if self._taken[insurer.licence] >= max(1, of.most_connections - of.most_in_flight - 1):
            return False
        self._taken[insurer.licence] += 1
        return True

    def give_back(self, licence: str) -> None:
        self._taken[licence] -= 1
