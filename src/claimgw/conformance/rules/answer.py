"""Does an answer that calls itself complete answer the items it was asked about?"""

from collections.abc import Iterator

from claimgw.conformance.case import Case, absent
from claimgw.messages.findings import Finding
from claimgw.messages.identifiers import DEFINITIONS

_OF_EVENTS = {"claim-response": "claim-response", "priorauth-response": "prior-auth-response"}


def items(case: Case) -> Iterator[Finding]:
    """IC-01432: a complete answer to a claim has items; how many were asked for, the request alone tells."""
    answer = case.envelope.focal
    profile = _OF_EVENTS.get(case.event)
    if answer is None or answer.type != "ClaimResponse" or profile is None:
        return
    if answer.resource.get("outcome") == "complete" and absent(answer.resource, "item"):
        yield Finding(
            "IC-01432",
            f"{answer.path}.item",
            "The answer is complete, and answers no item",
            "Answer each item of the request",
            source=DEFINITIONS + profile,
        )
