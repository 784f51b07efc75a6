"""Which slice is an item of an array part of?"""

from typing import Any

from claimgw.conformance.compiler.schema import Element, Slicing
from claimgw.conformance.validator.values import follows


def choose(item: Any, slicing: Slicing) -> Element | None:
    """The slice as an element of its own; None if the item is part of none."""
    if not isinstance(item, dict):
        return None
    if slicing.path == "url":
        url = item.get("url")
        return slicing.slices.get(url) if isinstance(url, str) else None
    given = item.get(slicing.path)
    codings = given.get("coding") if isinstance(given, dict) else None
    for coding in codings if isinstance(codings, list) else ():
        if isinstance(coding, dict):
            system, code = coding.get("system"), coding.get("code")
            if isinstance(system, str) and isinstance(code, str):
                part = slicing.codings.get((system, code))
                if part is not None:
                    return part
    return next((part for pattern, part in slicing.patterns if follows(given, pattern)), None)
