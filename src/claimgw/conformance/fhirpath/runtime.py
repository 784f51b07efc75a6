"""Which functions may compiled expressions call? By the names their source has for them."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from claimgw.conformance.fhirpath import items
from claimgw.conformance.fhirpath.items import BARE, Item
from claimgw.conformance.fhirpath.scope import Scope
from claimgw.conformance.fhirpath.values import (
    conversions,
    equality,
    moments,
    numbers,
    operators,
    texts,
    xhtml,
)

# What `repeat` may find that is no part of the message, but calculated: it might never end.
_MOST_CALCULATED = 10_000


def _system_or_none(item: Item | None) -> Any:
    return None if item is None else items.system(item)


def _verdict_of_item(item: Item | None) -> bool | None:
    return None if item is None else items.verdict(items.plain(item))


def _has_value(item: Item) -> bool:
    return item[0] is not None and type(item[0]) is not dict


def _value_of(item: Item) -> Any:
    return items.system(item) if _has_value(item) else None


def _resolve(scope: Scope, value: Any) -> dict[str, Any] | None:
    reference = value.get("reference") if type(value) is dict else value
    found = scope.resolve(reference, scope.resource) if type(reference) is str else None
    return found if type(found) is dict else None


def _member_of(scope: Scope, value: Any, value_set: Any) -> bool | None:
    if value is None or value is BARE or type(value_set) is not str:
        return None
    return scope.member_of(value, value_set)


def _repeated(start: list[Item], projection: Callable[[Item], list[Item]]) -> list[Item]:
    """Each object once by its identity, each other value once by what it is."""
    found: list[Item] = []
    seen: set[Any] = set()
    level, calculated = start, 0
    while level and calculated < _MOST_CALCULATED:
        level, before = [], level
        for item in (inner for one in before for inner in projection(one)):
            mark = id(item[0]) if type(item[0]) is dict else _key(item)
            if mark not in seen:
                seen.add(mark)
                level.append(item)
                calculated += type(item[0]) is not dict
        found += level
    return found


def _key(value: Any) -> Any:
    """What tells members of a set apart; the type of an item does not."""
    return equality.key(items.system(value) if type(value) is tuple else value)


_PLAIN = frozenset({int, str})


def _keys(values: Sequence[Any]) -> set[Any]:
    # Numbers of items and of what they refer to: sets of them are made for each item.
    return set(values) if _PLAIN.issuperset(map(type, values)) else set(map(_key, values))


def _distinct(values: Sequence[Any]) -> list[Any]:
    first: dict[Any, Any] = {}
    for value in values:
        first.setdefault(_key(value), value)
    return list(first.values())


def _union(left: Sequence[Any], right: Sequence[Any]) -> list[Any]:
    return _distinct([*left, *right])


def _combined(left: Sequence[Any], right: Sequence[Any]) -> list[Any]:
    return [*left, *right]


def _intersection(left: Sequence[Any], right: Sequence[Any]) -> list[Any]:
    others = _keys(right)
    return [value for value in _distinct(left) if _key(value) in others]


def _excluding(left: Sequence[Any], right: Sequence[Any]) -> list[Any]:
    others = _keys(right)
    return [value for value in left if _key(value) not in others]


def _is_part(left: Sequence[Any], right: Sequence[Any]) -> bool:
    others = _keys(right)
    return all(_key(value) in others for value in left) if left else True


def _is_whole(left: Sequence[Any], right: Sequence[Any]) -> bool:
    return _is_part(right, left)


def _holds(values: Sequence[Any], value: Any) -> bool | None:
    return None if value is None else _key(value) in _keys(values)


def _last(values: Sequence[Any]) -> Sequence[Any]:
    return values[-1:]


def _only(values: Sequence[Any]) -> Sequence[Any]:
    return values if len(values) == 1 else ()


def _tail(values: Sequence[Any]) -> Sequence[Any]:
    return values[1:]


def _skip(values: Sequence[Any], count: Any) -> Sequence[Any]:
    return values[max(count, 0) :] if type(count) is int else ()


def _take(values: Sequence[Any], count: Any) -> Sequence[Any]:
    return values[: max(count, 0)] if type(count) is int else ()


def _at(values: Sequence[Any], index: Any) -> Sequence[Any]:
    return values[index : index + 1] if type(index) is int and index >= 0 else ()


def _total(values: Sequence[Any], function: Callable[[Any, Any], Any]) -> Any:
    total = values[0] if values else None
    for value in values[1:]:
        total = function(total, value)
    return total


def _sum(values: Sequence[Any]) -> Any:
    return _total(values, operators.plus) if values else 0


def _least(values: Sequence[Any]) -> Any:
    return _total(values, lambda one, other: other if operators.less(other, one) else one)


def _most(values: Sequence[Any]) -> Any:
    return _total(values, lambda one, other: other if operators.more(other, one) else one)


def _average(values: Sequence[Any]) -> Any:
    return operators.divided(_sum(values), len(values)) if values else None


def _converts(function: Callable[[Any], Any]) -> Callable[[Any], bool | None]:
    return lambda value: None if value is None else function(value) is not None


def _is(value: bool) -> Callable[[Sequence[Any]], bool]:
    return lambda values: all(one is value for one in values)


def _is_any(value: bool) -> Callable[[Sequence[Any]], bool]:
    return lambda values: any(one is value for one in values)


def _not_equivalent(left: Sequence[Any], right: Sequence[Any]) -> bool:
    return not equality.equivalents(left, right)


_CONVERSIONS: dict[str, Callable[[Any], Any]] = {
    "boolean": conversions.to_boolean,
    "integer": conversions.to_integer,
    "decimal": conversions.to_decimal,
    "string": conversions.to_string,
    "date": conversions.to_date,
    "date_time": conversions.to_date_time,
    "time": conversions.to_time,
    "quantity": conversions.to_quantity,
}
_RENAMED: dict[str, Callable[..., Any]] = {
    "_is_number": numbers.is_number,
    "_moment": moments.of,
    "_now": moments.of_clock,
    "_today": moments.today,
    "_time_of_day": moments.time_of_day,
    "_equal": equality.equal,
    "_equals": equality.equals,
    "_equivalents": equality.equivalents,
    "_is_distinct": equality.is_distinct,
    "_xhtml": xhtml.sound,
}
RUNTIME: Final[dict[str, Callable[..., Any]]] = _RENAMED | {
    f"_{function.__name__.lstrip('_')}": function
    for function in (
        *(items.plain, items.system, items.item_of, items.item_of_system, items.shadow, items.members),
        *(items.children, items.descendants, items.primitives, items.typed, items.chosen, items.chosen_item),
        *(items.is_of, items.verdict),
        *(
            operators.less,
            operators.at_most,
            operators.more,
            operators.at_least,
            operators.plus,
            operators.minus,
        ),
        *(operators.times, operators.divided, operators.negated),
        *(operators.both, operators.either, operators.one_of, operators.opposite),
        *(
            numbers.quotient,
            numbers.remainder,
            numbers.absolute,
            numbers.ceiling,
            numbers.floor,
            numbers.truncate,
        ),
        *(numbers.rounded, numbers.power, numbers.square_root, numbers.exponential),
        *(numbers.natural_logarithm, numbers.logarithm),
        *(
            texts.length,
            texts.starts_with,
            texts.ends_with,
            texts.contains,
            texts.index_of,
            texts.last_index_of,
        ),
        *(
            texts.substring,
            texts.upper,
            texts.lower,
            texts.trim,
            texts.replace,
            texts.split,
            texts.characters,
        ),
        *(texts.join, texts.joined),
        *(_system_or_none, _verdict_of_item, _has_value, _value_of, _resolve, _member_of, _repeated),
        *(_distinct, _union, _combined, _intersection, _excluding, _is_part, _is_whole, _holds),
        *(_last, _only, _tail, _skip, _take, _at, _sum, _least, _most, _average),
        _not_equivalent,
    )
}
for _name, _function in _CONVERSIONS.items():
    RUNTIME[f"_to_{_name}"] = _function
    RUNTIME[f"_converts_to_{_name}"] = _converts(_function)
for _word, _value in (("true", True), ("false", False)):
    RUNTIME[f"_all_{_word}"] = _is(_value)
    RUNTIME[f"_any_{_word}"] = _is_any(_value)
