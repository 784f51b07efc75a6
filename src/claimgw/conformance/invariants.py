"""Which rules of FHIR R4 hold inside one object, whatever its profile? Those that nphies has a code for."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

Value = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Invariant:
    """`broken` yields where the object breaks the rule, as what is to be added to its place."""

    code: str
    broken: Callable[[Value], Iterator[str]]


def _both(value: Value) -> Iterator[str]:
    if value.get("extension") and _has_value(value):
        yield ""


def _neither(value: Value) -> Iterator[str]:
    if not value.get("extension") and not _has_value(value):
        yield ""


def _has_value(value: Value) -> bool:
    return any(key.startswith(("value", "_value")) for key in value)


def _nameless(value: Value) -> Iterator[str]:
    if not value.get("name") and not value.get("identifier"):
        yield ""


def _at_home(element: str) -> Callable[[Value], Iterator[str]]:
    def broken(value: Value) -> Iterator[str]:
        items = value.get(element)
        for index, item in enumerate(items if isinstance(items, list) else ()):
            if isinstance(item, dict) and item.get("use") == "home":
                yield f".{element}[{index}]"

    return broken


def _unreachable(value: Value) -> Iterator[str]:
    if not any(value.get(key) for key in ("name", "telecom", "address", "organization")):
        yield ""


def _unrounded(value: Value) -> Iterator[str]:
    amount = value.get("value")
    if isinstance(amount, Decimal) and amount.is_finite() and not _in_halalas(amount):
        yield ".value"


def _in_halalas(amount: Decimal) -> bool:
    """Whether it has no more than two decimals; 1.500 is 1.50."""
    _, digits, exponent = amount.as_tuple()
    surplus = -exponent - 2 if isinstance(exponent, int) else 0
    return surplus <= 0 or not any(digits[-surplus:])


def _no_url(value: Value) -> Iterator[str]:
    system = value.get("system")
    if isinstance(system, str) and system and ":" not in system:
        yield ".system"


INVARIANTS: Mapping[str, tuple[Invariant, ...]] = {
    "Extension": (Invariant("FR-00019", _both), Invariant("BV-00389", _neither)),
    "Identifier": (Invariant("BV-00219", _no_url),),
    "Money": (Invariant("GE-00028", _unrounded),),
    "Organization": (
        Invariant("FR-00021", _nameless),
        Invariant("FR-00022", _at_home("address")),
        Invariant("FR-00023", _at_home("telecom")),
    ),
    "PatientContact": (Invariant("FR-00024", _unreachable),),
}
