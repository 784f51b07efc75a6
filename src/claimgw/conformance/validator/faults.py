"""What can be wrong with one element?"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from claimgw.conformance.compiler.schema import Code, Constraint


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


@dataclass(frozen=True, slots=True)
class Pending:
    """A constraint to be asked of a node once its structure is known to be sound."""

    constraint: Constraint
    node: Any
    place: str
    home: Home


@dataclass(frozen=True, slots=True)
class Pointer:
    """A reference whose target a profile limits to some profiles."""

    reference: Mapping[str, Any]
    place: str
    targets: Mapping[str, frozenset[str]]
    code: Code | None
    source: str
