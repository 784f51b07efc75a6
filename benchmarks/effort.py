"""How much is done for a figure? Less for a look, more for the record."""

from dataclasses import dataclass, replace
from typing import Self

from benchmarks.stage import Kind


@dataclass(frozen=True, slots=True)
class Effort:
    """Interleaved rounds of so many seconds, over so many connections; and how much waits, where much waits.

    `messages`: in the mailboxes and lanes of `polls` and `pick-up`, each number in one of its own.
    `outage`: claims held when an insurer comes back. `long_run`: claims through one process.
    """

    kinds: tuple[Kind, ...] = tuple(Kind)
    seconds: float = 5.0
    rounds: int = 3
    connections: int = 8
    messages: tuple[int, ...] = (10_000, 100_000)
    outage: int = 2_000
    long_run: int = 10_000

    def full(self) -> Self:
        """All that the figures on record need: most of an hour."""
        return replace(self, rounds=5, messages=(10_000, 1_000_000), outage=100_000, long_run=100_000)
