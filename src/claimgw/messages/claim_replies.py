"""What does the gateway answer to a claim or authorization in the insurer's place?"""

import re
from collections.abc import Sequence
from typing import Any

from claimgw.messages import tags
from claimgw.messages.echo import Echo, Faulty
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
_CLAIM_TYPES = "http://terminology.hl7.org/CodeSystem/claim-type"
_OF_PROFILE = re.compile(r"/(institutional|professional|oral|pharmacy|vision|prescriber)-?\w+\|")


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
        faulty=Faulty(),
        outcome={
            "extension": [_PENDED],
            "outcome": "queued",
            "disposition": disposition[:LONGEST_DISPOSITION],
        },
    )


def refused(request: Envelope, stamp: Stamp, findings: Sequence[Finding]) -> bytes:
    """`outcome=error` with every finding. Refused authorizations declare claim-response too (0.3 item 11)."""
    return _answer(
        request,
        stamp,
        profile_name="claim-response",
        faulty=Faulty.of(request, findings),
        outcome={"outcome": "error", "error": business_errors(findings)},
    )


def _answer(
    request: Envelope, stamp: Stamp, *, profile_name: str, faulty: Faulty, outcome: dict[str, Any]
) -> bytes:
    claim, receiver, identifier = _read(request)
    echo = Echo(request, faulty.entries)
    response = _claim_response(request, claim, identifier, stamp, echo, faulty.elements)
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
    request: Envelope,
    claim: Entry,
    identifier: Identifier,
    stamp: Stamp,
    echo: Echo,
    faulty: frozenset[str],
) -> dict[str, Any]:
    """What is said of the claim, so far as it can be repeated; else what the message says elsewhere."""
    sound = {key: value for key, value in claim.resource.items() if key not in faulty}
    type_ = _concept(sound.get("type"))
    own = stamp.id("ClaimResponse")
    return {
        "id": own,
        "identifier": [
            {"system": HOME + "/ClaimResponse", "value": own if "identifier" in faulty else identifier.value}
        ],
        "status": "active",
        "type": type_ or _type_of_profile(claim),
        "subType": _concept(sound.get("subType")) if type_ else None,
        "use": _event(request).use,
        "patient": _patient(request, claim, echo),
        "created": instant(stamp.at),
        "insurer": echo.reference(sound.get("insurer"), claim) or _party(request.receiver),
        "requestor": echo.reference(sound.get("provider"), claim) or _party(request.sender),
        "request": {"type": "Claim", "identifier": identifier.on_the_wire()},
        "insurance": _insurance(sound.get("insurance"), claim, echo),
    }


def _patient(request: Envelope, claim: Entry, echo: Echo) -> dict[str, Any] | None:
    """The one the claim refers to; if it refers to nobody, the only one of the message."""
    named = claim.resource.get("patient")
    found = request.find(named.get("reference"), claim) if isinstance(named, dict) else None
    if found is None and (known := echo.reference(named, claim)):
        return known
    if found is None or found.type != "Patient":
        patients = [held for held in request.entries if held.type == "Patient"]
        found = patients[0] if len(patients) == 1 else None
    return echo.to(found) if found else None


def _party(licence: Licence | None) -> dict[str, Any] | None:
    return {"type": "Organization", "identifier": licence.on_the_wire()} if licence else None


def _type_of_profile(claim: Entry) -> dict[str, Any] | None:
    """A claim that does not say its type says it by its profile."""
    meta = claim.resource.get("meta")
    declared = meta.get("profile") if isinstance(meta, dict) else None
    for canonical in declared if isinstance(declared, list) else []:
        if isinstance(canonical, str) and (found := _OF_PROFILE.search(canonical)):
            # Prescriptions are of type professional (BV-00690).
            code = "professional" if found[1] == "prescriber" else found[1]
            return {"coding": [{"system": _CLAIM_TYPES, "code": code}]}
    return None


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
    return [row for row in known if row["coverage"] and "reference" in row["coverage"]] or None


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
