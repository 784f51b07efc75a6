"""Does a text match a regular expression, in time that grows with the text and no faster?

Python's `re` tries every way: `(a+)+$` never ends on forty letters. A pattern in which one part at most can
vary, from a fixed start, has one way, and goes to `re`. Any other is run as an automaton, some
twenty times slower.
"""

import re
from collections.abc import Callable
from typing import Any, TypeAlias, assert_never

from claimgw.conformance.fhirpath.values.automaton import Automaton
from claimgw.conformance.fhirpath.values.pattern import (
    Choice,
    Edge,
    Letters,
    NotLinear,
    Part,
    Repeated,
    Row,
    read,
)

_FLAGS = re.ASCII | re.DOTALL
_LONGEST = 2000
_GROUP = re.compile(r"\$([0-9])")
Matching: TypeAlias = Callable[[Any], bool | None]


def search(pattern: str) -> Matching:
    """`matches`: is it found anywhere in the text? Raises NotLinear."""
    parts, compiled = _read(pattern)
    if isinstance(parts, Row) and parts.parts[:1] == (Edge.START,) and _varying(parts) <= 1:
        find = compiled.search
        return lambda text: find(text) is not None if type(text) is str else None
    automaton = Automaton(parts)
    return lambda text: automaton.found_in(text) if type(text) is str else None


def full(pattern: str) -> Matching:
    """`matchesFull`: is it the whole text? Raises NotLinear."""
    _read(pattern)
    return search(rf"\A(?:{pattern})\Z")


def replacing(pattern: str) -> Callable[[Any, Any], str | None]:
    """`replaceMatches`, with `$1` for the first group. Raises NotLinear."""
    parts, compiled = _read(pattern)
    if not pattern or not _greedy_to_the_end(parts):
        raise NotLinear("Matches can be replaced only if no more than the last part of the pattern varies")

    def replaced(text: Any, by: Any) -> str | None:
        if type(text) is not str or type(by) is not str:
            return None
        return compiled.sub(lambda found: _GROUP.sub(lambda mark: _group(found, mark), by), text)

    return replaced


def _group(found: re.Match[str], mark: re.Match[str]) -> str:
    number = int(mark[1])
    return (found[number] or "") if number <= found.re.groups else mark[0]


def _read(pattern: str) -> tuple[Part, re.Pattern[str]]:
    if len(pattern) > _LONGEST:
        raise NotLinear(f"The regular expression is longer than {_LONGEST} characters")
    parts = read(pattern)
    try:
        return parts, re.compile(pattern.replace(r"\z", r"\Z"), _FLAGS)
    except (re.error, OverflowError, RecursionError) as fault:
        raise NotLinear(f"The regular expression cannot be read: {fault}") from None


def _greedy_to_the_end(part: Part) -> bool:
    """Whether nothing varies but the last part: what that takes, no later match looks at again."""
    if not isinstance(part, Row) or not part.parts:
        return _varying(part) == 0
    *fixed, last = part.parts
    return sum(map(_varying, fixed)) == 0 and _varying(last) <= 1


def _varying(part: Part) -> int:
    """How many parts of a pattern vary in length; more than 1 also if that cannot be told."""
    match part:
        case Letters() | Edge():
            return 0
        case Row():
            return sum(map(_varying, part.parts))
        case Choice():
            return 2
        case Repeated():
            return int(part.least != part.most) if isinstance(part.part, Letters) else 2
        case _:
            assert_never(part)
