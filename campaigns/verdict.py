"""Was a mutant caught: by a finding of the right family at the right place, otherwise, or not at all?"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from campaigns.mutant import Kind, Mutant
from campaigns.samples import Sample
from claimgw.conformance import Direction, check
from claimgw.messages.encode import encode
from claimgw.messages.envelope import Envelope, read
from claimgw.messages.findings import Finding, Severity

# After all dates in the examples, and the same for ever: the verdict may not change from day to day.
RECEIVED = datetime(2026, 11, 1, 8, tzinfo=UTC)


# Faults in the number of extensions, and what is told of their name; of `extension` itself it is any name.
_LEFT_OUT = {
    Kind.DROPPED: re.compile(r"extension:([^.]+)$"),
    Kind.DOUBLED: re.compile(r"extension:([^.]+)$"),
    Kind.MISSING: re.compile(r"\.extension()$"),
}


class Outcome(StrEnum):
    RIGHT = "caught"
    OTHERWISE = "caught otherwise"
    SURVIVED = "survived"


@dataclass(frozen=True, slots=True)
class Judged:
    """`exact`: one of the codes the spec names was among the findings; None if it names none."""

    mutant: Mutant
    outcome: Outcome
    exact: bool | None
    findings: tuple[Finding, ...]


class Judge:
    """Judges as a clearinghouse would: staged, in the direction the message goes.

    What was said of the valid message already (warnings) does not count as caught.
    """

    def __init__(self, samples: dict[str, Sample], asked_by: frozenset[str]) -> None:
        self._directions = {name: direction(sample, asked_by) for name, sample in samples.items()}
        self._known = {
            name: {(one.code, one.path) for one in findings(encode(sample.bundle), self._directions[name])}
            for name, sample in samples.items()
        }

    def said_of_valid(self) -> dict[str, set[tuple[str, str]]]:
        """(code, place) of what is found in the valid messages."""
        return self._known

    def judge(self, mutant: Mutant) -> Judged:
        known = self._known[mutant.example]
        found = [
            one
            for one in findings(mutant.raw, self._directions[mutant.example])
            if one.severity is not Severity.INFORMATION and (one.code, one.path) not in known
        ]
        if not found:
            return Judged(mutant, Outcome.SURVIVED, _exact(mutant, []), ())
        right = [one for one in found if one.code[:2] in mutant.families and in_place(one.path, mutant)]
        outcome = Outcome.RIGHT if right else Outcome.OTHERWISE
        return Judged(mutant, outcome, _exact(mutant, right), tuple(found))


def findings(raw: bytes, direction: Direction, *, all_stages: bool = False) -> list[Finding]:
    envelope = read(raw)
    if not isinstance(envelope, Envelope):
        return [envelope]
    return check(envelope, RECEIVED, direction=direction, all_stages=all_stages)


def in_place(path: str, mutant: Mutant) -> bool:
    """The server's form for a missing extension, `…extension[0].<its name>`, is right too."""
    said = path.lower()
    if said in {place.lower() for place in mutant.places}:
        return True
    name = _LEFT_OUT.get(mutant.kind, re.compile("$^")).search(mutant.element)
    array = re.sub(r"\[\d+\]$", "", mutant.place.lower())
    form = re.fullmatch(re.escape(array) + r"\[\d+\]\.([a-z-]+)", said)
    if name is None or form is None:
        return False
    return not name[1] or name[1].replace("-", "").lower() == form[1].replace("-", "")


def _exact(mutant: Mutant, right: list[Finding]) -> bool | None:
    return any(one.code in mutant.codes for one in right) if mutant.codes else None


def direction(sample: Sample, asked_by: frozenset[str]) -> Direction:
    """Whose message it is; `asked_by` are the events of providers."""
    header = sample.bundle["entry"][0]["resource"]
    return Direction.REQUEST if header["eventCoding"]["code"] in asked_by else Direction.ANSWER
