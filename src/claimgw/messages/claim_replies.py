"""What does the gateway answer to a claim or authorization in the insurer's place?"""

import re
from collections.abc import Sequence
from typing import Any

from claimgw.messages import tags
from claimgw.messages.echo import Echo
from claimgw.messages.envelope import Entry, Envelope
from claimgw.messages.events import Event
from claimgw.messages.findings import Finding, business_errors
from claimgw.messages.frame import Answering, Stamp, bundle, entry, header, instant, profile, without_none
from claimgw.messages.identifiers import CODES, DEFINITIONS, HOME, Identifier, Licence

LONGEST_DISPOSITION = 250
_PENDED = {
    "url": DEFINITIONS + "extension-adjudication-outcome",
    "valueCodeableConcept": {"coding": [{"system": CODES + "adjudication-outcome", "code": "pended"}]},
}
_PLACE = re.compile(r"bundle\.entry\[(\d+)\]", re.IGNORECASE)


def answerable(request: Envelope) -> bool:
    """Whether a business answer can be written: event, parties, focal identifier are known (0.3 item 12a)."""
    return (
        request.event is not None
        and request.sender is not None
        and request.receiver is not None
        and request.header_id is not None
        and request.focal_identifier is not None
        and request.focal is not None
        and request.focal.type == "Claim"
    )


def queued(request: Envelope, stamp: Stamp, disposition: str) -> bytes:
    """`outcome=queued`: the gateway has the request and will deliver it."""
    name = "prior-auth-response" if _event(request).code == "priorauth-request" else "claim-response"
    return _answer(
        request,
        stamp,
        profile_name=name,
        faulty=frozenset(),
        outcome={
            "extension": [_PENDED],
            "outcome": "queued",
            "disposition": disposition[:LONGEST_DISPOSITION],
        },
    )


def refused(request: Envelope, stamp: Stamp, findings: Sequence[Finding]) -> bytes:
    """`outcome=error` with every finding. Refused authorizations declare claim-response too (0.3 item 11)."""
    faulty = frozenset(int(place[1]) for finding in findings if (place := _PLACE.match(finding.path)))
    return _answer(
        request,
        stamp,
        profile_name="claim-response",
        faulty=faulty,
        outcome={"outcome": "error", "error": business_errors(findings)},
    )


def _answer(
    request: Envelope, stamp: Stamp, *, profile_name: str, faulty: frozenset[int], outcome: dict[str, Any]
) -> bytes:
    claim, receiver, identifier = _read(request)
    echo = Echo(request, faulty)
    response = _claim_response(request, claim, identifier, stamp, echo)
    response["meta"] = {**profile(profile_name), "tag": [tags.GENERATED_AS_OBSERVED]}
    response.update(outcome)
    reply = _event(request).reply
    assert reply is not None
    return bundle(
        stamp,
        [
            header(
                stamp,
                reply,
                receiver=receiver,
                endpoint=request.source_endpoint or receiver.system,
                answering=Answering(request.header_id or "", "ok"),
                focus=f"{HOME}/ClaimResponse/{response['id']}",
            ),
            entry("ClaimResponse", _in_order(response)),
            *echo.entries(),
        ],
        in_place_of_insurer=True,
    )


def _claim_response(
    request: Envelope, claim: Entry, identifier: Identifier, stamp: Stamp, echo: Echo
) -> dict[str, Any]:
    source = claim.resource
    return {
        "id": stamp.id("ClaimResponse"),
        "identifier": [{"system": HOME + "/ClaimResponse", "value": identifier.value}],
        "status": "active",
        "type": _concept(source.get("type")),
        "subType": _concept(source.get("subType")),
        "use": _event(request).use,
        "patient": echo.reference(source.get("patient"), claim),
        "created": instant(stamp.at),
        "insurer": echo.reference(source.get("insurer"), claim),
        "requestor": echo.reference(source.get("provider"), claim),
        "request": {"type": "Claim", "identifier": identifier.on_the_wire()},
        "insurance": _insurance(source.get("insurance"), claim, echo),
    }


def _insurance(given: Any, claim: Entry, echo: Echo) -> list[dict[str, Any]] | None:
    rows = [row for row in given if isinstance(row, dict)] if isinstance(given, list) else []
    known = [
        {
            "sequence": row.get("sequence", number),
            "focal": row.get("focal", number == 1),
            "coverage": echo.reference(row.get("coverage"), claim),
        }
        for number, row in enumerate(rows, start=1)
    ]
    return [row for row in known if row["coverage"]] or None


def _concept(value: Any) -> Any:
    """A CodeableConcept of the request, if it has a coding at all."""
    codings = value.get("coding") if isinstance(value, dict) else None
    return value if isinstance(codings, list) and codings else None


_ORDER = (
    "id",
    "meta",
    "extension",
    "identifier",
    "status",
    "type",
    "subType",
    "use",
    "patient",
    "created",
    "insurer",
    "requestor",
    "request",
    "outcome",
    "disposition",
    "insurance",
    "error",
)


def _in_order(response: dict[str, Any]) -> dict[str, Any]:
    ordered = {"resourceType": "ClaimResponse"} | {key: response.get(key) for key in _ORDER}
    return without_none(ordered)


def _event(request: Envelope) -> Event:
    assert request.event is not None
    return request.event


def _read(request: Envelope) -> tuple[Entry, Licence, Identifier]:
    """The parts an answerable request has."""
    assert request.focal is not None
    assert request.sender is not None
    assert request.focal_identifier is not None
    return request.focal, request.sender, request.focal_identifier
