"""How does one reckon exactly? int and Decimal mixed; what is not exact or grows too large is empty."""

import sys
from collections.abc import Callable
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal, DecimalException, Inexact
from typing import Any, TypeAlias

Number: TypeAlias = int | Decimal
# FHIR gives a decimal 18 digits: a product of five is exact.
_DIGITS = 100
# Bytes of a Decimal of that many digits. One in a message may have millions; to multiply two takes a second.
_LARGEST = sys.getsizeof(Decimal("9" * _DIGITS))
_EXACT = Context(prec=_DIGITS)
_EXACT.traps[Inexact] = True
_ROUNDED = Context(prec=28)


def is_number(value: Any) -> bool:
    return type(value) is Decimal or type(value) is int


def is_handy(value: Any) -> bool:
    """Whether it is a number that can be reckoned with at no great cost."""
    if type(value) is int:
        return value.bit_length() <= 3 * _DIGITS
    if type(value) is not Decimal or sys.getsizeof(value) > _LARGEST:
        return False
    return value.is_finite() and abs(value.adjusted()) <= _DIGITS


def _reckoned(function: Callable[..., Number], *numbers: Any) -> Number | None:
    for number in numbers:
        if not is_handy(number):
            return None
    try:
        return function(*numbers)
    except (DecimalException, ArithmeticError, ValueError):
        return None


def plus(left: Any, right: Any) -> Number | None:
    return _reckoned(_EXACT.add, left, right)


def minus(left: Any, right: Any) -> Number | None:
    return _reckoned(_EXACT.subtract, left, right)


def times(left: Any, right: Any) -> Number | None:
    return _reckoned(_EXACT.multiply, left, right)


def divided(left: Any, right: Any) -> Number | None:
    """The quotient, rounded to 28 digits if it does not end."""
    return _reckoned(_ROUNDED.divide, left, right)


def quotient(left: Any, right: Any) -> Number | None:
    """`div`: the whole part of the quotient, towards zero."""
    return _reckoned(lambda one, other: int(_EXACT.divide_int(one, other)), left, right)


def remainder(left: Any, right: Any) -> Number | None:
    return _reckoned(_EXACT.remainder, left, right)


def negated(number: Any) -> Number | None:
    return -number if is_handy(number) else None


def absolute(number: Any) -> Number | None:
    return abs(number) if is_handy(number) else None


def ceiling(number: Any) -> int | None:
    return -int((-Decimal(number)).to_integral_value(ROUND_FLOOR)) if is_handy(number) else None


def floor(number: Any) -> int | None:
    return int(Decimal(number).to_integral_value(ROUND_FLOOR)) if is_handy(number) else None


def truncate(number: Any) -> int | None:
    return int(number) if is_handy(number) else None


def rounded(number: Any, digits: Any = 0) -> Number | None:
    """To that many decimals, halves away from zero."""
    if not is_handy(number) or type(digits) is not int or not 0 <= digits <= _DIGITS:
        return None
    if type(number) is int or -number.as_tuple().exponent <= digits:
        return _as_number(number)
    return _reckoned(lambda one: one.quantize(Decimal((0, (1,), -digits)), ROUND_HALF_UP, _ROUNDED), number)


def _as_number(number: Any) -> Number:
    return number if type(number) is int else Decimal(number)


def power(base: Any, exponent: Any) -> Number | None:
    def raised(one: Any, other: Any) -> Any:
        return _ROUNDED.power(one, other)

    return _reckoned(raised, base, exponent)


def square_root(number: Any) -> Number | None:
    return _reckoned(_ROUNDED.sqrt, number)


def exponential(number: Any) -> Number | None:
    return _reckoned(_ROUNDED.exp, number) if is_handy(number) and abs(number) < 1000 else None


def natural_logarithm(number: Any) -> Number | None:
    return _reckoned(_ROUNDED.ln, number) if is_handy(number) and number > 0 else None


def logarithm(number: Any, base: Any) -> Number | None:
    above, below = natural_logarithm(number), natural_logarithm(base)
    return divided(above, below) if above is not None and below else None
