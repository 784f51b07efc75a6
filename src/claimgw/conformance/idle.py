"""Why can a code never be given at its place? Some rules of the list cannot be broken by a JSON message."""

from collections.abc import Mapping
from typing import Any

from claimgw.conformance.base import structure
from claimgw.conformance.compiler.schema import Element

_ONCE = "in JSON an element that is no array is given once; an array in its place is of the wrong form"
_ANY_NUMBER = "any number of them is right"
_NO_LIST = "no list is required for it, by no profile and not by base FHIR"


def idle(type_: str, element: Mapping[str, Any], kind: str, bound: str) -> str:
    """The reason, or "". `type_` is that of the profile, `bound` the value set its element is bound to."""
    match kind:
        case "cardinality" if element.get("min") == 0:
            base = _base(type_, element["path"])
            if base is None:
                return ""
            if not base.many:
                return _ONCE
            return _ANY_NUMBER if element.get("max") == "*" else ""
        case "binding" if not bound:
            base = _base(type_, element["path"])
            return _NO_LIST if base is not None and not base.codes else ""
    return ""


def _base(type_: str, path: str) -> Element | None:
    """The element of base FHIR; None for what is not there, or stands in an extension or a primitive."""
    found: Element | None = None
    for name in path.split(".")[1:]:
        if found is not None:
            if found.primitive or found.type in ("Extension", "Resource"):
                return None
            type_ = found.type
        known = (one for one in structure(type_).elements.values() if one.place == name.removesuffix("[x]"))
        found = next(known, None)
        if found is None:
            return None
    return found
