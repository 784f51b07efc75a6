"""Why can a code never be given at its place? Some rules of the list cannot be broken by a JSON message."""

from collections.abc import Mapping, Sequence
from typing import Any

from claimgw.conformance.base import structure
from claimgw.conformance.compiler.schema import Element
from claimgw.conformance.rulebook.error_codes import ErrorCode

_ANY_NUMBER = "any number of them is right"
_NO_LIST = "no list is required for it, by no profile and not by base FHIR"
_EACH_TYPE = "each type that base FHIR allows there has a code of its own"
_ANY_RESOURCE = "a reference to any resource is right"
_NO_FORM = "a longer value has not the form of its type"
_TOO_LARGE = "a message so long is refused before it is read"
_NO_REFERENCE = "no reference may stand there; one is of the wrong form"


# Types whose form is shorter than any limit, in characters.
_LONGEST = {
    "boolean": 5,
    "integer": 11,
    "decimal": 62,
    "date": 10,
    "id": 64,
    "unsignedInt": 10,
    "positiveInt": 10,
    "uuid": 45,
}
_LARGEST = 10 * 1024 * 1024


def idle(
    type_: str, element: Mapping[str, Any], about: ErrorCode, beside: Sequence[ErrorCode], bound: str
) -> str:
    """The reason, or "". `type_` is that of the profile, `bound` the value set its element is bound to.

    `beside` are all codes of the element.
    """
    if about.kind == "length":
        return _length(element)
    base = _base(type_, element["path"])
    # What an extension holds is limited by its own definition.
    if not base or (base[0].type == "Extension" and about.kind != "cardinality"):
        return ""
    match about.kind:
        case "cardinality":
            return _number(element, base[0])
        case "binding":
            return "" if bound or any(one.codes for one in base) else _NO_LIST
        case "type" if len(base) > 1 and not about.type:
            typed = {one.type for one in beside if one.kind == "type"}
            return _EACH_TYPE if {one.type for one in base} <= typed else ""
        case "reference":
            return _reference(element)
    return ""


def _number(element: Mapping[str, Any], base: Element) -> str:
    # What JSON gives no array is there too often if it is one.
    return _ANY_NUMBER if base.many and element.get("min") == 0 and element.get("max") == "*" else ""


def _length(element: Mapping[str, Any]) -> str:
    longest = element.get("maxLength", 0)
    if longest >= _LARGEST:
        return _TOO_LARGE
    return _NO_FORM if longest >= _LONGEST.get(element["path"], _LARGEST) else ""


def _reference(element: Mapping[str, Any]) -> str:
    types = element.get("type", ())
    if not types:
        return ""
    targets = [one.get("targetProfile", ()) for one in types if one["code"] == "Reference"]
    if not targets:
        return _NO_REFERENCE
    named = {target.rsplit("/", 1)[-1] for one in targets for target in one}
    return _ANY_RESOURCE if not named or "Resource" in named else ""


def _base(type_: str, path: str) -> list[Element]:
    """The element of base FHIR, of a choice each; none for what stands in an extension or a primitive."""
    found: list[Element] = []
    for name in path.split(".")[1:]:
        if found:
            if found[0].primitive or found[0].type in ("Extension", "Resource"):
                return []
            type_ = found[0].type
        place = name.removesuffix("[x]")
        found = [one for one in structure(type_).elements.values() if one.place == place]
        if not found:
            return []
    return found
