"""Where do two verdicts on a message differ: on the fault itself, on what else is said, on constraints?"""

import re
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from campaigns.mutant import Mutant
from campaigns.oracle.issues import Issue
from campaigns.verdict import in_place
from claimgw.messages.findings import Finding, Severity


class Side(StrEnum):
    OURS = "only we"
    THEIRS = "only the HL7 validator"


class About(StrEnum):
    """What a difference is about."""

    VALID = "a fault in a valid message"
    FAULT = "the fault that was made"
    ELSEWHERE = "a fault elsewhere"
    CONSTRAINT = "a constraint"


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that was said. `what` is a code or the validator's id, `key` that of a constraint or ""."""

    what: str
    key: str
    place: str
    error: bool
    text: str = ""

    @property
    def name(self) -> str:
        return self.key or self.what


@dataclass(frozen=True, slots=True)
class Difference:
    """`said` is the code, id or key of the side that spoke, `other` what the other one said, if anything.

    `subject` is what was made of the message: `kind (variant) profile element`; its name if nothing was.
    """

    about: About
    side: Side
    said: str
    other: str
    subject: str
    example: str
    place: str
    text: str


@dataclass(frozen=True, slots=True)
class Subject:
    """What was made of which message."""

    made: str
    example: str


@dataclass(frozen=True, slots=True)
class Compared:
    """`both` are the constraints that both find broken; `noticed` who noticed the fault of a mutant."""

    both: tuple[str, ...]
    differences: tuple[Difference, ...]
    noticed: tuple[bool, bool] = (False, False)


def ours(findings: Iterable[Finding], keys: Container[str]) -> list[Said]:
    """Errors and warnings alike: how bad a rule is, is set for each direction.

    `keys` are those of our constraints; what bears one is compared as such.
    """
    return [
        Said(one.code, one.code if one.code in keys else "", one.path, True, one.text)
        for one in findings
        if one.severity is not Severity.INFORMATION
    ]


def theirs(issues: Iterable[Issue], keys: Container[str], timed: Container[str] = ()) -> list[Said]:
    """A constraint of R4 itself counts as a fault of structure, as it does with us.

    `timed` are the keys of constraints that ask what time it is: the validator cannot be told it, and its
    word does not count.
    """
    return [
        Said(one.key or one.id, one.key if one.key in keys else "", one.place, one.error, one.text)
        for one in issues
        if one.key not in timed
    ]


def of_valid(example: str, our: list[Said], their: list[Said]) -> list[Difference]:
    """Nothing is wrong with the message: what either finds is a difference."""
    sides = ((Side.OURS, our), (Side.THEIRS, their))
    return [
        Difference(About.VALID, side, one.name, "", example, example, one.place, one.text)
        for side, said in sides
        for one in said
        if one.error
    ]


def of_mutant(mutant: Mutant, our: list[Said], their: list[Said]) -> Compared:
    """`our` and `their` are what was not said of the valid message already."""
    here = [one for one in our if _here(one, mutant)]
    codes = {one.what for one in here}
    # A constraint stands at its element for them, at the place the server names for us.
    there = [one for one in their if one.error and (near(one.place, mutant.places) or one.key in codes)]
    found = [
        *_fault(mutant, here, there, our, their),
        *_elsewhere(mutant, our, their),
        *_constraints(_subject(mutant), our, their),
    ]
    return Compared(_both(our, their), tuple(found), (bool(here), bool(there)))


def of_written(subject: Subject, our: list[Said], their: list[Said]) -> Compared:
    """A fault that somebody wrote for a rule: most are not of structure, so constraints only."""
    return Compared(_both(our, their), tuple(_constraints(subject, our, their)))


def _both(our: list[Said], their: list[Said]) -> tuple[str, ...]:
    return tuple(sorted({one.key for one in our if one.key} & {one.key for one in their if one.key}))


def near(place: str, places: Iterable[str]) -> bool:
    """At one of the places, within it, or at what holds it."""
    said = place.lower()
    return any(_related(said, one.lower()) for one in places)


def _related(one: str, other: str) -> bool:
    if one == other or one.startswith((other + ".", other + "[")):
        return True
    return one in (other.rpartition(".")[0], re.sub(r"\[\d+\]$", "", other))


def _here(one: Said, mutant: Mutant) -> bool:
    return in_place(one.place, mutant) or near(one.place, mutant.places)


def _fault(
    mutant: Mutant, here: list[Said], there: list[Said], our: list[Said], their: list[Said]
) -> Iterator[Difference]:
    if bool(here) == bool(there):
        return
    side, speaking, other = (Side.OURS, here, their) if here else (Side.THEIRS, there, our)
    said = " ".join(sorted({one.name for one in other}))
    yield _difference(About.FAULT, side, _subject(mutant), speaking[0], said)


def _elsewhere(mutant: Mutant, our: list[Said], their: list[Said]) -> Iterator[Difference]:
    """Faults of structure away from the one that was made, near which the other says nothing at all."""
    for side, speaking, other in ((Side.OURS, our, their), (Side.THEIRS, their, our)):
        for one in speaking:
            if not one.error or one.key or one.what.startswith("BV") or _here(one, mutant):
                continue
            if not any(near(one.place, [said.place]) or near(said.place, [one.place]) for said in other):
                yield _difference(About.ELSEWHERE, side, _subject(mutant), one, "")


def _constraints(subject: Subject, our: list[Said], their: list[Said]) -> Iterator[Difference]:
    """Constraints that only one finds broken, each once for a message: places differ by design."""
    for side, speaking, other in ((Side.OURS, our, their), (Side.THEIRS, their, our)):
        known = {one.key for one in other}
        for one in speaking:
            if one.key and one.key not in known:
                known.add(one.key)
                yield _difference(About.CONSTRAINT, side, subject, one, "")


def _subject(mutant: Mutant) -> Subject:
    made = f"{mutant.kind.value} ({mutant.variant}) {mutant.profile} {mutant.element}"
    return Subject(made, mutant.example)


def _difference(about: About, side: Side, subject: Subject, one: Said, other: str) -> Difference:
    return Difference(about, side, one.name, other, subject.made, subject.example, one.place, one.text)
