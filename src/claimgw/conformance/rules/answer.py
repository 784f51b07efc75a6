"""Does an answer to a claim say what it answers: each item, and the kind of claim?"""

from collections.abc import Iterator

from claimgw.conformance.case import Case, absent
from claimgw.messages.envelope import Entry
from claimgw.messages.findings import Finding
from claimgw.messages.identifiers import DEFINITIONS
from claimgw.messages.tags import written_by_gateway

_PROFILES = {
    "claim-response": DEFINITIONS + "claim-response",
    "priorauth-response": DEFINITIONS + "prior-auth-response",
}


def items(case: Case) -> Iterator[Finding]:
    """IC-01432: a complete answer to a claim has items; how many were asked for, the request alone tells."""
    answer = _answer(case)
    if answer and answer.resource.get("outcome") == "complete" and absent(answer.resource, "item"):
        yield Finding(
            "IC-01432",
            f"{answer.path}.item",
            "The answer is complete, and answers no item",
            "Answer each item of the request",
            source=_PROFILES[case.event],
        )


def sub_type(case: Case) -> Iterator[Finding]:
    """IC-01567: the kind of claim that is answered; nphies itself leaves it out (spec §0.3 item 11)."""
    answer = _answer(case)
    if answer and absent(answer.resource, "subType") and not _generated(case):
        yield Finding(
            "IC-01567",
            f"{answer.path}.subType",
            "The answer has no subType",
            "Repeat that of the request",
            source=_PROFILES[case.event],
        )


def _answer(case: Case) -> Entry | None:
    focal = case.envelope.focal
    return focal if focal and focal.type == "ClaimResponse" and case.event in _PROFILES else None


def _generated(case: Case) -> bool:
    focal = case.envelope.focal
    return written_by_gateway(case.envelope.bundle, focal.resource if focal else None)
