"""Is this JSON value a FHIR primitive of that type? Forms as in R4; dates are true to the calendar."""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

# Digits before and after the point of a decimal (spec §2.6: at most 30 characters).
_DIGITS = 30
_LARGEST = 2**31 - 1

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_OID = re.compile(r"urn:oid:[0-2](\.(0|[1-9][0-9]*))+")
_UUID = re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_BASE64 = re.compile(r"[0-9A-Za-z+/=\s]*")
_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]{1,12})?"
_ZONE = r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
_MOMENT = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})T" + _CLOCK + _ZONE)
_TIME = re.compile(_CLOCK)
_SPACE = re.compile(r"\s")


def conforms(type_: str, value: Any) -> bool:
    """Whether the value, as decoded from JSON, is a primitive of that FHIR type."""
    return _FORMS[type_](value)


def form(type_: str) -> Callable[[Any], bool]:
    """The same, for a type that is known beforehand."""
    return _FORMS[type_]


def _boolean(value: Any) -> bool:
    return isinstance(value, bool)


WHOLE_NUMBERS = {
    "integer": (-_LARGEST - 1, _LARGEST),
    "unsignedInt": (0, _LARGEST),
    "positiveInt": (1, _LARGEST),
}


def _whole(type_: str) -> Callable[[Any], bool]:
    least, most = WHOLE_NUMBERS[type_]
    # A JSON 1.0 comes as Decimal and is no integer; a JSON true is an int to Python.
    return lambda value: type(value) is int and least <= value <= most


def _decimal(value: Any) -> bool:
    if is_short(value):
        return True
    if type(value) is int:
        return value.bit_length() <= 4 * _DIGITS
    if not isinstance(value, Decimal) or not value.is_finite():
        return False
    exponent = value.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -_DIGITS and abs(value.adjusted()) <= _DIGITS


def is_short(value: Any) -> bool:
    """Whether it is a number written out in a few digits, as nearly all are.

    To take a Decimal apart costs five times as much.
    """
    if type(value) is int:
        return value.bit_length() < 3 * _DIGITS
    if type(value) is not Decimal:
        return False
    text = str(value)
    return len(text) < _DIGITS and "E" not in text and text[-1].isdigit()


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _matching(form: re.Pattern[str]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and form.fullmatch(value) is not None


def _code(value: Any) -> bool:
    # Words with one blank between them, none around; a regex for this is easily quadratic.
    return isinstance(value, str) and value == value.strip() and "  " not in value and value.isprintable()


def _uri(value: Any) -> bool:
    return isinstance(value, str) and _SPACE.search(value) is None


def _base64(value: Any) -> bool:
    return isinstance(value, str) and _BASE64.fullmatch(value) is not None


def _date(value: Any) -> bool:
    found = _DATE.fullmatch(value) if isinstance(value, str) else None
    return found is not None and _real(found[1], found[2] or "01", found[3] or "01")


def _instant(value: Any) -> bool:
    found = _MOMENT.fullmatch(value) if isinstance(value, str) else None
    return found is not None and _real(found[1], found[2], found[3])


def _date_time(value: Any) -> bool:
    return _date(value) or _instant(value)


def _real(year: str, month: str, day: str) -> bool:
    try:
        date(int(year), int(month), int(day))
    except ValueError:
        return False
    return True


_FORMS: dict[str, Callable[[Any], bool]] = {
    "boolean": _boolean,
    **{type_: _whole(type_) for type_ in WHOLE_NUMBERS},
    "decimal": _decimal,
    "string": _text,
    "markdown": _text,
    "xhtml": _text,
    "code": _code,
    "id": _matching(_ID),
    "oid": _matching(_OID),
    "uuid": _matching(_UUID),
    "uri": _uri,
    "url": _uri,
    "canonical": _uri,
    "base64Binary": _base64,
    "date": _date,
    "dateTime": _date_time,
    "instant": _instant,
    "time": _matching(_TIME),
}
