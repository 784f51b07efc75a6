"""Where does an expression begin? Literals, the node it is evaluated on, and what the scope holds."""

from decimal import Decimal

from claimgw.conformance.fhirpath import shapes
from claimgw.conformance.fhirpath.plan.base import Body, Plan, Value
from claimgw.conformance.fhirpath.plan.writer import Writer
from claimgw.conformance.fhirpath.shapes import PRIMITIVES
from claimgw.conformance.fhirpath.values.moments import Moment
from claimgw.conformance.fhirpath.values.quantities import Measure


class Nothing(Plan):
    """The empty collection."""

    def stream(self, w: Writer, body: Body) -> None:
        w.line("pass")

    def single(self, w: Writer) -> str:
        return "None"


class Constant(Value):
    """A literal."""

    def __init__(self, value: bool | str | int | Decimal | Moment | Measure) -> None:
        self.value = value
        self.types = frozenset({shapes.type_of_value(value)})

    def single(self, w: Writer) -> str:
        return repr(self.value) if isinstance(self.value, bool) else w.constant(self.value)

    def stream(self, w: Writer, body: Body) -> None:
        body(w, w.let(self.single(w)))


class Root(Plan):
    """The node an expression is evaluated on; `Compiled` sees to it that it has the form of its type."""

    def __init__(self, type_: str) -> None:
        self.types = frozenset({type_})

    def stream(self, w: Writer, body: Body) -> None:
        body(w, "x")

    def single(self, w: Writer) -> str:
        return "x"


class OfScope(Plan):
    """`%resource` and `%rootResource`, whatever the caller has put there."""

    def __init__(self, attribute: str, type_: str) -> None:
        self._attribute = attribute
        self.types = frozenset({type_})

    def stream(self, w: Writer, body: Body) -> None:
        value = w.let(f"s.{self._attribute}")
        with w.block(f"if type({value}) is dict:"):
            body(w, value)


class Clock(Value):
    """`now()`, `today()` and `timeOfDay()`, from the time the scope holds."""

    def __init__(self, function: str, type_: str) -> None:
        self._function = function
        self.types = frozenset({type_})

    def single(self, w: Writer) -> str:
        return f"{self._function}(s.now)"


class Bound(Plan):
    """What a loop has bound: `$this`, `$index` or `$total`. The loop sets `name` before its body."""

    def __init__(self, types: frozenset[str], source: Plan | None = None) -> None:
        self.types = types
        self.name = ""
        self.used = False
        self._source = source

    @property
    def tagged(self) -> bool:
        return self._source is not None and self._source.tagged

    def tag(self) -> None:
        if self._source is not None:
            self._source.tag()

    def stream(self, w: Writer, body: Body) -> None:
        body(w, self.name)

    def single(self, w: Writer) -> str:
        return self.name


class Total(Bound):
    """`$total`, which may be empty."""

    def stream(self, w: Writer, body: Body) -> None:
        with w.block(f"if {self.name} is not None:"):
            body(w, self.name)


def is_primitive(plan: Plan) -> bool:
    return bool(plan.types) and plan.types <= PRIMITIVES
