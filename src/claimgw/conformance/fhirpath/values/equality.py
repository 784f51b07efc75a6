"""When are two values, or two collections, the same? `=`, `~`, and what tells members of a set apart."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from claimgw.conformance.fhirpath.values import moments, quantities
from claimgw.conformance.fhirpath.values.moments import Moment
from claimgw.conformance.fhirpath.values.quantities import Measure


def equal(left: Any, right: Any) -> bool | None:
    """`=` of two single values, None for empty."""
    if left is None or right is None:
        return None
    kinds = (type(left), type(right))
    if Moment in kinds:
        return _same_moment(left, right) if kinds == (Moment, Moment) else False
    if Measure in kinds:
        one, other = quantities.of(left), quantities.of(right)
        order = quantities.compare(one, other) if one is not None and other is not None else 1
        return None if order is None else order == 0
    if dict in kinds or list in kinds:
        return bool(kinds[0] is kinds[1] and key(left) == key(right))
    # To Python True is 1; the rest of JSON it compares as FHIRPath does, 100.00 to 100 included.
    if (kinds[0] is bool) is not (kinds[1] is bool):
        return False
    return bool(left == right)


def _same_moment(left: Moment, right: Moment) -> bool | None:
    if (left.kind == "time") is not (right.kind == "time"):
        return False
    order = moments.compare(left, right)
    return None if order is None else order == 0


def equals(left: Sequence[Any], right: Sequence[Any]) -> bool | None:
    """`=` of two collections: as long, and the same in the same order."""
    if not left or not right:
        return None
    if len(left) != len(right):
        return False
    found = [equal(one, other) for one, other in zip(left, right, strict=True)]
    return False if False in found else None if None in found else True


def equivalent(left: Any, right: Any) -> bool:
    """`~` of two single values."""
    return bool(_blurred(left, right) == _blurred(right, left))


def equivalents(left: Sequence[Any], right: Sequence[Any]) -> bool:
    """`~` of two collections: the same in any order; two empty ones are."""
    if len(left) != len(right):
        return False
    if len(left) == 1:
        return equivalent(left[0], right[0])
    return sorted(map(repr, map(_blurred, left))) == sorted(map(repr, map(_blurred, right)))


def _blurred(value: Any, other: Any = None) -> Any:
    """What is left of a value when letters of either case and blanks are one, and decimals are cut alike."""
    match value:
        case str():
            return " ".join(value.casefold().split())
        case Decimal() | int() if type(value) is not bool:
            return _cut(value, other)
        case Moment():
            return ("moment", moments.key(value))
        case dict():
            return frozenset((name, _blurred(inner)) for name, inner in value.items() if name != "id")
        case list():
            return frozenset(map(_blurred, value))
        case _:
            return key(value)


def _cut(value: Decimal | int, other: Any) -> Any:
    scale = min(_decimals(value), _decimals(other) if isinstance(other, Decimal | int) else _decimals(value))
    if abs(Decimal(value).adjusted()) > 100:
        return value
    return round(Decimal(value), scale).normalize() if scale else round(value)


def _decimals(value: Decimal | int) -> int:
    exponent = value.as_tuple().exponent if isinstance(value, Decimal) else 0
    return min(-exponent, 30) if isinstance(exponent, int) and exponent < 0 else 0


def key(value: Any) -> Any:
    """What can stand in a set, the same for equal values. A moment counts by what it tells, zone aside."""
    if type(value) is str or type(value) is int:
        return value
    match value:
        case bool():
            return ("boolean", value)
        case dict():
            return frozenset((name, key(inner)) for name, inner in value.items())
        case list():
            return ("array", *map(key, value))
        case Moment():
            return ("moment", moments.key(value))
        case _:
            return value


def distinct(values: Iterable[Any]) -> list[Any]:
    """Each value once, in order of first appearance."""
    first: dict[Any, Any] = {}
    for value in values:
        first.setdefault(key(value), value)
    return list(first.values())


def is_distinct(values: Sequence[Any]) -> bool:
    return len(values) < 2 or len({key(value) for value in values}) == len(values)
