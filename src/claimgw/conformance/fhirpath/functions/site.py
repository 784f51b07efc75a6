"""What does a function have at hand where it is called? Focus, arguments, and ways to plan them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NoReturn, TypeAlias

from claimgw.conformance.fhirpath import shapes
from claimgw.conformance.fhirpath.plan.base import Plan
from claimgw.conformance.fhirpath.plan.leaves import Bound
from claimgw.conformance.fhirpath.plan.logic import Logical, logical
from claimgw.conformance.fhirpath.plan.loops import Loop
from claimgw.conformance.fhirpath.tree import Call, Literal, Member, Node


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What `$this`, `$index` and `$total` stand for at some place of an expression."""

    this: Plan
    index: Bound | None = None
    total: Bound | None = None


@dataclass(frozen=True, slots=True)
class Site:
    """One call. `plan` plans an expression in given surroundings; `fault` is what to raise about a place."""

    call: Call
    focus: Plan
    around: Surroundings
    plan: Callable[[Node, Surroundings], Plan]
    fault: Callable[[int, str], Exception]

    def refuse(self, reason: str, node: Node | None = None) -> NoReturn:
        raise self.fault((node or self.call).at, reason)

    def argument(self, place: int) -> Plan:
        """The plan of an argument that has nothing to do with the items of the focus."""
        return self.plan(self.call.arguments[place], self.around)

    def arguments(self) -> tuple[Plan, ...]:
        return tuple(map(self.argument, range(len(self.call.arguments))))

    def inside(self, loop: Loop, place: int = 0, total: Bound | None = None) -> Plan:
        """The plan of an argument that is evaluated for each item of the loop."""
        around = Surroundings(loop.this, loop.index, total or self.around.total)
        return self.plan(self.call.arguments[place], around)

    def criteria(self, loop: Loop, place: int = 0) -> Logical:
        return logical(self.inside(loop, place))

    def with_this(self, this: Plan, place: int) -> Plan:
        return self.plan(self.call.arguments[place], replace(self.around, this=this))

    def text(self, place: int) -> str:
        """An argument that must be known beforehand."""
        node = self.call.arguments[place]
        if not isinstance(node, Literal) or not isinstance(node.value, str):
            self.refuse(f"{self.call.name}() can only be compiled with a string written out", node)
        return node.value

    def type(self, place: int) -> str:
        """An argument that is the name of a type."""
        node = self.call.arguments[place]
        name = _dotted(node)
        if name is None:
            self.refuse(f"{self.call.name}() takes the name of a type", node)
        found = type_named(name)
        if found is None:
            self.refuse(f"There is no type {name}", node)
        return found


Builder: TypeAlias = Callable[[Site], Plan]


@dataclass(frozen=True, slots=True)
class Function:
    """A function of FHIRPath: how many arguments it takes, and what it becomes."""

    least: int
    most: int
    build: Builder


def _dotted(node: Node) -> str | None:
    if isinstance(node, Literal) and isinstance(node.value, str):
        return node.value  # FHIR's own R4 invariants write `as('Quantity')` here and there
    if not isinstance(node, Member):
        return None
    if node.focus is None:
        return node.name
    before = _dotted(node.focus)
    return f"{before}.{node.name}" if before else None


def type_named(name: str) -> str | None:
    """The type a specifier means: `FHIR.` may be left out, `System.` where FHIR has no type of that name."""
    bare = name.removeprefix("FHIR.")
    for candidate in (bare, f"System.{bare}") if bare == name else (bare,):
        if shapes.is_type(candidate):
            return candidate
    return None
