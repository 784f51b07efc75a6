"""Which request does an answer answer, and what do the two say? Read by the rules about answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from claimgw.conformance.case import Case, codes_at, extensions_at, items_at, object_at, place
from claimgw.conformance.memory import Request, Statement
from claimgw.messages.envelope import Entry, Envelope
from claimgw.messages.events import Leg
from claimgw.messages.identifiers import Identifier

# Event of an answer: the types of its focal resource and of that of the request.
_KINDS: Mapping[str, tuple[str, str]] = {
    "claim-response": ("ClaimResponse", "Claim"),
    "priorauth-response": ("ClaimResponse", "Claim"),
    "eligibility-response": ("CoverageEligibilityResponse", "CoverageEligibilityRequest"),
    "cancel-response": ("Task", "Task"),
    "status-response": ("Task", "Task"),
}


@dataclass(frozen=True, slots=True)
class Pair:
    """The focal resource of an answer, and what it was asked for."""

    answer: Entry
    asked: Entry
    question: Envelope
    request: Request

    @property
    def place(self) -> str:
        return place(self.answer)


def answer_of(case: Case) -> Entry | None:
    """The focal resource, if the message is an answer that says something of a request."""
    focal = case.envelope.focal
    return focal if focal and focal.type == _KINDS.get(case.event, ("", ""))[0] else None


def request_of(case: Case) -> Request | None:
    """What the message answers, if that is on record, by its identifier alone perhaps."""
    leg = case.envelope.event.leg if case.envelope.event else None
    return case.memory.answered if case.memory and leg is Leg.RESPONSE else None


def pair_of(case: Case, *types: str) -> Pair | None:
    """Answer and request, if both can be read, and the answer is of one of these types."""
    answer, request = answer_of(case), request_of(case)
    question = request.message if request else None
    asked = question.focal if question else None
    if answer is None or request is None or question is None or asked is None or answer.type not in types:
        return None
    return Pair(answer, asked, question, request) if asked.type == _KINDS[case.event][1] else None


def earlier(case: Case) -> Sequence[Statement]:
    """What the insurer has answered before, in the order it came."""
    request = request_of(case)
    return [
        one
        for one in (request.answers if request else ())
        if not one.by_gateway and one.header_id != case.envelope.header_id
    ]


def patients(envelope: Envelope, resource: Entry) -> set[Identifier]:
    """All identifiers of the patient that a resource is about."""
    reference = object_at(resource.resource, "patient") or {}
    entry = envelope.find(reference.get("reference"), resource)
    given = [reference.get("identifier"), *(items_at(entry.resource, "identifier") if entry else ())]
    return set(filter(None, map(Identifier.of, given)))


def adjudication_of(resource: Any) -> str | None:
    """The code of extension-adjudication-outcome."""
    codes = (
        code
        for _, one in extensions_at(resource, "adjudication-outcome")
        for _, code in codes_at(one, "valueCodeableConcept")
    )
    return next(codes, None)
