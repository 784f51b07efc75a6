"""What is asked of a collection? Whether it is there, all are so, it is equal: true, false or unknown."""

from claimgw.conformance.fhirpath import shapes
from claimgw.conformance.fhirpath.plan.base import (
    Plan,
    as_item,
    as_object,
    as_system,
    calculable,
    gathered,
    knowing_types,
    one_system,
)
from claimgw.conformance.fhirpath.plan.leaves import Bound, Constant, Nothing, Root
from claimgw.conformance.fhirpath.plan.logic import Definite, Logical
from claimgw.conformance.fhirpath.plan.loops import Loop
from claimgw.conformance.fhirpath.plan.paths import Step
from claimgw.conformance.fhirpath.plan.writer import Writer
from claimgw.conformance.fhirpath.shapes import RESOURCE, UNKNOWN


class Exists(Definite):
    """`exists()`"""

    def __init__(self, focus: Plan) -> None:
        self._focus = focus

    def is_true(self, w: Writer) -> str:
        def build(inner: Writer) -> None:
            self._focus.stream(inner, lambda w, item: w.line("return True"))
            inner.line("return False")

        return w.call(build)


class All(Definite):
    """`all(criteria)`"""

    def __init__(self, loop: Loop, criteria: Logical) -> None:
        self._loop = loop
        self._criteria = criteria

    def is_true(self, w: Writer) -> str:
        def test(w: Writer, item: str) -> None:
            with w.block(f"if not {self._criteria.is_true(w)}:"):
                w.line("return False")

        def build(inner: Writer) -> None:
            self._loop.run(inner, test)
            inner.line("return True")

        return w.call(build)


class IsType(Logical):
    """`is type`"""

    def __init__(self, focus: Plan, wanted: str) -> None:
        self._focus = knowing_types(focus)
        self._wanted = wanted

    def single(self, w: Writer) -> str:
        # Bound to a name first: `as_item` of a plan without tags would make an item of None.
        def build(inner: Writer) -> None:
            item = inner.let(self._focus.single(inner))
            with inner.block(f"if {item} is not None:"):
                inner.line(f"return _is_of({as_item(self._focus, item)}, {inner.constant(self._wanted)})")

        return w.call(build)


def equal(left: Plan, right: Plan) -> Logical:
    """`=`"""
    if isinstance(left, Constant):
        left, right = right, left
    if isinstance(left, Nothing) or isinstance(right, Nothing):
        return Unknown()
    if isinstance(right, Constant) and isinstance(right.value, str | bool) and _plainly(left):
        return EqualsWord(left, right)
    return Equal(calculable(left), calculable(right))


def _plainly(plan: Plan) -> bool:
    """Whether Python's own `==` or `is` tells an item from a string or a boolean."""
    return UNKNOWN not in plan.types and not plan.types & shapes.MOMENTS


class Unknown(Logical):
    """Empty, whatever the message."""

    def single(self, w: Writer) -> str:
        return "None"


class EqualsWord(Logical):
    """`path = 'word'`: nine of ten comparisons."""

    def __init__(self, left: Plan, right: Constant) -> None:
        self._left = left
        self._right = right

    def _test(self, w: Writer, item: str) -> str:
        value = f"_plain({item})" if self._left.tagged else item
        sign = "is" if isinstance(self._right.value, bool) else "=="
        return f"{value} {sign} {self._right.single(w)}"

    def single(self, w: Writer) -> str:
        def build(inner: Writer) -> None:
            if not self._left.many:
                self._left.stream(inner, lambda w, item: w.line(f"return {self._test(w, item)}"))
                return
            only = inner.let("None")

            def keep(w: Writer, item: str) -> None:
                with w.block(f"if {only} is not None:"):
                    w.line("return False")
                w.line(f"{only} = {item}")

            self._left.stream(inner, keep)
            inner.line(f"return None if {only} is None else {self._test(inner, only)}")

        return w.call(build)

    def is_true(self, w: Writer) -> str:
        if (found := self._at_hand()) is None:
            return self.single(w)
        return f"({found} {'is' if isinstance(self._right.value, bool) else '=='} {self._right.single(w)})"

    def _at_hand(self) -> str | None:
        """The expression of the left side, if it is one key of an object that is at hand.

        What stands there in a wrong form is no string, and is not equal either.
        """
        left = self._left
        if isinstance(left, Bound | Root):
            return None if left.tagged else _name(left)
        if not isinstance(left, Step) or left.many or left.tagged or len(left.routes) > 1:
            return None
        focus = left.focus
        if not isinstance(focus, Bound | Root) or RESOURCE in focus.types or not left.routes[0].primitive:
            return None
        return f"{as_object(focus, _name(focus))}.get({left.routes[0].key!r})"


def _name(plan: Bound | Root) -> str:
    return plan.name if isinstance(plan, Bound) else "x"


class Equal(Logical):
    """`=` of anything."""

    def __init__(self, left: Plan, right: Plan) -> None:
        self._left = left
        self._right = right

    def single(self, w: Writer) -> str:
        if not self._left.many and not self._right.many:
            return f"_equal({one_system(w, self._left)}, {one_system(w, self._right)})"
        left, right = (gathered(w, plan, as_system) for plan in (self._left, self._right))
        return f"_equals({left}, {right})"
