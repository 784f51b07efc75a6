"""What is done with each item of a collection in turn? The loops that bind `$this`, `$index` and `$total`."""

from claimgw.conformance.fhirpath import shapes
from claimgw.conformance.fhirpath.plan.base import (
    Body,
    Plan,
    Value,
    as_is,
    as_item,
    as_plain,
    gathered,
    knowing_types,
    nested,
    one_system,
)
from claimgw.conformance.fhirpath.plan.leaves import Bound, Total
from claimgw.conformance.fhirpath.plan.logic import Logical
from claimgw.conformance.fhirpath.plan.writer import Writer
from claimgw.conformance.fhirpath.shapes import INTEGER, SYSTEM, UNKNOWN


class Loop:
    """The items of a focus, each bound to `this`, its place to `index`."""

    def __init__(self, focus: Plan) -> None:
        self.focus = nested(focus)
        self.this = Bound(self.focus.types, self.focus)
        self.index = Bound(frozenset({INTEGER}))

    def run(self, w: Writer, body: Body) -> None:
        place = w.let("-1") if self.index.used else ""
        self.index.name = place

        def bind(w: Writer, item: str) -> None:
            if place:
                w.line(f"{place} += 1")
            self.this.name = item
            body(w, item)

        self.focus.stream(w, bind)


class Where(Plan):
    """`where(criteria)`"""

    def __init__(self, loop: Loop, criteria: Logical) -> None:
        self._loop = loop
        self._criteria = criteria
        self.types, self.many, self.depth = loop.focus.types, loop.focus.many, loop.focus.depth

    @property
    def tagged(self) -> bool:
        return self._loop.focus.tagged

    def tag(self) -> None:
        self._loop.focus.tag()

    def stream(self, w: Writer, body: Body) -> None:
        def test(w: Writer, item: str) -> None:
            with w.block(f"if {self._criteria.is_true(w)}:"):
                body(w, item)

        self._loop.run(w, test)


class Select(Plan):
    """`select(projection)`"""

    def __init__(self, loop: Loop, projection: Plan) -> None:
        self._loop = loop
        self._projection = nested(projection)
        self.types = projection.types
        self.many = loop.focus.many or projection.many
        self.depth = loop.focus.depth + self._projection.depth

    @property
    def tagged(self) -> bool:
        return self._projection.tagged

    def tag(self) -> None:
        self._projection.tag()

    def stream(self, w: Writer, body: Body) -> None:
        self._loop.run(w, lambda w, item: self._projection.stream(w, body))


class Repeat(Plan):
    """`repeat(projection)`: what it gives is given to it again, until nothing new comes."""

    many = True
    depth = 1
    types = frozenset({UNKNOWN})

    def __init__(self, focus: Plan) -> None:
        self._focus = knowing_types(focus)
        self.this = Bound(frozenset({UNKNOWN}), self)
        self._projection: Plan | None = None

    def with_projection(self, projection: Plan) -> "Repeat":
        self._projection = knowing_types(projection)
        return self

    @property
    def tagged(self) -> bool:
        return True

    def stream(self, w: Writer, body: Body) -> None:
        assert self._projection is not None
        self.this.name = this = w.fresh()
        again = gathered(w, self._projection, as_item)
        item = w.fresh()
        start = gathered(w, self._focus, as_item)
        with w.block(f"for {item} in _repeated({start}, lambda {this}: {again}):"):
            body(w, item)


class Aggregate(Value):
    """`aggregate(aggregator, init)`: `$total` goes from item to item."""

    types = SYSTEM

    def __init__(self, loop: Loop, total: Total, aggregator: Plan, begin: Plan) -> None:
        self._loop = loop
        self._total = total
        self._aggregator = aggregator
        self._begin = begin

    def single(self, w: Writer) -> str:
        def build(inner: Writer) -> None:
            total = self._total.name = inner.let(one_system(inner, self._begin))
            self._loop.run(inner, lambda w, item: w.line(f"{total} = {one_system(w, self._aggregator)}"))
            inner.line(f"return {total}")

        return w.call(build)


class First(Plan):
    """`first()`: nothing after the first item is looked at."""

    def __init__(self, focus: Plan) -> None:
        self._focus = focus
        self.types = focus.types

    @property
    def tagged(self) -> bool:
        return self._focus.tagged

    def tag(self) -> None:
        self._focus.tag()

    def single(self, w: Writer) -> str:
        return w.call(lambda inner: self._focus.stream(inner, lambda w, item: w.line(f"return {item}")))

    def stream(self, w: Writer, body: Body) -> None:
        value = w.let(self.single(w))
        with w.block(f"if {value} is not None:"):
            body(w, value)


class Either(Plan):
    """`iif(criterion, this, or that)`"""

    depth = 1

    def __init__(self, criterion: Logical, then: Plan, otherwise: Plan) -> None:
        self._criterion = criterion
        self._ways = (then, otherwise)
        self.types = then.types | otherwise.types
        self.many = then.many or otherwise.many
        self._tagged = False
        if any(way.tagged for way in self._ways):
            self.tag()

    @property
    def tagged(self) -> bool:
        return self._tagged or any(way.tagged for way in self._ways)

    def tag(self) -> None:
        self._tagged = True
        for way in self._ways:
            knowing_types(way)

    def single(self, w: Writer) -> str:
        if self.many or self.tagged:
            return super().single(w)
        then, otherwise = self._ways
        return f"({then.single(w)} if {self._criterion.is_true(w)} else {otherwise.single(w)})"

    def stream(self, w: Writer, body: Body) -> None:
        form = as_item if self.tagged else as_plain
        then, otherwise = (gathered(w, way, form) for way in self._ways)
        item = w.fresh()
        with w.block(f"for {item} in ({then} if {self._criterion.is_true(w)} else {otherwise}):"):
            body(w, item)


class Counted(Value):
    """`count()`"""

    types = frozenset({INTEGER})

    def __init__(self, focus: Plan) -> None:
        self._focus = focus

    def single(self, w: Writer) -> str:
        def build(inner: Writer) -> None:
            number = inner.let("0")
            self._focus.stream(inner, lambda w, item: w.line(f"{number} += 1"))
            inner.line(f"return {number}")

        return w.call(build)


class Cut(Plan):
    """`tail`, `last`, `skip`, `distinct` and others that give some of the items, in the form they come in."""

    depth = 1

    def __init__(
        self, focus: Plan, function: str, arguments: tuple[Plan, ...] = (), *, many: bool = True
    ) -> None:
        self._focus = focus
        self._function = function
        self._arguments = arguments
        self.types = focus.types
        self.many = many and focus.many

    @property
    def tagged(self) -> bool:
        return self._focus.tagged

    def tag(self) -> None:
        self._focus.tag()

    def stream(self, w: Writer, body: Body) -> None:
        values = [gathered(w, self._focus, as_is), *(one_system(w, one) for one in self._arguments)]
        item = w.fresh()
        with w.block(f"for {item} in {self._function}({', '.join(values)}):"):
            body(w, item)


class Joined(Plan):
    """`|`, `combine`, `intersect`, `exclude`: one collection made of two; items carry types if any must."""

    many = True
    depth = 1

    def __init__(self, left: Plan, right: Plan, function: str, types: frozenset[str]) -> None:
        self._sides = (left, right)
        self._function = function
        self.types = types
        self._tagged = False
        if any(side.tagged for side in self._sides) or not shapes.told(left.types | right.types):
            self.tag()

    @property
    def tagged(self) -> bool:
        return self._tagged or any(side.tagged for side in self._sides)

    def tag(self) -> None:
        self._tagged = True
        for side in self._sides:
            knowing_types(side)

    def stream(self, w: Writer, body: Body) -> None:
        form = as_item if self.tagged else as_plain
        left, right = (gathered(w, side, form) if side.types else "()" for side in self._sides)
        item = w.fresh()
        with w.block(f"for {item} in {self._function}({left}, {right}):"):
            body(w, item)
