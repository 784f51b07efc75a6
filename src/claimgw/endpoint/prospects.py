"""How is it said what would become of a message? An OperationOutcome whose first issue tells."""

from typing import Any, assert_never

from claimgw.clearinghouse.rehearse import Prospect, Rehearsal
from claimgw.messages.findings import Finding, Severity, operation_outcome

# Ours: nphies knows no such question.
PROSPECT = "urn:claimgw:prospect"
ORIGINAL = "urn:claimgw:original-exchange"


def prospect(told: Rehearsal) -> dict[str, Any]:
    """The outcome, with all findings after the first issue, which has the prospect as an extension too."""
    first = Finding("GE-00000", "", *_words(told), severity=Severity.INFORMATION)
    outcome = operation_outcome([first, *told.findings])
    said = [{"url": PROSPECT, "valueCode": told.prospect.value}]
    if told.original is not None:
        said.append({"url": ORIGINAL, "valueId": told.original})
    outcome["issue"][0] = {"extension": said, **outcome["issue"][0]}
    return outcome


def _words(told: Rehearsal) -> tuple[str, str]:
    match told.prospect:
        case Prospect.ACCEPTED:
            return f"It would be accepted{_claims(told)}", "Nothing was kept; send it to $process-message"
        case Prospect.REFUSED:
            return "It would be refused", "Correct what is found, and send it under new ids"
        case Prospect.DUPLICATE:
            return (
                f"It is a duplicate of {told.original}, and would get the answer on record",
                "GET /exchanges tells where that stands; a new request needs new ids and identifiers",
            )
        case Prospect.CLOSED if told.waits:
            return (
                f"It would be accepted and held{_claims(told)}: the insurer takes no messages now",
                told.closed,
            )
        case Prospect.CLOSED:
            return "It would not be delivered: the insurer takes no messages now", told.closed
    assert_never(told.prospect)


def _claims(told: Rehearsal) -> str:
    return f", {told.claims[0]} of its {told.claims[1]} claims" if told.claims else ""
