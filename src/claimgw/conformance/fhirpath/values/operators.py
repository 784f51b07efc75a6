"""What do the operators give on two single values? None is empty: an operand is, or it means nothing."""

from typing import Any

from claimgw.conformance.fhirpath.values import moments, numbers, quantities, shifts
from claimgw.conformance.fhirpath.values.moments import Moment
from claimgw.conformance.fhirpath.values.numbers import is_number
from claimgw.conformance.fhirpath.values.quantities import Measure


def _order(left: Any, right: Any) -> int | None:
    """Below, at or above 0; None where there is no order, or none that can be told."""
    if (is_number(left) and is_number(right)) or type(left) is type(right) is str:
        return 0 if left == right else -1 if left < right else 1
    if type(left) is type(right) is Moment:
        return moments.compare(left, right)
    if Measure in (type(left), type(right)) or type(left) is type(right) is dict:
        one, other = quantities.of(left), quantities.of(right)
        return quantities.compare(one, other) if one is not None and other is not None else None
    return None


def less(left: Any, right: Any) -> bool | None:
    order = _order(left, right)
    return None if order is None else order < 0


def at_most(left: Any, right: Any) -> bool | None:
    order = _order(left, right)
    return None if order is None else order <= 0


def more(left: Any, right: Any) -> bool | None:
    order = _order(left, right)
    return None if order is None else order > 0


def at_least(left: Any, right: Any) -> bool | None:
    order = _order(left, right)
    return None if order is None else order >= 0


def plus(left: Any, right: Any) -> Any:
    if is_number(left) and is_number(right):
        return numbers.plus(left, right)
    if type(left) is str and type(right) is str:
        return left + right
    return _shifted(left, right, 1)


def minus(left: Any, right: Any) -> Any:
    if is_number(left) and is_number(right):
        return numbers.minus(left, right)
    return _shifted(left, right, -1)


def _shifted(left: Any, right: Any, sign: int) -> Any:
    by = quantities.of(right)
    if by is None:
        return None
    if type(left) is Moment:
        return shifts.shifted(left, by, sign)
    one = quantities.of(left)
    return quantities.plus(one, by, sign) if one is not None else None


def times(left: Any, right: Any) -> Any:
    if is_number(left) and is_number(right):
        return numbers.times(left, right)
    one, other = quantities.of(left), quantities.of(right)
    return quantities.times(one, other) if one is not None and other is not None else None


def divided(left: Any, right: Any) -> Any:
    if is_number(left) and is_number(right):
        return numbers.divided(left, right)
    one, other = quantities.of(left), quantities.of(right)
    return quantities.divided(one, other) if one is not None and other is not None else None


def negated(value: Any) -> Any:
    if is_number(value):
        return numbers.negated(value)
    one = quantities.of(value)
    if one is None or (found := numbers.negated(one.value)) is None:
        return None
    return Measure(found, one.unit)


def both(left: bool | None, right: bool | None) -> bool | None:
    """`and`"""
    if left is False or right is False:
        return False
    return None if left is None or right is None else True


def either(left: bool | None, right: bool | None) -> bool | None:
    """`or`"""
    if left is True or right is True:
        return True
    return None if left is None or right is None else False


def one_of(left: bool | None, right: bool | None) -> bool | None:
    """`xor`"""
    return None if left is None or right is None else left is not right


def opposite(value: bool | None) -> bool | None:
    """`not()`"""
    return None if value is None else not value
