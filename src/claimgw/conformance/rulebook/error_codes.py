"""Which nphies codes does a definition give to the faults of an element, by our extension `error-code`?"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from claimgw.conformance.definitions import marks


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """`type` is that of a choice which the code is for; "": all others. `stated` goes out in its place."""

    code: str
    kind: str
    type: str
    stated: str


def error_codes(element: Mapping[str, Any]) -> Iterator[ErrorCode]:
    """Each code, and after it the other names of the same rule."""
    for mark in marks(element, "error-code"):
        given = {part["url"]: part.get("valueCode", "") for part in mark["extension"]}
        code, kind, type_ = given["code"], given["kind"], given.get("type", "")
        yield ErrorCode(code, kind, type_, "")
        for part in mark["extension"]:
            if part["url"] == "also":
                yield ErrorCode(part["valueCode"], kind, type_, code)
