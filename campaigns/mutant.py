"""What is one mutant: which fault, where, and which finding must meet it?"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from campaigns.sites import Way
from campaigns.spec import Element, Json
from claimgw.messages.encode import encode


class Kind(StrEnum):
    """The kinds of faults, as the table names them."""

    MISSING = "required element removed"
    TOO_MANY = "maximum exceeded"
    ARRAY = "array for one value"
    FIXED = "fixed value broken"
    PATTERN = "pattern broken"
    BINDING = "foreign code"
    TYPE = "type changed"
    FORM = "wrong lexical form"
    LENGTH = "maximum length exceeded"
    CUT = "reference cut"
    TARGET = "reference to another type"
    DROPPED = "extension dropped"
    DOUBLED = "extension doubled"
    VALUE = "extension value of another type"


class Gone:
    """Stands for a value that is removed."""


GONE: Final = Gone()
Edit = tuple[Way, Any]


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to spoil an element at one site.

    `label` is the element's path in the profile, `way` leads to what is changed and `root` to the element it
    belongs to: a finding at or between them is in place. `also` are ways to other right places: the object
    a removed element was in, or the resource whose profile no longer fits.
    """

    kind: Kind
    variant: str
    label: str
    root: Way
    way: Way
    edits: tuple[Edit, ...]
    families: frozenset[str]
    codes: tuple[str, ...] = ()
    also: tuple[Way, ...] = ()


@dataclass(frozen=True, slots=True)
class Mutant:
    """A valid message with one fault. `places` are all right places, the first is where the fault is."""

    example: str
    profile: str
    element: str
    kind: Kind
    variant: str
    places: tuple[str, ...]
    families: frozenset[str]
    codes: tuple[str, ...]
    bundle: Json = field(repr=False)

    @property
    def place(self) -> str:
        return self.places[0]

    @property
    def raw(self) -> bytes:
        return encode(self.bundle)


def families(*names: str) -> frozenset[str]:
    return frozenset(names)


def of_entries(path: str) -> frozenset[str]:
    """That the first entry is a MessageHeader is a rule of its own, BV-00126, met before all others."""
    return families("BV") if path.startswith("Bundle.entry") else families()


def of_rule(element: Element) -> frozenset[str]:
    """What is required because a business rule says so may be missed by that rule."""
    return families("BV") if element.rule else families()


def between(root: Way, way: Way) -> Iterable[Way]:
    """The way itself and all above it, up to the element it belongs to and the array that is in."""
    for length in range(len(way), len(root) - 1, -1):
        yield way[:length]
    if root and isinstance(root[-1], int):
        yield root[:-1]
