"""Is there something in the message that its event has no place for?"""

import re
from collections.abc import Iterator
from typing import Any

from claimgw.conformance.case import Case, codes_at, place
from claimgw.conformance.codes import business
from claimgw.messages.findings import Finding

_MODIFIER = "modifierExtension"
_ELEMENT = re.compile(r"_?[A-Za-z0-9]{1,64}")
_NAMED = _MODIFIER.encode()


def prescriptions(case: Case) -> Iterator[Finding]:
    """BV-00468: glasses are prescribed for vision and institutional claims and authorizations only."""
    found = [entry for entry in case.envelope.entries if entry.type == "VisionPrescription"]
    if not found or _may_hold_glasses(case):
        return
    for entry in found:
        yield Finding(
            "BV-00468",
            place(entry),
            "This message is no place for a prescription of glasses",
            "Send it with a claim or authorization of type vision or institutional",
        )


def _may_hold_glasses(case: Case) -> bool:
    claim = case.envelope.focal
    return (
        case.event in ("claim-request", "priorauth-request")
        and claim is not None
        and any(code in ("vision", "institutional") for _, code in codes_at(claim.resource, "type"))
    )


def modifiers(case: Case) -> Iterator[Finding]:
    """BV-00472: nphies knows no extension that changes the meaning of an element."""
    if not _may_hold_modifiers(case.envelope.raw):
        return
    unseen: list[tuple[Any, str]] = [(case.envelope.bundle, "Bundle")]
    while unseen:
        value, here = unseen.pop()
        if isinstance(value, dict) and value.get(_MODIFIER):
            yield Finding(
                "BV-00472",
                business(f"{here}.{_MODIFIER}"),
                "The element has a modifier extension, and nphies knows none",
                "Leave it out",
            )
        unseen += reversed([*_within(value, here)])


def _may_hold_modifiers(raw: bytes) -> bool:
    # The tree is walked only if its text holds the name, or a letter of it may be written as an escape.
    return _NAMED in raw or (b"\\" in raw and b"\\u00" in raw)


def _within(value: Any, here: str) -> Iterator[tuple[Any, str]]:
    """What the value holds, with its place; no key is quoted that could not be an element's name."""
    if isinstance(value, dict):
        yield from ((inner, f"{here}.{key}") for key, inner in value.items() if _ELEMENT.fullmatch(key))
    elif isinstance(value, list):
        yield from ((inner, f"{here}[{index}]") for index, inner in enumerate(value))
