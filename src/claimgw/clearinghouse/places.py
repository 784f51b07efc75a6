"""How many providers may wait for one insurer at once? Beyond that a request is held, not refused."""

from collections import Counter

from claimgw.access.participants import Participant


class Places:
    """Those taken in this process, by insurer. Each process has its share of what the insurer takes."""

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()
        self._sharers = 1

    def share(self, processes: int) -> None:
        """So many processes hand requests to insurers."""
        self._sharers = max(1, processes)

    def take(self, insurer: Participant) -> bool:
        """One for a request; False if none is left. What is held, and the probe, keep theirs."""
        of = insurer.settings
        most = (of.most_connections - of.most_in_flight - 1) // self._sharers
        if self._taken[insurer.licence] >= max(1, most):
            return False
        self._taken[insurer.licence] += 1
        return True

    def give_back(self, licence: str) -> None:
        self._taken[licence] -= 1
