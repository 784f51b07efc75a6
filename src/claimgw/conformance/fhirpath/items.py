"""What stands below a value, and of which type is it, where only the tree itself can tell?

An item is `(value, type, shadow)`: the JSON value, or None if only its `_element` sibling is there; its type;
that sibling, if it is an object. Plain values go through compiled code wherever the type is known beforehand.
"""

from itertools import zip_longest
from typing import Any, Final, TypeAlias

from claimgw.conformance.fhirpath import shapes
from claimgw.conformance.fhirpath.shapes import MOMENTS, RESOURCE, Route
from claimgw.conformance.fhirpath.values import moments

Item: TypeAlias = tuple[Any, str, Any]


class _Bare:
    """A primitive that has no value, only an id or extensions: it is there, and equals nothing."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "BARE"


BARE: Final = _Bare()


def plain(item: Item) -> Any:
    return BARE if item[0] is None else item[0]


def system(item: Item) -> Any:
    """The value FHIRPath calculates with: dates and times read, no type left."""
    value, type_, _ = item
    return moments.of(value) if type_ in MOMENTS else value


def item_of(value: Any, type_: str) -> Item:
    """The item of a value whose type the compiler knows, as far as it can be known."""
    if type_ == RESOURCE:
        return (value, shapes.type_of_resource(value), None)
    if value is BARE:
        return (None, type_, None)
    return (value, type_, None)


def item_of_system(value: Any) -> Item:
    return (value, shapes.type_of_value(value), None)


def shadow(holder: Any, key: str) -> Any:
    """BARE if the key has a sibling `_key` that is an object, else None."""
    return BARE if type(holder.get("_" + key)) is dict else None


def members(item: Item, name: str) -> list[Item]:
    value, type_, sibling = item
    if type_ in shapes.PRIMITIVES:
        value, type_ = sibling, "Element"
    if type(value) is not dict:
        return []
    found = shapes.routes(type_, name)
    if len(found) == 1:
        return _along(value, found[0])
    return [inner for route in found for inner in _along(value, route)]


def children(item: Item) -> list[Item]:
    value, type_, sibling = item
    if type_ in shapes.PRIMITIVES:
        value, type_ = sibling, "Element"
    if type(value) is not dict:
        return []
    routes = _by_key(type_)
    names = {key.removeprefix("_"): None for key in value}
    return [inner for name in names if name in routes for inner in _along(value, routes[name])]


_ROUTES: dict[str, dict[str, Route]] = {}


def _by_key(type_: str) -> dict[str, Route]:
    found = _ROUTES.get(type_)
    if found is None:
        found = _ROUTES[type_] = {route.key: route for route in shapes.all_routes(type_)}
    return found


def descendants(item: Item) -> list[Item]:
    """Everything below, each once; in order of depth."""
    found: list[Item] = []
    level = [item]
    while level:
        level = [inner for one in level for inner in children(one)]
        found += level
    return found


def _along(holder: dict[str, Any], route: Route) -> list[Item]:
    value = holder.get(route.key)
    sibling = holder.get("_" + route.key) if route.primitive else None
    if not route.many:
        found = _one(value, sibling, route)
        return [] if found is None else [found]
    values = value if type(value) is list else []
    siblings = sibling if type(sibling) is list else []
    pairs = zip_longest(values, siblings)
    return [found for one, other in pairs if (found := _one(one, other, route)) is not None]


def _one(value: Any, sibling: Any, route: Route) -> Item | None:
    if not route.primitive:
        return item_of(value, route.type) if type(value) is dict else None
    value = value if shapes.fits(value, route.type) else None
    sibling = sibling if type(sibling) is dict else None
    return None if value is None and sibling is None else (value, route.type, sibling)


def primitives(holder: Any, key: str, type_: str) -> list[Any]:
    """The values of a repeating primitive; BARE for one that has only its `_key` sibling."""
    if "_" + key in holder:
        return [plain(item) for item in _along(holder, Route(key, type_, True, True))]
    values = holder.get(key)
    if type(values) is not list:
        return []
    return [value for value in values if shapes.fits(value, type_)]


def typed(holder: Any, route: Route) -> list[Item]:
    return _along(holder, route)


def chosen(holder: Any, routes: dict[str, Route]) -> Any:
    """The value of a choice, under whichever of its keys it is given; the first if there are several."""
    for key in holder if len(holder) < len(routes) else routes:
        route = routes.get(key)
        value = holder.get(key) if route is not None else None
        if route is not None and value is not None and _suits(value, route):
            return value
    return _chosen_bare(holder, routes)


def _suits(value: Any, route: Route) -> bool:
    return shapes.fits(value, route.type) if route.primitive else type(value) is dict


def _chosen_bare(holder: Any, routes: dict[str, Route]) -> Any:
    for key in holder:
        if key[:1] == "_" and (route := routes.get(key[1:])) is not None and route.primitive:
            return shadow(holder, route.key)
    return None


def chosen_item(holder: Any, routes: dict[str, Route]) -> Item | None:
    for key in holder:
        route = routes.get(key[1:] if key[:1] == "_" else key)
        if route is not None and (found := _along(holder, route)):
            return found[0]
    return None


def is_of(item: Item | None, wanted: str) -> bool | None:
    return None if item is None else shapes.conforms(item[1], wanted)


def verdict(value: Any) -> bool | None:
    """A single value where a boolean is due: one of another kind counts as true (singleton evaluation)."""
    if type(value) is bool:
        return value
    return None if value is None or value is BARE else True
