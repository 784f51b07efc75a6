"""Which codes of a message can nobody here check, for want of their list? For people; never on the wire.

Asked apart from `check`, whose verdict does not depend on it: one look at the tree, whatever it is.
"""

from collections.abc import Iterator
from typing import Any

from claimgw.conformance.tally import uncoded
from claimgw.conformance.terminology import Terminology
from claimgw.messages.envelope import Envelope
from claimgw.messages.findings import Finding, Severity

_HINT = "Have the operator name the list in CLAIMGW_CODES"


def unchecked(envelope: Envelope, terminology: Terminology) -> list[Finding]:
    """One finding of the level information for each such code system, with the number of its codes.

    Placed at the first of them, in the order of the text. What is of the wrong shape is not counted: that is
    a fault. Never raises.
    """
    met: dict[str, tuple[str, int]] = {}
    for system, code, place in _codings(envelope.bundle):
        if terminology.lacks(system, code):
            first, count = met.get(system, (place, 0))
            met[system] = first, count + 1
    return [
        uncoded(place, _text(system, count), _HINT, Severity.INFORMATION)
        for system, (place, count) in met.items()
    ]


def _text(system: str, count: int) -> str:
    # The address is one of the definitions, so it may be quoted.
    codes = "1 code" if count == 1 else f"{count} codes"
    return f"Not checked: {codes} of {system}, whose list is not loaded"


def _codings(bundle: Any) -> Iterator[tuple[str, str, str]]:
    """System, code and place of whatever has the form of a Coding, or of a Quantity with a coded unit."""
    waiting: list[tuple[Any, str]] = [(bundle, "Bundle")]
    while waiting:
        value, place = waiting.pop()
        if isinstance(value, dict):
            system, code = value.get("system"), value.get("code")
            if isinstance(system, str) and isinstance(code, str):
                yield system, code, place
            # Turned round, for the last one in is the first one out.
            waiting += [(inner, f"{place}.{key}") for key, inner in value.items() if _holds(inner)][::-1]
        else:
            waiting += [(inner, f"{place}[{index}]") for index, inner in enumerate(value) if _holds(inner)][
                ::-1
            ]


def _holds(value: Any) -> bool:
    return isinstance(value, dict | list)
