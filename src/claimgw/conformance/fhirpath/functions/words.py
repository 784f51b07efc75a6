"""Which functions work on strings and numbers, turn one into the other, or tell the time?"""

from collections.abc import Callable
from typing import Any

from claimgw.conformance.fhirpath.functions.site import Function, Site
from claimgw.conformance.fhirpath.plan.base import Plan
from claimgw.conformance.fhirpath.plan.calculations import AskedOfOne, OfAll, OfOne, Several
from claimgw.conformance.fhirpath.plan.leaves import Clock
from claimgw.conformance.fhirpath.plan.patterns import Matched, Replaced
from claimgw.conformance.fhirpath.shapes import (
    DATE,
    DATE_TIME,
    DECIMAL,
    INTEGER,
    QUANTITY,
    STRING,
    SYSTEM,
    TIME,
)
from claimgw.conformance.fhirpath.values import regexes
from claimgw.conformance.fhirpath.values.pattern import NotLinear

_TEXT, _NUMBER = frozenset({STRING}), frozenset({INTEGER, DECIMAL})


def _one(function: str, types: frozenset[str], least: int = 0, most: int = 0) -> Function:
    return Function(least, most, lambda site: OfOne(function, (site.focus, *site.arguments()), types))


def _asked(function: str, arguments: int = 0) -> Function:
    return Function(arguments, arguments, lambda site: AskedOfOne(function, (site.focus, *site.arguments())))


def _several(function: str, arguments: int) -> Function:
    def build(site: Site) -> Plan:
        return Several(function, (site.focus, *site.arguments()), _TEXT)

    return Function(arguments, arguments, build)


def _pattern(site: Site, read: Callable[[str], Callable[..., Any]]) -> Callable[..., Any]:
    text = site.text(0)
    try:
        return read(text)
    except NotLinear as fault:
        site.refuse(str(fault), site.call.arguments[0])


def _replace_matches(site: Site) -> Plan:
    return Replaced(site.focus, _pattern(site, regexes.replacing), site.argument(1))


def _clock(function: str, type_: str) -> Function:
    return Function(0, 0, lambda site: Clock(function, type_))


def _conversions() -> dict[str, Function]:
    names = {
        "Boolean": ("boolean", SYSTEM),
        "Integer": ("integer", frozenset({INTEGER})),
        "Decimal": ("decimal", _NUMBER),
        "String": ("string", _TEXT),
        "Date": ("date", frozenset({DATE})),
        "DateTime": ("date_time", frozenset({DATE_TIME})),
        "Time": ("time", frozenset({TIME})),
        "Quantity": ("quantity", frozenset({QUANTITY})),
    }
    found = {f"to{name}": _one(f"_to_{word}", types) for name, (word, types) in names.items()}
    return found | {f"convertsTo{name}": _asked(f"_converts_to_{word}") for name, (word, _) in names.items()}


WORDS = {
    "length": _one("_length", frozenset({INTEGER})),
    "indexOf": _one("_index_of", frozenset({INTEGER}), 1, 1),
    "lastIndexOf": _one("_last_index_of", frozenset({INTEGER}), 1, 1),
    "substring": _one("_substring", _TEXT, 1, 2),
    "startsWith": _asked("_starts_with", 1),
    "endsWith": _asked("_ends_with", 1),
    "contains": _asked("_contains", 1),
    "upper": _one("_upper", _TEXT),
    "lower": _one("_lower", _TEXT),
    "trim": _one("_trim", _TEXT),
    "replace": _one("_replace", _TEXT, 2, 2),
    "matches": Function(1, 1, lambda site: Matched(site.focus, _pattern(site, regexes.search))),
    "matchesFull": Function(1, 1, lambda site: Matched(site.focus, _pattern(site, regexes.full))),
    "replaceMatches": Function(2, 2, _replace_matches),
    "split": _several("_split", 1),
    "toChars": _several("_characters", 0),
    "join": Function(0, 1, lambda site: OfAll("_join", site.focus, site.arguments(), _TEXT)),
    "abs": _one("_absolute", _NUMBER),
    "ceiling": _one("_ceiling", frozenset({INTEGER})),
    "floor": _one("_floor", frozenset({INTEGER})),
    "truncate": _one("_truncate", frozenset({INTEGER})),
    "round": _one("_rounded", _NUMBER, 0, 1),
    "power": _one("_power", _NUMBER, 1, 1),
    "sqrt": _one("_square_root", _NUMBER),
    "exp": _one("_exponential", _NUMBER),
    "ln": _one("_natural_logarithm", _NUMBER),
    "log": _one("_logarithm", _NUMBER, 1, 1),
    "now": _clock("_now", DATE_TIME),
    "today": _clock("_today", DATE),
    "timeOfDay": _clock("_time_of_day", TIME),
} | _conversions()
