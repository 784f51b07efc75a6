"""Which rules of FHIR R4 hold inside one object, whatever its profile? Those that nphies has a code for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

Value = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Invariant:
    """`broken`: where the object breaks the rule, as what is to be added to its place."""

    code: str
    broken: Callable[[Value], Sequence[str]]


_KEPT = ()
_HERE = ("",)


def _both(value: Value) -> Sequence[str]:
    return _HERE if value.get("extension") and _has_value(value) else _KEPT


def _neither(value: Value) -> Sequence[str]:
    return _KEPT if value.get("extension") or _has_value(value) else _HERE


def _has_value(value: Value) -> bool:
    return any(key.startswith(("value", "_value")) for key in value)


def _nameless(value: Value) -> Sequence[str]:
    return _KEPT if value.get("name") or value.get("identifier") else _HERE


def _at_home(element: str) -> Callable[[Value], Sequence[str]]:
    def broken(value: Value) -> Sequence[str]:
        items = value.get(element)
        return [
            f".{element}[{index}]"
            for index, item in enumerate(items if isinstance(items, list) else ())
            if isinstance(item, dict) and item.get("use") == "home"
        ]

    return broken


def _unreachable(value: Value) -> Sequence[str]:
    return _KEPT if any(value.get(key) for key in ("name", "telecom", "address", "organization")) else _HERE


def _unrounded(value: Value) -> Sequence[str]:
    amount = value.get("value")
    if isinstance(amount, Decimal) and amount.is_finite() and not _in_halalas(amount):
        return (".value",)
    return _KEPT


def _in_halalas(amount: Decimal) -> bool:
    """Whether it has no more than two decimals; 1.500 is 1.50."""
    if amount == 0 or str(amount)[-3:-2] == ".":
        return True
    _, digits, exponent = amount.as_tuple()
    surplus = -exponent - 2 if isinstance(exponent, int) else 0
    return surplus <= 0 or not any(digits[-surplus:])


def _no_url(value: Value) -> Sequence[str]:
    system = value.get("system")
    return (".system",) if isinstance(system, str) and system and ":" not in system else _KEPT


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
