"""Is whoever takes over a patient named, where the message holds them?"""

from collections.abc import Iterator

from claimgw.conformance.case import Case, extensions_at, place, text_at
from claimgw.messages.findings import Finding

_CODES = {"Practitioner": "BV-00551", "Organization": "BV-00552"}


def names(case: Case) -> Iterator[Finding]:
    """BV-00551, BV-00552: the practitioner or the organization of transferAuthorizationProvider."""
    answer = case.envelope.focal
    if answer is None or answer.type != "ClaimResponse":
        return
    for index, extension in extensions_at(answer.resource, "transferAuthorizationProvider"):
        taker = case.envelope.find(text_at(extension, "valueReference", "reference"), answer)
        if taker is not None and taker.type in _CODES and not taker.resource.get("name"):
            yield Finding(
                _CODES[taker.type],
                f"{place(answer)}.extension[{index}].value",
                "Who takes over the patient has no name in the message",
                "Add the name to the resource that is referred to",
            )
