"""How does one get from a node to what stands below it? By known keys, else by looking."""

from claimgw.conformance.fhirpath import shapes
from claimgw.conformance.fhirpath.plan.base import (
    Body,
    Plan,
    as_item,
    as_object,
    as_plain,
    knowing_types,
    nested,
)
from claimgw.conformance.fhirpath.plan.leaves import Nothing, is_primitive
from claimgw.conformance.fhirpath.plan.writer import Writer
from claimgw.conformance.fhirpath.shapes import RESOURCE, UNKNOWN, Route

_FORMS = {
    "bool": "type({0}) is not bool",
    "int": "type({0}) is not int",
    "number": "not _is_number({0})",
    "str": "type({0}) is not str",
}


class Step(Plan):
    """`focus.name`, where the type of the focus tells the keys: one, or those of a choice."""

    def __init__(self, focus: Plan, routes: tuple[Route, ...]) -> None:
        self.focus = nested(focus)
        self.routes = routes
        self.types = frozenset(route.type for route in routes)
        self.many = focus.many or any(route.many for route in routes)
        self.depth = self.focus.depth + 1
        self._tagged = False

    @property
    def tagged(self) -> bool:
        return self._tagged

    def tag(self) -> None:
        self._tagged = True

    def stream(self, w: Writer, body: Body) -> None:
        self.focus.stream(w, lambda w, item: self._below(w, as_object(self.focus, item), body))

    def _below(self, w: Writer, holder: str, body: Body) -> None:
        route = self.routes[0]
        if len(self.routes) > 1:
            self._chosen(w, holder, body)
        elif self._tagged:
            self._each(w, f"_typed({holder}, {w.constant(route)})", body)
        elif route.many and route.primitive:
            self._each(w, f"_primitives({holder}, {route.key!r}, {route.type!r})", body)
        elif route.many:
            self._objects(w, holder, route, body)
        else:
            self._one(w, holder, route, body)

    def _each(self, w: Writer, values: str, body: Body) -> None:
        item = w.fresh()
        with w.block(f"for {item} in {values}:"):
            body(w, item)

    def _objects(self, w: Writer, holder: str, route: Route, body: Body) -> None:
        values = w.let(f"{holder}.get({route.key!r})")
        item = w.fresh()
        rows = w.block(f"for {item} in {values}:")
        with w.block(f"if type({values}) is list:"), rows, w.block(f"if type({item}) is dict:"):
            body(w, item)

    def _one(self, w: Writer, holder: str, route: Route, body: Body) -> None:
        key = route.key
        item = w.let(f"{holder}.get({key!r})")
        if not route.primitive:
            with w.block(f"if type({item}) is dict:"):
                body(w, item)
            return
        with w.block(f"if {_FORMS[shapes.form(route.type)].format(item)}:"):
            w.line(f"{item} = _shadow({holder}, {key!r}) if {'_' + key!r} in {holder} else None")
        with w.block(f"if {item} is not None:"):
            body(w, item)

    def _chosen(self, w: Writer, holder: str, body: Body) -> None:
        table = w.constant({route.key: route for route in self.routes})
        item = w.let(f"{'_chosen_item' if self._tagged else '_chosen'}({holder}, {table})")
        with w.block(f"if {item} is not None:"):
            body(w, item)


class Search(Plan):
    """`focus.name`, `children()` or `descendants()` by looking; the items found carry their types."""

    def __init__(self, focus: Plan, function: str, name: str | None, types: frozenset[str]) -> None:
        self._focus = knowing_types(nested(focus))
        self._function = function
        self._name = name
        self.types = types
        self.many = True
        self.depth = self._focus.depth + 1

    @property
    def tagged(self) -> bool:
        return True

    def stream(self, w: Writer, body: Body) -> None:
        def search(w: Writer, item: str) -> None:
            found = w.fresh()
            name = "" if self._name is None else f", {w.constant(self._name)}"
            with w.block(f"for {found} in {self._function}({as_item(self._focus, item)}{name}):"):
                body(w, found)

        self._focus.stream(w, search)


class OfType(Plan):
    """`ofType(type)` where only the item can tell."""

    def __init__(self, focus: Plan, wanted: str) -> None:
        self._focus = knowing_types(focus)
        self._wanted = wanted
        kept = {type_ for type_ in focus.types if shapes.conforms(type_, wanted)}
        unsure = bool({UNKNOWN, RESOURCE} & focus.types)
        self.types = frozenset(kept - {UNKNOWN, RESOURCE} | ({shapes.known_of(wanted)} if unsure else set()))
        self.many = focus.many
        self.depth = focus.depth

    @property
    def tagged(self) -> bool:
        return self._focus.tagged

    def stream(self, w: Writer, body: Body) -> None:
        def test(w: Writer, item: str) -> None:
            wanted = w.constant(self._wanted)
            with w.block(f"if _is_of({as_item(self._focus, item)}, {wanted}):"):
                body(w, item)

        self._focus.stream(w, test)


class Resolved(Plan):
    """`resolve()`: what the caller's resolver finds for each reference."""

    many = True

    def __init__(self, focus: Plan) -> None:
        self._focus = focus
        self.types = frozenset({RESOURCE})
        self.many = focus.many
        self.depth = focus.depth

    def stream(self, w: Writer, body: Body) -> None:
        def find(w: Writer, item: str) -> None:
            found = w.let(f"_resolve(s, {as_plain(self._focus, item)})")
            with w.block(f"if {found} is not None:"):
                body(w, found)

        self._focus.stream(w, find)


def member(focus: Plan, name: str) -> Plan | None:
    """The plan of `focus.name`; None if nothing that can stand in the focus has such an element."""
    if not focus.types:
        return Nothing()
    if {UNKNOWN, RESOURCE} & focus.types:
        return Search(focus, "_members", name, frozenset({UNKNOWN}))
    if is_primitive(focus):
        return _beside(focus, name)
    having = {type_: found for type_ in focus.types if (found := shapes.routes(type_, name))}
    if not having:
        return None
    if len(having) < len(focus.types):
        focus = narrowed(focus, frozenset(having))
    ways = set(having.values())
    if len(ways) == 1:
        return Step(focus, ways.pop())
    return Search(focus, "_members", name, frozenset(route.type for way in ways for route in way))


def _beside(focus: Plan, name: str) -> Plan | None:
    """What the `_element` sibling of a primitive holds."""
    if not (found := shapes.routes("Element", name)):
        return None
    if isinstance(focus, Step) and len(focus.routes) == 1 and not focus.tagged:
        (route,) = focus.routes
        return Step(Step(focus.focus, (Route("_" + route.key, "Element", route.many, False),)), found)
    focus.tag()
    return Search(focus, "_members", name, frozenset(route.type for route in found))


def narrowed(focus: Plan, types: frozenset[str]) -> Plan:
    """The items of the focus that have one of the types."""
    if isinstance(focus, Step) and not focus.tagged:
        return Step(focus.focus, tuple(route for route in focus.routes if route.type in types))
    return focus if focus.types <= types else _Kept(focus, types)


class _Kept(Plan):
    """The items of some of the types the focus can give, told by each item."""

    def __init__(self, focus: Plan, types: frozenset[str]) -> None:
        self._focus = knowing_types(focus)
        self.types = types
        self.many = focus.many
        self.depth = focus.depth

    @property
    def tagged(self) -> bool:
        return self._focus.tagged

    def stream(self, w: Writer, body: Body) -> None:
        def test(w: Writer, item: str) -> None:
            with w.block(f"if {as_item(self._focus, item)}[1] in {w.constant(self.types)}:"):
                body(w, item)

        self._focus.stream(w, test)


def of_type(focus: Plan, wanted: str) -> Plan:
    """The plan of `focus.ofType(wanted)`."""
    if {UNKNOWN, RESOURCE} & focus.types:
        return OfType(focus, wanted)
    types = frozenset(type_ for type_ in focus.types if shapes.conforms(type_, wanted))
    if not types:
        return Nothing()
    return narrowed(focus, types) if types != focus.types else focus
