"""When are two quantities the same, and which is more? Of one unit; nothing is converted."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from claimgw.conformance.fhirpath.values import numbers

# The words of the calendar stand for the units of UCUM, so that `18 years` meets an Age of 18 `a`. FHIRPath
# itself keeps years and months apart from `a` and `mo`, and then compares to empty.
_UNITS = {
    "year": "a",
    "month": "mo",
    "week": "wk",
    "day": "d",
    "hour": "h",
    "minute": "min",
    "second": "s",
    "millisecond": "ms",
}
CALENDAR: Final[Mapping[str, str]] = MappingProxyType(
    _UNITS | {f"{word}s": unit for word, unit in _UNITS.items()}
)


@dataclass(frozen=True, slots=True)
class Measure:
    """A Quantity of FHIRPath: a number and a unit, by its UCUM code; `1` if it has none."""

    value: numbers.Number
    unit: str

    def __str__(self) -> str:
        return f"{self.value} '{self.unit}'"


def of(value: Any) -> Measure | None:
    """The measure that a FHIR Quantity, a number or a Measure stands for; None if it is none."""
    if type(value) is Measure:
        return value
    if numbers.is_number(value):
        return Measure(value, "1")
    if type(value) is not dict or not numbers.is_number(value.get("value")) or "comparator" in value:
        return None
    unit = value.get("code", value.get("unit", "1"))
    return Measure(value["value"], unit) if type(unit) is str else None


def compare(left: Measure, right: Measure) -> int | None:
    """Below, at or above 0; None between different units."""
    if left.unit != right.unit:
        return None
    return (left.value > right.value) - (left.value < right.value)


def plus(left: Measure, right: Measure, sign: int) -> Measure | None:
    found = numbers.plus(left.value, right.value if sign > 0 else numbers.negated(right.value))
    return Measure(found, left.unit) if found is not None and left.unit == right.unit else None


def times(left: Measure, right: Measure) -> Measure | None:
    found = numbers.times(left.value, right.value)
    if found is None or "1" not in (left.unit, right.unit):
        return None
    return Measure(found, right.unit if left.unit == "1" else left.unit)


def divided(left: Measure, right: Measure) -> Measure | None:
    found = numbers.divided(left.value, right.value)
    if found is None or right.unit not in (left.unit, "1"):
        return None
    return Measure(found, "1" if left.unit == right.unit else left.unit)
