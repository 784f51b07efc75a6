"""Does each MedicationRequest of a prescriber's request say what the item says that refers to it?"""

from collections.abc import Iterator, Mapping
from typing import Any

from claimgw.conformance.case import (
    Case,
    codes_at,
    extensions_at,
    items_at,
    objects_at,
    place,
    text_at,
)
from claimgw.conformance.rules.facts.moments import later
from claimgw.messages.envelope import Entry
from claimgw.messages.findings import Finding
from claimgw.messages.identifiers import Identifier

_HINT = "Let both name the same medicine by the same code"


def medicines(case: Case) -> Iterator[Finding]:
    """BV-00694, BV-00695, BV-00703: the same medicine in the request as in item, detail or sub-detail."""
    if (claim := _prescription(case)) is None:
        return
    for item_index, item in objects_at(claim.resource, "item"):
        request = _request(case, claim, item)
        if request is not None and _differ(item, request):
            text = "The medication request is about another medicine than the item"
            yield Finding("BV-00703", f"{place(request)}.medication", text, _HINT)
        for detail_index, detail in objects_at(item, "detail"):
            at_detail = f"{place(claim)}.item[{item_index}].detail[{detail_index}]"
            yield from _medicine(case, claim, detail, at_detail, "BV-00694")
            for index, part in objects_at(detail, "subDetail"):
                yield from _medicine(case, claim, part, f"{at_detail}.subDetail[{index}]", "BV-00695")


def _medicine(case: Case, claim: Entry, part: Any, here: str, code: str) -> Iterator[Finding]:
    request = _request(case, claim, part)
    if request is not None and _differ(part, request):
        text = "The detail is another medicine than that of its medication request"
        yield Finding(code, f"{here}.productOrService", text, _HINT)


def _differ(part: Any, request: Entry) -> bool:
    """Whether both are coded, and have no code in common."""
    named = set(codes_at(part, "productOrService"))
    asked = set(codes_at(request.resource, "medicationCodeableConcept"))
    return bool(named and asked) and not named & asked


def requests(case: Case) -> Iterator[Finding]:
    """BV-00701, BV-00706, BV-00712: written before the claim, for its patient, by one of its care team."""
    if (claim := _prescription(case)) is None:
        return
    patient = case.envelope.find(text_at(claim.resource, "patient", "reference"), claim)
    team = _team(case, claim)
    for request in case.envelope.entries:
        if request.type != "MedicationRequest":
            continue
        if later(text_at(request.resource, "authoredOn"), text_at(claim.resource, "created")):
            yield Finding(
                "BV-00701",
                f"{place(request)}.authoredOn",
                "The medication request is later than the claim that carries it",
                "Correct the date of one of them",
            )
        subject = case.envelope.find(text_at(request.resource, "subject", "reference"), request)
        if patient is not None and subject is not None and subject.index != patient.index:
            yield Finding(
                "BV-00706",
                f"{place(request)}.subject",
                "The medication request is for another patient than the claim",
                "Refer to the patient of the claim",
            )
        requester = _person(case, text_at(request.resource, "requester", "reference"), request)
        if team and requester is not None and requester not in team:
            yield Finding(
                "BV-00712",
                f"{place(request)}.requester",
                "The prescriber is not of the claim's care team",
                "Refer to careTeam.provider",
            )


def identifiers(case: Case) -> Iterator[Finding]:
    """BV-00720: no two medication requests of a message have an identifier in common."""
    seen: set[Identifier] = set()
    for request in case.envelope.entries:
        if request.type != "MedicationRequest":
            continue
        own = set(filter(None, map(Identifier.of, items_at(request.resource, "identifier"))))
        if own & seen:
            yield Finding(
                "BV-00720",
                f"{place(request)}.identifier",
                "Another medication request of the message has this identifier",
                "Give each its own",
            )
        seen |= own


def _prescription(case: Case) -> Entry | None:
    """The Claim of a prescriber's request."""
    focal = case.envelope.focal
    return (
        focal if focal and focal.type == "Claim" and focal.resource.get("use") == "predetermination" else None
    )


def _request(case: Case, claim: Entry, part: Mapping[str, Any]) -> Entry | None:
    for _, extension in extensions_at(part, "medicationRequest"):
        request = case.envelope.find(text_at(extension, "valueReference", "reference"), claim)
        return request if request and request.type == "MedicationRequest" else None
    return None


def _team(case: Case, claim: Entry) -> set[int]:
    """The places among the entries of those who care."""
    team = (
        _person(case, text_at(member, "provider", "reference"), claim)
        for _, member in objects_at(claim.resource, "careTeam")
    )
    return {person for person in team if person is not None}


def _person(case: Case, reference: str | None, near: Entry) -> int | None:
    """The place of a Practitioner, also of one named by a role."""
    entry = case.envelope.find(reference, near)
    if entry is not None and entry.type == "PractitionerRole":
        entry = case.envelope.find(text_at(entry.resource, "practitioner", "reference"), entry) or entry
    return entry.index if entry else None
