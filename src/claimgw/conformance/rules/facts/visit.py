"""Which encounter is a claim about, and what kind of visit was it?"""

from dataclasses import dataclass

from claimgw.conformance.case import Case, codes_at, extensions_at, text_at
from claimgw.messages.envelope import Entry

INPATIENT = frozenset({"IMP", "SS"})


@dataclass(frozen=True, slots=True)
class Visit:
    """A claim, or a request for authorization, with its encounter."""

    claim: Entry
    encounter: Entry

    @property
    def type(self) -> str | None:
        return first_code(self.claim.resource, "type")

    @property
    def billed(self) -> bool:
        """A claim, not a request for authorization."""
        return self.claim.resource.get("use") == "claim"

    @property
    def class_(self) -> str | None:
        return text_at(self.encounter.resource, "class", "code")

    @property
    def start(self) -> str | None:
        return text_at(self.encounter.resource, "period", "start")

    @property
    def closed(self) -> bool:
        return text_at(self.encounter.resource, "period", "end") is not None

    @property
    def inpatient(self) -> bool:
        """In hospital: overnight (IMP), or a day case (SS)."""
        return self.class_ in INPATIENT

    @property
    def emergency(self) -> bool:
        return self.class_ == "EMER"

    @property
    def ambulatory(self) -> bool:
        """At a clinic (AMB), or by telemedicine (VR)."""
        return self.class_ in ("AMB", "VR")


def visit_of(case: Case) -> Visit | None:
    """The visit the focal claim refers to, if its encounter is in the message."""
    claim = case.envelope.focal
    if claim is None or claim.type != "Claim":
        return None
    for _, extension in extensions_at(claim.resource, "encounter"):
        encounter = case.envelope.find(text_at(extension, "valueReference", "reference"), claim)
        return Visit(claim, encounter) if encounter and encounter.type == "Encounter" else None
    return None


def first_code(resource: object, element: str) -> str | None:
    """The code of the first coding of a CodeableConcept."""
    return next((code for _, code in codes_at(resource, element)), None)
