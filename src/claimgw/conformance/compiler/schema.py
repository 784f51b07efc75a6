"""What is a compiled profile? The tree of FHIR R4 with what profiles add to its elements. Frozen."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from claimgw.conformance.terminology import ValueSet

# Whether a node keeps a constraint, given the scope of its evaluation and the node.
Holds = Callable[[Any, Any], bool]


@dataclass(frozen=True, slots=True)
class Code:
    """The nphies code of one kind of fault at one element, and how it is reported.

    `place` is added to that of the element; `business`: the fault belongs to the business rules.
    """

    code: str
    place: str = ""
    business: bool = False


@dataclass(frozen=True, slots=True)
class Constraint:
    """A FHIRPath rule of a profile: `key` is the nphies code, `place` the path to what is blamed.

    `alone`: the node decides, whatever resource, message and time it belongs to.
    """

    key: str
    place: str
    text: str
    severity: str
    source: str
    alone: bool
    holds: Holds = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Binding:
    """A required binding."""

    value_set: ValueSet


@dataclass(frozen=True, slots=True)
class Slicing:
    """Parts of an array: by the url of an extension, or by a pattern of one element."""

    path: str  # `url`, or the element that the patterns are of
    slices: Mapping[str, "Element"]  # by url; otherwise by name
    patterns: tuple[tuple[Any, "Element"], ...]
    # Those of the patterns that are one coding of a CodeableConcept, by system and code.
    codings: Mapping[tuple[str, str], "Element"]
    closed: bool
    # Slice to its turn, if they have to stand in order.
    order: Mapping[str, int]
    # Those of which there may not be any number.
    counted: tuple["Element", ...]


@dataclass(frozen=True, slots=True)
class Limits:
    """What profiles demand of an element beyond its form. `source` is the profile that did so last."""

    source: str
    least: int = 0
    most: int | None = None
    fixed: Any = None
    pattern: Any = None
    binding: Binding | None = None
    length: int | None = None
    arabic_length: int | None = None
    slicing: Slicing | None = None
    # Of a reference: the types it may lead to, each with its profiles; none named: any will do.
    targets: Mapping[str, frozenset[str]] = field(default_factory=dict)
    constraints: tuple[Constraint, ...] = ()

    @property
    def of_content(self) -> bool:
        """Whether anything but its number and its length is limited."""
        return bool(
            self.fixed is not None
            or self.pattern is not None
            or self.binding
            or self.targets
            or self.constraints
        )


@dataclass(frozen=True, slots=True)
class Element:
    """One key an object may have.

    `place` is the name in FHIRPath: `value` for `valueString`. `type` names a primitive (`code`), a structure
    (`CodeableConcept`, `ClaimItem`) or, as `Resource`, any resource. `codes`: all it may be, if base FHIR
    binds it. `within` are the forms of its content, if a profile says more of it than the type does: one of
    them is to fit. `errors`: kind of fault to nphies code.
    """

    name: str
    place: str
    type: str
    primitive: bool
    many: bool
    required: bool
    codes: frozenset[str] | None
    within: tuple["Structure", ...] = ()
    limits: Limits | None = None
    errors: Mapping[str, Code] = field(default_factory=dict)
    slice_name: str = ""
    # The profile without which it would not be required.
    source: str = ""
    # What is read once for each value of a message: whether its content is limited, and how long it may be.
    limited: bool = field(init=False)
    longest: int = field(init=False)

    def __post_init__(self) -> None:
        limits = self.limits
        object.__setattr__(self, "limited", limits is not None and limits.of_content)
        longest = limits.length if limits is not None and limits.length is not None else sys.maxsize
        if limits is not None and limits.arabic_length is not None:
            longest = min(longest, limits.arabic_length)
        object.__setattr__(self, "longest", longest)


@dataclass(frozen=True, slots=True)
class Choice:
    """One element of several types (`value[x]`): at most one of the keys is there.

    `source` is the profile that made it required, `allowed` what it left of the keys.
    """

    place: str
    names: tuple[str, ...]
    required: bool
    allowed: tuple[str, ...] = ()
    source: str = ""
    errors: Mapping[str, Code] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Structure:
    """A resource, a data type or a part of a resource. `profile`: its canonical; "" for base FHIR."""

    name: str
    elements: Mapping[str, Element]
    required: tuple[Element, ...]
    choices: tuple[Choice, ...]
    constraints: tuple[Constraint, ...] = ()
    # Arrays of which a profile requires some slices.
    sliced: tuple[Element, ...] = ()
    profile: str = ""
