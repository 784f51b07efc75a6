"""What does a benchmark tell? A table of figures, and the goals they were taken for."""

from dataclasses import dataclass

Cell = str | int | float


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure that should be at least, or at most, something."""

    name: str
    value: float
    bound: float
    at_least: bool

    @property
    def met(self) -> bool:
        return self.value >= self.bound if self.at_least else self.value <= self.bound

    def told(self) -> str:
        """In a sentence."""
        wanted = f"{'at least' if self.at_least else 'at most'} {self.bound:g}"
        return f"{self.name}: {self.value:g} ({wanted}{'' if self.met else '; **missed**'})"


@dataclass(frozen=True, slots=True)
class Sheet:
    """The figures of one benchmark. The first cell of a row names it; what stands in `charted` is drawn."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    goals: tuple[Goal, ...] = ()
    charted: tuple[str, ...] = ()


def least(name: str, value: float, bound: float) -> Goal:
    """It should be so much, or more."""
    return Goal(name, value, bound, at_least=True)


def most(name: str, value: float, bound: float) -> Goal:
    """It should be so much, or less."""
    return Goal(name, value, bound, at_least=False)


def shown(cell: Cell) -> str:
    """A cell for people: words as they are, numbers with as many digits as mean anything."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, int) or cell == 0 or abs(cell) >= 100:
        return f"{cell:,.0f}"
    return f"{cell:.1f}" if abs(cell) >= 10 else f"{cell:.2f}"
