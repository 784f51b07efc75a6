"""What does a value become as another type? None where FHIRPath has no such conversion."""

import re
from decimal import Decimal
from typing import Any

from claimgw.conformance.fhirpath.values import moments, numbers
from claimgw.conformance.fhirpath.values.moments import DATE_PARTS, Moment
from claimgw.conformance.fhirpath.values.quantities import CALENDAR, Measure
from claimgw.conformance.fhirpath.values.quantities import of as measure
from claimgw.conformance.fhirpath.values.shifts import text_of

_TRUE = frozenset({"true", "t", "yes", "y", "1", "1.0"})
_FALSE = frozenset({"false", "f", "no", "n", "0", "0.0"})
_INTEGER = re.compile(r"[+-]?[0-9]{1,80}")
_DECIMAL = re.compile(r"[+-]?[0-9]{1,40}(?:\.[0-9]{1,40})?")
_QUANTITY = re.compile(r"([+-]?[0-9]{1,40}(?:\.[0-9]{1,40})?)(?:\s{1,9}(?:'([^']{1,99})'|([a-z]{1,20})))?")


def to_boolean(value: Any) -> bool | None:
    if type(value) is bool:
        return value
    if numbers.is_number(value):
        return {0: False, 1: True}.get(value)
    if type(value) is not str:
        return None
    word = value.lower()
    return True if word in _TRUE else False if word in _FALSE else None


def to_integer(value: Any) -> int | None:
    if type(value) is bool:
        return int(value)
    if type(value) is int:
        return value
    return int(value) if type(value) is str and _INTEGER.fullmatch(value) else None


def to_decimal(value: Any) -> numbers.Number | None:
    if type(value) is bool:
        return int(value)
    if numbers.is_number(value):
        number: numbers.Number = value
        return number
    return Decimal(value) if type(value) is str and _DECIMAL.fullmatch(value) else None


def to_string(value: Any) -> str | None:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case int() | Decimal():
            return format(value, "d" if type(value) is int else "f") if numbers.is_handy(value) else None
        case Moment() | Measure():
            return str(value)
        case dict() if (found := measure(value)) is not None:
            return str(found)
        case _:
            return None


def to_date(value: Any) -> Moment | None:
    found = moments.of(value)
    if found is None or found.kind == "time" or (type(value) is str and found.kind != "date"):
        return None
    parts = found.parts[:DATE_PARTS]
    day = Moment("date", parts, None, "")
    return Moment("date", parts, None, text_of(day))


def to_date_time(value: Any) -> Moment | None:
    found = moments.of(value)
    if found is None or found.kind == "time":
        return None
    return found if found.kind == "dateTime" else Moment("dateTime", found.parts, None, found.text)


def to_time(value: Any) -> Moment | None:
    found = moments.of(value)
    return found if found is not None and found.kind == "time" else None


def to_quantity(value: Any) -> Measure | None:
    if type(value) is bool:
        return Measure(int(value), "1")
    if type(value) is not str:
        return measure(value)
    found = _QUANTITY.fullmatch(value)
    if found is None or (found[3] and found[3] not in CALENDAR):
        return None
    unit = found[2] or (CALENDAR[found[3]] if found[3] else "1")
    number = found[1]
    return Measure(Decimal(number) if "." in number else int(number), unit)
