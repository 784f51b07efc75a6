"""What is calculated by a function from the values of a collection and of its arguments?"""

from claimgw.conformance.fhirpath.plan.base import (
    Body,
    Form,
    Plan,
    Value,
    as_item,
    as_system,
    calculable,
    gathered,
    knowing_types,
    one_system,
)
from claimgw.conformance.fhirpath.plan.logic import Logical
from claimgw.conformance.fhirpath.plan.writer import Writer


class OfOne(Value):
    """A value calculated from single values: empty if the function says None."""

    def __init__(self, function: str, operands: tuple[Plan, ...], types: frozenset[str]) -> None:
        self._function = function
        self._operands = tuple(map(calculable, operands))
        self.types = types

    def single(self, w: Writer) -> str:
        return f"{self._function}({', '.join(one_system(w, one) for one in self._operands)})"


class AskedOfOne(OfOne, Logical):
    """The same, where the function answers with a boolean or None."""

    def __init__(self, function: str, operands: tuple[Plan, ...]) -> None:
        super().__init__(function, operands, Logical.types)


class OfAll(Value):
    """A value calculated from all values of the focus, and single ones of the arguments."""

    def __init__(
        self, function: str, focus: Plan, arguments: tuple[Plan, ...], types: frozenset[str]
    ) -> None:
        self._function = function
        self._focus = calculable(focus)
        self._arguments = tuple(map(calculable, arguments))
        self.types = types

    def single(self, w: Writer) -> str:
        values = [gathered(w, self._focus, as_system), *(one_system(w, one) for one in self._arguments)]
        return f"{self._function}({', '.join(values)})"


class AskedOfAll(OfAll, Logical):
    """The same, where the function answers with a boolean or None."""

    def __init__(self, function: str, focus: Plan, *arguments: Plan) -> None:
        super().__init__(function, focus, arguments, Logical.types)


class Compared(Logical):
    """A question about two collections: is one a part of the other, are they equivalent?"""

    def __init__(self, function: str, left: Plan, right: Plan) -> None:
        self._function = function
        self._sides = (calculable(left), calculable(right))

    def single(self, w: Writer) -> str:
        left, right = (gathered(w, side, as_system) for side in self._sides)
        return f"{self._function}({left}, {right})"


class Several(Plan):
    """A collection calculated from single values: `split`."""

    many = True
    depth = 1

    def __init__(self, function: str, operands: tuple[Plan, ...], types: frozenset[str]) -> None:
        self._function = function
        self._operands = tuple(map(calculable, operands))
        self.types = types

    def stream(self, w: Writer, body: Body) -> None:
        item = w.fresh()
        operands = ", ".join(one_system(w, one) for one in self._operands)
        with w.block(f"for {item} in {self._function}({operands}):"):
            body(w, item)


class AboutItem(Value):
    """A value told from the only item, its type and its sibling: `getValue`."""

    def __init__(self, function: str, focus: Plan, types: frozenset[str], form: Form = as_item) -> None:
        self._function = function
        self._focus = knowing_types(focus)
        self._form = form
        self.types = types

    def single(self, w: Writer) -> str:
        def build(inner: Writer) -> None:
            item = inner.let(self._focus.single(inner))
            with inner.block(f"if {item} is not None:"):
                inner.line(f"return {self._function}({self._form(self._focus, item)})")

        return w.call(build)


class Coded(Logical):
    """`memberOf(value set)`: what the caller's terminology says of a code, Coding or CodeableConcept."""

    def __init__(self, focus: Plan, value_set: Plan) -> None:
        self._focus = calculable(focus)
        self._value_set = value_set

    def single(self, w: Writer) -> str:
        return f"_member_of(s, {one_system(w, self._focus)}, {one_system(w, self._value_set)})"
