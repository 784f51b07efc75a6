"""What is an expression made of, once it is read? `at` is the place in its text, in characters from 0."""

from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from claimgw.conformance.fhirpath.values.moments import Moment
from claimgw.conformance.fhirpath.values.quantities import Measure


@dataclass(frozen=True, slots=True)
class Literal:
    """A value written out; None is the empty collection `{}`."""

    value: bool | str | int | Decimal | Moment | Measure | None
    at: int


@dataclass(frozen=True, slots=True)
class Member:
    """`focus.name`; without a focus, of `$this`."""

    focus: "Node | None"
    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Special:
    """`$this`, `$index` or `$total`; `name` without the sign."""

    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Variable:
    """`%name`"""

    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Call:
    """`focus.name(arguments)`; without a focus, of `$this`."""

    focus: "Node | None"
    name: str
    arguments: "tuple[Node, ...]"
    at: int


@dataclass(frozen=True, slots=True)
class Indexed:
    """`focus[index]`"""

    focus: "Node"
    index: "Node"
    at: int


@dataclass(frozen=True, slots=True)
class Negated:
    """`-operand`"""

    operand: "Node"
    at: int


@dataclass(frozen=True, slots=True)
class Binary:
    """`left operator right`, of every operator but `is` and `as`."""

    operator: str
    left: "Node"
    right: "Node"
    at: int


@dataclass(frozen=True, slots=True)
class TypeTest:
    """`operand is type` or `operand as type`"""

    operator: str
    operand: "Node"
    type: str
    at: int


Node: TypeAlias = Literal | Member | Special | Variable | Call | Indexed | Negated | Binary | TypeTest
