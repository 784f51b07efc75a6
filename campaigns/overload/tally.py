"""What became of all that was sent? Counted by kind of sender."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

# How a request ended that got no answer.
CUT = "cut off"


@dataclass(slots=True)
class Tally:
    """`ended`: by kind of sender, how its requests ended: an HTTP status, or that it was cut off."""

    connections: Counter[str] = field(default_factory=Counter)
    ended: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    served_seconds: list[float] = field(default_factory=list)
    turned_away_seconds: list[float] = field(default_factory=list)

    def end(self, kind: str, how: str) -> None:
        self.ended[kind][how] += 1


def quantile(values: list[float], share: float) -> float:
    """Of seconds; 0 if there are none."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] if values else 0.0
