"""How is a text met with a regular expression? The pattern is read when the expression is compiled."""

from collections.abc import Callable
from typing import Any

from claimgw.conformance.fhirpath.plan.base import Plan, Value, calculable, one_system
from claimgw.conformance.fhirpath.plan.logic import Logical
from claimgw.conformance.fhirpath.plan.writer import Writer
from claimgw.conformance.fhirpath.shapes import STRING


class Matched(Logical):
    """`matches(pattern)`"""

    def __init__(self, focus: Plan, matching: Callable[[Any], bool | None]) -> None:
        self._focus = calculable(focus)
        self._matching = matching

    def single(self, w: Writer) -> str:
        return f"{w.constant(self._matching)}({one_system(w, self._focus)})"


class Replaced(Value):
    """`replaceMatches(pattern, by)`"""

    types = frozenset({STRING})

    def __init__(self, focus: Plan, replacing: Callable[[Any, Any], str | None], by: Plan) -> None:
        self._focus = calculable(focus)
        self._replacing = replacing
        self._by = calculable(by)

    def single(self, w: Writer) -> str:
        operands = f"{one_system(w, self._focus)}, {one_system(w, self._by)}"
        return f"{w.constant(self._replacing)}({operands})"
