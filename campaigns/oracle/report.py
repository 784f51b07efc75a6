"""What came of the comparison: who noticed how much, and which differences are there, explained or not?"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table

from campaigns.oracle.compare import Compared, Difference
from campaigns.oracle.explained import EXPLAINED, Explained, explanation
from campaigns.oracle.validator import Loaded

_SHOWN = 3


@dataclass(slots=True)
class Report:
    """`noticed` counts mutants by (we, the validator), `both` constraints that both find broken."""

    loaded: Loaded
    valid: int = 0
    written: int = 0
    noticed: Counter[tuple[bool, bool]] = field(default_factory=Counter)
    both: Counter[str] = field(default_factory=Counter)
    explained: dict[Explained, list[Difference]] = field(default_factory=dict)
    unexplained: list[Difference] = field(default_factory=list)

    @property
    def right(self) -> bool:
        return not self.unexplained and not self.loaded.broken

    def add_valid(self, differences: Iterable[Difference]) -> None:
        self.valid += 1
        self._sort(differences)

    def add_mutant(self, compared: Compared) -> None:
        self.noticed[compared.noticed] += 1
        self.both.update(compared.both)
        self._sort(compared.differences)

    def add_written(self, compared: Compared) -> None:
        self.written += 1
        self.both.update(compared.both)
        self._sort(compared.differences)

    def _sort(self, differences: Iterable[Difference]) -> None:
        for one in differences:
            if entry := explanation(one):
                self.explained.setdefault(entry, []).append(one)
            else:
                self.unexplained.append(one)

    def tell(self, console: Console) -> None:
        console.print(
            f"{self.loaded.count} definitions loaded, {len(self.loaded.broken)} without a sound snapshot"
        )
        for url, said in self.loaded.broken.items():
            console.print(f"  {url}: {'; '.join(said[:_SHOWN])}", markup=False)
        console.print(
            f"{self.valid} valid messages, {self.written} written faults, {self.noticed.total()} mutants; "
            f"of these both noticed {self.noticed[True, True]}, only we {self.noticed[True, False]}, "
            f"only the HL7 validator {self.noticed[False, True]}, neither {self.noticed[False, False]}"
        )
        console.print(
            f"{len(self.both)} constraints were found broken by both in the same message, "
            f"{self.both.total()} times"
        )
        console.print(self._table())
        for count, one in _grouped(self.unexplained):
            console.print(f"{count} × {_line(one)}", markup=False, highlight=False)
        console.print(f"{len(self.unexplained)} differences are not explained")

    def _table(self) -> Table:
        table = Table(
            "about", "who", "how often", "why", "among them", title="Differences that are explained"
        )
        for entry in EXPLAINED:
            found = self.explained.get(entry, [])
            names = Counter(one.said for one in found).most_common(_SHOWN)
            among = ", ".join(f"{name} {count}" for name, count in names)
            table.add_row(entry.about.value, entry.side.value, str(len(found)), entry.reason, among)
        return table

    def as_json(self, seed: int) -> dict[str, Any]:
        """All of it. The texts are those of the validator, of invented messages."""
        return {
            "seed": seed,
            "definitions": {"loaded": self.loaded.count, "broken": dict(self.loaded.broken)},
            "valid": self.valid,
            "written": self.written,
            "mutants": {
                "both": self.noticed[True, True],
                "onlyOurs": self.noticed[True, False],
                "onlyTheirs": self.noticed[False, True],
                "neither": self.noticed[False, False],
            },
            "constraints": dict(self.both.most_common()),
            "explained": [
                {
                    "reason": entry.reason,
                    "count": len(self.explained.get(entry, [])),
                    "differences": [_as_json(one) for one in self.explained.get(entry, [])],
                }
                for entry in EXPLAINED
            ],
            "unexplained": [_as_json(one) for one in self.unexplained],
        }


def _grouped(differences: Iterable[Difference]) -> Iterator[tuple[int, Difference]]:
    """One of each sort, with how many there are: who says what after which kind of change."""
    sorts: dict[tuple[str, ...], list[Difference]] = {}
    for one in differences:
        kind = one.subject.partition(")")[0]
        sorts.setdefault((one.about, one.side, one.said, kind), []).append(one)
    for alike in sorted(sorts.values(), key=len, reverse=True):
        yield len(alike), alike[0]


def _line(one: Difference) -> str:
    other = f" (the other: {one.other})" if one.other else ""
    where = f"{one.place}: {one.subject} in {one.example}"
    return f"{one.about}: {one.side}: {one.said} at {where}{other}: {one.text}"


def _as_json(one: Difference) -> dict[str, str]:
    return {
        "about": one.about.value,
        "side": one.side.value,
        "said": one.said,
        "other": one.other,
        "subject": one.subject,
        "example": one.example,
        "place": one.place,
        "text": one.text,
    }
