"""Does the header of an answer fit that of its request: its id, its event, its parties (spec §2.2)?"""

from collections.abc import Iterator

from claimgw.conformance.case import Case, codes_at
from claimgw.conformance.history.answered import request_of
from claimgw.conformance.history.beyond import unknown
from claimgw.messages.events import EVENTS, Leg
from claimgw.messages.findings import Finding
from claimgw.messages.identifiers import GATEWAY

_HEADER = "bundle.entry[0].resource"
_NAMED = f"{_HEADER}.response.identifier"
# Beside BV-00544, the code of the same fault in the answer to one event.
_BY_EVENT = {
    "cancel-response": "BV-00170",
    "claim-response": "BV-00171",
    "eligibility-response": "BV-00172",
    "priorauth-response": "BV-00174",
}
_OF_NULLIFICATION = "BV-00173"


def named(case: Case) -> Iterator[Finding]:
    """BV-00175, BV-00544: response.identifier is the header id of a request, of the one that is answered."""
    given, asked = case.envelope.responds_to, request_of(case)
    known = case.envelope.event
    if given is None or known is None or known.leg is not Leg.RESPONSE or case.memory is None:
        return
    if asked is None:
        yield unknown(
            case,
            "BV-00175",
            _NAMED,
            "The answer is to a message that was not sent",
            "Give the MessageHeader.id of the request",
        )
    elif asked.header_id and given != asked.header_id:  # of an imported one nobody knows it
        beside = _BY_EVENT.get(case.event) if not _nullifies(case) else _OF_NULLIFICATION
        yield Finding(
            "BV-00544",
            _NAMED,
            "The answer names the header of another message than its request",
            "Give the MessageHeader.id of the request",
            companions=((beside, _NAMED),) if beside else (),
        )


def _nullifies(case: Case) -> bool:
    """Whether it answers a request to nullify, which is sent as a cancellation (spec §6.5)."""
    task = case.envelope.focal
    return task is not None and any(code == "nullify" for _, code in codes_at(task.resource, "code"))


def event(case: Case) -> Iterator[Finding]:
    """BV-00543: the event answers that of the request; a failure may be told by an acknowledgement."""
    asked = request_of(case)
    wanted = EVENTS[asked.event].reply if asked and asked.event in EVENTS else None
    failed = case.answers_with_failure and case.event == "acknowledgement"
    if wanted is not None and case.event != wanted and not failed:
        yield Finding(
            "BV-00543",
            f"{_HEADER}.eventCoding",
            "The event does not answer that of the request",
            f"Answer with {wanted}",
        )


def parties(case: Case) -> Iterator[Finding]:
    """BV-00447, BV-00448: the answer goes from the receiver of the request to its sender."""
    asked, envelope = request_of(case), case.envelope
    if asked is None:
        return
    # The gateway may answer in an insurer's place.
    if envelope.sender not in (None, GATEWAY) and str(envelope.sender) != asked.insurer:
        yield Finding(
            "BV-00447",
            f"{_HEADER}.sender",
            "The sender of the answer is not the receiver of the request",
            "Send under the licence that was asked",
        )
    if envelope.receiver is not None and str(envelope.receiver) != asked.provider:
        yield Finding(
            "BV-00448",
            f"{_HEADER}.destination[0].receiver",
            "The receiver of the answer is not the sender of the request",
            "Address the provider that asked",
        )
