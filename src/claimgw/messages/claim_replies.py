"""What does the gateway answer to a claim or authorization in the insurer's place?"""

import re
from collections.abc import Sequence
from typing import Any

from claimgw.messages import in_place, tags
from claimgw.messages.echo import Echo, Faulty
from claimgw.messages.envelope import Entry, Envelope
from claimgw.messages.findings import Finding, business_errors
from claimgw.messages.frame import Stamp, generated, instant
from claimgw.messages.identifiers import CODES, DEFINITIONS, HOME
from claimgw.messages.in_place import business_answer, event_of, focal_of, parties

LONGEST_DISPOSITION = 250
# Half of what nphies allows (spec §2.6): in Arabic each letter counts twice.
_LONGEST_NOTE = 1000
_PENDED = {
    "url": DEFINITIONS + "extension-adjudication-outcome",
    "valueCodeableConcept": {"coding": [{"system": CODES + "adjudication-outcome", "code": "pended"}]},
}
_BATCH = {
    DEFINITIONS + "extension-batch-identifier": "valueIdentifier",
    DEFINITIONS + "extension-batch-number": "valuePositiveInt",
    DEFINITIONS + "extension-batch-period": "valuePeriod",
}
_CLAIM_TYPES = "http://terminology.hl7.org/CodeSystem/claim-type"
_OF_PROFILE = re.compile(r"/(institutional|professional|oral|pharmacy|vision|prescriber)-?\w+\|")


def answerable(request: Envelope) -> bool:
    """Whether a business answer can be written."""
    return in_place.answerable(request, "Claim")


def queued(request: Envelope, stamp: Stamp, disposition: str, *, large: bool = False) -> bytes:
    """`outcome=queued`: the gateway has the request and will deliver it.

    `large` marks the answer to a large claim, which is yet to be checked (spec §3.5).
    """
    name = "prior-auth-response" if event_of(request).code == "priorauth-request" else "claim-response"
    return _answer(
        request,
        stamp,
        Faulty(),
        {
            "meta": generated(stamp, name),
            "outcome": "queued",
            "disposition": disposition[:LONGEST_DISPOSITION],
        },
        [tags.LARGE_CLAIM] if large else [],
    )


def refused(
    request: Envelope, stamp: Stamp, findings: Sequence[Finding], *, beyond: Sequence[Finding] = ()
) -> bytes:
    """`outcome=error` with every finding. Refused authorizations declare claim-response too (0.3 item 11).

    `beyond` is what else is wrong and not told yet, of later stages: that is not repeated either.
    """
    authorization = event_of(request).code == "priorauth-request"
    name = stamp.manner.refused_authorization if authorization else "claim-response"
    errors = business_errors(findings, on_coding=stamp.manner.place_on_coding)
    return _answer(
        request,
        stamp,
        Faulty.of(request, [*findings, *beyond]),
        {"meta": generated(stamp, name), "outcome": "error", "error": errors},
    )


def _answer(
    request: Envelope,
    stamp: Stamp,
    faulty: Faulty,
    outcome: dict[str, Any],
    marks: Sequence[dict[str, str]] = (),
) -> bytes:
    """`outcome` are the elements by which a queued and a refused answer differ."""
    echo = Echo(request, faulty.entries, stamp.base)
    response = _claim_response(request, stamp, echo, faulty) | outcome
    pended = [_PENDED] if outcome["outcome"] == "queued" else []
    response["extension"] = pended + _of_batch(request, faulty) or None
    response["processNote"] = [
        {"number": number, "type": "display", "text": text[:_LONGEST_NOTE]}
        for number, text in enumerate(stamp.notes, start=1)
    ] or None
    ordered = {"resourceType": "ClaimResponse"} | {key: response.get(key) for key in _ORDER}
    return business_answer(request, stamp, ordered, echo, tags=marks)


def _claim_response(request: Envelope, stamp: Stamp, echo: Echo, faulty: Faulty) -> dict[str, Any]:
    """What is said of the claim, so far as it can be repeated; else what the message says elsewhere."""
    claim, identifier = focal_of(request)
    sound = faulty.sound(claim.resource)
    type_ = _concept(sound.get("type"))
    own = stamp.id("ClaimResponse")
    return {
        "id": own,
        "identifier": [
            {
                "system": HOME + "/ClaimResponse",
                "value": own if "identifier" in faulty.elements else identifier.value,
            }
        ],
        "status": "active",
        "type": type_ or _type_of_profile(claim),
        "subType": _concept(sound.get("subType")) if type_ else None,
        "use": event_of(request).use,
        **parties(request, claim, sound, echo),
        "created": instant(stamp.at),
        "request": {"type": "Claim", "identifier": identifier.on_the_wire()},
        "insurance": _insurance(sound.get("insurance"), claim, echo),
    }


def _of_batch(request: Envelope, faulty: Faulty) -> list[dict[str, Any]]:
    """The claim's place in its batch, said again (spec §6.4); an authorization's answer has none."""
    claim, _ = focal_of(request)
    given = claim.resource.get("extension")
    if event_of(request).use != "claim" or not isinstance(given, list):
        return []
    sound = [
        extension
        for number, extension in enumerate(given)
        if isinstance(extension, dict) and not faulty.touches(f"extension[{number}]")
    ]
    found = (
        next((one for one in sound if one.get("url") == url and value in one), None)
        for url, value in _BATCH.items()
    )
    return [one for one in found if one]


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
    "processNote",
    "insurance",
    "error",
)
