"""How many findings has a message? The first thousand are told, the others counted."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from claimgw.messages.findings import Finding, Severity

# Findings of one message that are told. Junk of 10 MB holds millions of faults.
MOST = 1000

# The finding as bad as it counts; None: the rule did not bind.
Judge = Callable[[Finding], Finding | None]


@dataclass(frozen=True, slots=True)
class Found:
    """What was found: at most `MOST` findings, and by severity how many others there are.

    Not `complete`: there are still others, which were not counted.
    """

    findings: tuple[Finding, ...]
    more: Mapping[Severity, int]
    complete: bool


@dataclass(frozen=True, slots=True)
class Stage:
    """What is found in one stage. `more`: findings that stand for so many, of whatever place."""

    found: Iterable[Finding]
    more: Sequence[tuple[Finding, int]]


def uncoded(path: str, text: str, hint: str, severity: Severity) -> Finding:
    """What is worth telling and has no code on nphies' list: under the code for everything else."""
    return Finding("GE-00000", path, text, hint, severity)


def unlisted(path: str, number: int, severity: Severity, *, complete: bool) -> Finding:
    """That there are so many others, or at least so many."""
    findings = "1 more finding is" if number == 1 else f"{number} more findings are"
    least = "" if complete else "At least "
    return uncoded(path, f"{least}{findings} not listed", "See to those listed first", severity)


class Tally:
    """Findings as they come, stage by stage."""

    def __init__(self, judge: Judge) -> None:
        self._listed: list[Finding] = []
        self._more: Counter[Severity] = Counter()
        self._judge = judge

    def found(self, *, complete: bool) -> Found:
        return Found(tuple(self._listed), self._more, complete)

    def take(self, stage: Stage) -> bool:
        """Whether there is an error among them."""
        room, kept, rest = MOST - len(self._listed), list[Finding](), Counter[Severity]()
        for one in filter(None, map(self._judge, _once(stage.found))):
            if len(kept) < room:
                kept.append(one)
            else:
                rest[one.severity] += 1
        for told, number in stage.more:
            if (judged := self._judge(told)) is not None:
                if not kept and room:  # one to begin with
                    kept, number = [judged], number - 1
                rest[judged.severity] += number
        kept = _without_echoes(kept)
        self._listed += kept
        self._more += rest
        return rest[Severity.ERROR] > 0 or any(one.severity is Severity.ERROR for one in kept)


# Codes of a profile, and the more exact ones of a rule that find the same fault at the same place.
_ECHOES = {
    "IB-00219": frozenset({"IB-00292"}),
    "DT-01297": frozenset({"DT-01301", "DT-01304", "IB-00293", "IB-00294"}),
}


def _without_echoes(found: list[Finding]) -> list[Finding]:
    if not any(one.code in _ECHOES for one in found):
        return found
    places = {(one.code, one.path) for one in found}
    return [
        one
        for one in found
        if not any((code, one.path) in places for code in _ECHOES.get(one.code, frozenset()))
    ]


def _once(findings: Iterable[Finding]) -> Iterator[Finding]:
    """One finding for each code and place: a rule may meet what the walk has met.

    What is remembered of each is a number: there may be hundreds of thousands.
    """
    seen: set[int] = set()
    for one in findings:
        if (met := hash((one.code, one.path))) not in seen:
            seen.add(met)
            yield one
