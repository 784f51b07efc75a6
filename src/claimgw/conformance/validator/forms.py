"""Which of several forms is a value meant to have? That of which it lacks least."""

from collections.abc import Mapping, Sequence
from typing import Any

from claimgw.conformance.compiler.schema import Structure


def closest(value: Mapping[str, Any], forms: Sequence[Structure]) -> Structure:
    """Between equals, what is there speaks for a form."""
    return min(forms, key=lambda form: _lacks(value, form))


def is_absent(value: Mapping[str, Any], name: str) -> bool:
    """Whether an element is not there, nor its id or extensions."""
    # An empty array counts as absent, as real servers take it; null was found when the text was read.
    return (name not in value or value[name] == []) and f"_{name}" not in value


def _lacks(value: Mapping[str, Any], form: Structure) -> tuple[int, int]:
    missing = sum(is_absent(value, one.name) for one in form.required)
    return missing, missing - len(form.required)
