"""What can be wrong with one element?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from claimgw.conformance.compiler.schema import Code, Constraint, Element


class Kind(StrEnum):
    """The kinds of fault the schema can show; the values name the error codes of an element."""

    UNKNOWN = "unknown"  # no such element
    MISSING = "cardinality"
    SURPLUS = "surplus"  # more than the profile allows
    FORM = "type"  # another JSON type, not the lexical form of its type, or a type not allowed here
    CHOICE = "choice"  # two types of a choice at once
    CODE = "binding"  # not among the codes the element is bound to
    FIXED = "fixed"  # another value than the profile fixes
    LENGTH = "length"
    SLICE = "slice"  # part of no slice where only those are allowed
    ORDER = "order"  # part of a slice that ought to stand before one that is there already
    RESOURCE = "resource"  # no resource type, or none that FHIR has
    INVARIANT = "invariant"  # `rule` tells which


@dataclass(frozen=True, slots=True)
class Fault:
    """`element` is the path from the resource type (`Claim.item.net`), `place` that from the Bundle.

    `code` is the profile's own, `source` the profile without which this would be no fault. `companion` is the
    place of the generic finding that the server writes beside this one.
    """

    kind: Kind
    element: str
    place: str
    rule: str = ""
    code: Code | None = None
    source: str = ""
    companion: str = ""


@dataclass(frozen=True, slots=True)
class Home:
    """The resource a place is in."""

    type: str
    path: str
    value: Mapping[str, Any]


class Pending(NamedTuple):
    """Constraints to be asked of a node once its structure is known to be sound."""

    constraints: Sequence[Constraint]
    node: Any
    place: str
    home: Home


class Breach(NamedTuple):
    """A constraint that does not hold, and the place of the node it was asked of."""

    constraint: Constraint
    place: str


class Pointer(NamedTuple):
    """A reference. `targets`: what a profile limits it to, by type; empty: it may lead to anything."""

    reference: Mapping[str, Any]
    place: str
    home: Home
    targets: Mapping[str, frozenset[str]]
    code: Code | None
    source: str


_ANYTHING: Mapping[str, frozenset[str]] = {}


def aim(element: Element) -> tuple[Mapping[str, frozenset[str]], Code | None, str]:
    """Where a reference may lead, the code if it leads elsewhere, and who says so: the end of its Pointer."""
    limits = element.limits
    if limits is None or not limits.targets:
        return _ANYTHING, None, ""
    return limits.targets, element.errors.get("reference"), limits.source
