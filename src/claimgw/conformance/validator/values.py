"""Is a value the one, of the pattern, among the codes and no longer than its profile says?"""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from claimgw.conformance.compiler.schema import Code, Element, Limits
from claimgw.conformance.terminology import Answer, answer
from claimgw.conformance.validator.faults import Kind

# The server's code for one that is in no list at all, beside a code of the provider's own.
_NO_SUCH_CODE = Code("IB-00238")
# A second coding is for the provider's own code.
_TWO_OF_THE_LIST = Code("BV-00527", place=".coding")
_ARABIC = re.compile(r"[\u0600-\u06ff]")


def broken(value: Any, element: Element, limits: Limits) -> Iterator[tuple[Kind, Code | None]]:
    """The kinds of fault and their codes, if the profile gives them. One fault for one mistake."""
    if limits.binding is not None:
        told = answer(limits.binding.value_set, value)
        if told is Answer.MISSHAPEN and _has_shadow(value):
            yield Kind.CODE, _NO_SUCH_CODE
            return
        if told in (Answer.NO, Answer.MISSHAPEN):
            yield Kind.CODE, element.errors.get("binding")
            return
        if _has_shadow(value) and _of_the_list(value, limits.binding.value_set.systems) > 1:
            yield Kind.CODE, _TWO_OF_THE_LIST
    if (limits.fixed is not None and not same(value, limits.fixed)) or (
        limits.pattern is not None and not follows(value, limits.pattern)
    ):
        yield Kind.FIXED, element.errors.get("fixed") or element.errors.get("binding")
    if limits.length is not None and _length(value) > _longest(value, limits):
        yield Kind.LENGTH, element.errors.get("length") or element.errors.get(f"length:{element.type}")


def _has_shadow(value: Any) -> bool:
    """Whether the provider's own code stands beside that of the list."""
    codings = value.get("coding") if isinstance(value, dict) else None
    return isinstance(codings, list) and len(codings) > 1


def _of_the_list(concept: dict[str, Any], systems: frozenset[str]) -> int:
    """How many of the systems that the bound value set draws on are given; twice the same is BV-00526."""
    given = (one.get("system") for one in concept["coding"] if isinstance(one, dict))
    return len({system for system in given if isinstance(system, str)} & systems)


def _length(value: Any) -> int:
    """Of a text, or of a number as it is written."""
    if isinstance(value, str):
        return len(value)
    return len(str(value)) if isinstance(value, Decimal | int) and not isinstance(value, bool) else 0


def _longest(value: Any, limits: Limits) -> int:
    if limits.arabic_length is not None and isinstance(value, str) and _ARABIC.search(value):
        return limits.arabic_length
    return limits.length or 0


def same(value: Any, fixed: Any) -> bool:
    """Equal as JSON: true is not 1."""
    return type(value) is type(fixed) and bool(value == fixed)


def follows(value: Any, pattern: Any) -> bool:
    """Whether the value holds all that the pattern holds; each item of an array somewhere."""
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(
            key in value and follows(value[key], inner) for key, inner in pattern.items()
        )
    if isinstance(pattern, list):
        return isinstance(value, list) and all(any(follows(one, item) for one in value) for item in pattern)
    return same(value, pattern)
