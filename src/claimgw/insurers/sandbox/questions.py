"""How does the insurer ask for what is missing? A CommunicationRequest, alone or inside an answer."""

from datetime import timedelta

from claimgw.insurers.sandbox.claim_response import Stamp, local
from claimgw.insurers.sandbox.reading import Request, record
from claimgw.insurers.sandbox.terms import CS, HL7, Json, concept, meta, own_identifier

DAYS_TO_ANSWER = 5
DEFAULT_TEXT = "Please send the report of the visit."


def question(request: Request, stamp: Stamp, wanted: str = DEFAULT_TEXT) -> Json:
    """What is asked about the Claim of that request, to be answered within five days."""
    claim = request.focal
    return {
        "resourceType": "CommunicationRequest",
        "id": stamp.focal_id,
        "meta": meta("communication-request"),
        "identifier": [own_identifier("CommunicationRequest", stamp.focal_id)],
        "status": "active",
        "category": [concept(HL7 + "communication-category", "instruction")],
        "priority": "routine",
        "subject": request.absolute(record(claim.get("patient"))),
        "about": [{"type": "Claim", "identifier": request.identifier}],
        "payload": [{"contentString": wanted}],
        "occurrenceDateTime": local(stamp.at + timedelta(days=DAYS_TO_ANSWER)),
        "recipient": [request.absolute(record(claim.get("provider")))],
        "sender": request.absolute(record(claim.get("insurer"))),
        "reasonCode": [concept(CS + "communication-reason", "missing-attach")],
    }
