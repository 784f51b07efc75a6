"""What has every plan? Types, a way to stream its items, and a way to give its one item."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TypeAlias

from claimgw.conformance.fhirpath import shapes
from claimgw.conformance.fhirpath.plan.writer import Writer
from claimgw.conformance.fhirpath.shapes import MOMENTS, RESOURCE, SYSTEM, UNKNOWN

Body: TypeAlias = Callable[[Writer, str], None]
# Loops inside one another in one function; Python has a limit of 20.
_DEEPEST = 6


class Plan(ABC):
    """Gives a collection. `many`: whether it can hold more than one item; `depth`: loops inside one another.

    Items are plain JSON values as long as that is enough. If some consumer has to know the type of each, it
    calls `tag` when the plan is made, and every item comes as `items.Item`, which others take apart again.
    """

    types: frozenset[str] = frozenset()
    many = False
    depth = 0

    @property
    def tagged(self) -> bool:
        return False

    def tag(self) -> None:
        """Let the items carry their types; one that cannot be of several types need not."""
        return

    @abstractmethod
    def stream(self, w: Writer, body: Body) -> None:
        """Write the lines that carry out `body` once for each item, whose variable it is given."""

    def single(self, w: Writer) -> str:
        """The expression of the only item: None if there is none, or more than one."""

        def build(inner: Writer) -> None:
            if not self.many:
                self.stream(inner, lambda w, item: w.line(f"return {item}"))
                return
            only = inner.let("None")

            def keep(w: Writer, item: str) -> None:
                with w.block(f"if {only} is not None:"):
                    w.line("return None")
                w.line(f"{only} = {item}")

            self.stream(inner, keep)
            inner.line(f"return {only}")

        return w.call(build)


class Value(Plan):
    """A plan that gives one calculated value or none: what `single` says."""

    @abstractmethod
    def single(self, w: Writer) -> str: ...

    def stream(self, w: Writer, body: Body) -> None:
        value = w.let(self.single(w))
        with w.block(f"if {value} is not None:"):
            body(w, value)


class Boxed(Plan):
    """The items of another plan, gathered by a function of their own, so that loops do not nest too deep."""

    depth = 1

    def __init__(self, inner: Plan) -> None:
        self._inner = inner
        self.types, self.many = inner.types, inner.many

    @property
    def tagged(self) -> bool:
        return self._inner.tagged

    def tag(self) -> None:
        self._inner.tag()

    def stream(self, w: Writer, body: Body) -> None:
        item = w.fresh()
        with w.block(f"for {item} in {gathered(w, self._inner, as_is)}:"):
            body(w, item)


def nested(plan: Plan) -> Plan:
    """The plan, as something to loop over inside other loops."""
    return Boxed(plan) if plan.depth >= _DEEPEST else plan


def knowing_types(plan: Plan) -> Plan:
    """The plan, such that `as_item` can tell the type of each of its items."""
    if not shapes.told(plan.types) and plan.types != {RESOURCE} and not plan.types <= SYSTEM:
        plan.tag()
    return plan


def calculable(plan: Plan) -> Plan:
    """The plan, such that `as_system` can tell dates from strings."""
    if UNKNOWN in plan.types or (plan.types & MOMENTS and plan.types - MOMENTS):
        plan.tag()
    return plan


Form: TypeAlias = Callable[[Plan, str], str]


def as_is(plan: Plan, item: str) -> str:
    return item


def as_plain(plan: Plan, item: str) -> str:
    """The JSON value of an item."""
    return f"_plain({item})" if plan.tagged else item


def as_object(plan: Plan, item: str) -> str:
    """The JSON value of an item that is no primitive."""
    return f"{item}[0]" if plan.tagged else item


def as_system(plan: Plan, item: str) -> str:
    """The value to calculate with, of a plan that is `calculable`; the item may be None."""
    if plan.tagged:
        return f"_system({item})"
    return f"_moment({item})" if plan.types and plan.types <= MOMENTS else item


def as_item(plan: Plan, item: str) -> str:
    """The item with its type, of a plan that is `knowing_types`."""
    if plan.tagged:
        return item
    if plan.types <= SYSTEM:
        return f"_item_of_system({item})"
    (type_,) = plan.types
    return f"_item_of({item}, {type_!r})"


def gathered(w: Writer, plan: Plan, form: Form) -> str:
    """The expression of a list of all items."""

    def build(inner: Writer) -> None:
        found = inner.let("[]")
        plan.stream(inner, lambda w, item: w.line(f"{found}.append({form(plan, item)})"))
        inner.line(f"return {found}")

    return w.call(build)


def one_system(w: Writer, plan: Plan) -> str:
    """The expression of the only value to calculate with, None if there is none or there are several."""
    single = plan.single(w)
    # `_system` takes an item apart, and None is none.
    return f"_system_or_none({single})" if plan.tagged else as_system(plan, single)
