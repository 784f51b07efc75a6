"""Which point is armed? A few numbers in memory that the campaign shares with its processes."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Board:
    """`cells`: the armed point's number (-1: none), passes until it strikes, microseconds to wait, and the
    number of the point at which a process has died.
    """

    cells: Any

    def arm(self, point: int, passes: int, microseconds: int) -> None:
        self.cells[1], self.cells[2], self.cells[3] = passes, microseconds, -1
        self.cells[0] = point

    def disarm(self) -> None:
        self.cells[0] = -1

    @property
    def struck(self) -> int:
        """At which point a process has died since it was armed; -1 at none."""
        return int(self.cells[3])

    def strikes(self, point: int) -> bool:
        """One pass; whether it is the one to die at. From then on nobody else dies."""
        if self.cells[0] != point:
            return False
        self.cells[1] -= 1
        if self.cells[1] > 0:
            return False
        self.cells[0], self.cells[3] = -1, point
        return True

    @property
    def seconds(self) -> float:
        return float(self.cells[2]) / 1e6
