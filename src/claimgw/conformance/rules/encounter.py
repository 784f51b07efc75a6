"""Does the Encounter of a claim fit its type, and does it tell what its class needs (profiles §4.2)?"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from claimgw.conformance.case import Case, codes_at, items_at, object_at, objects_at, place, text_at
from claimgw.messages.envelope import Entry
from claimgw.messages.findings import Finding
from claimgw.messages.identifiers import DEFINITIONS

_INPATIENT = frozenset({"IMP", "SS"})


@dataclass(frozen=True, slots=True)
class _Visit:
    """A claim with its encounter."""

    claim: Entry
    encounter: Entry

    @property
    def type(self) -> str | None:
        return _code(self.claim.resource, "type")

    @property
    def billed(self) -> bool:
        """A claim, not a request for authorization."""
        return self.claim.resource.get("use") == "claim"

    @property
    def class_(self) -> str | None:
        return text_at(self.encounter.resource, "class", "code")

    @property
    def closed(self) -> bool:
        return text_at(self.encounter.resource, "period", "end") is not None

    @property
    def inpatient(self) -> bool:
        return self.class_ in _INPATIENT

    @property
    def emergency(self) -> bool:
        return self.class_ == "EMER"


def classes(case: Case) -> Iterator[Finding]:
    """BV-00741 … BV-00743, BV-00755, BV-00807: the class goes with type and sub-type of the claim."""
    if (visit := _visit(case)) is None or visit.class_ is None:
        return
    at_class = f"{place(visit.encounter)}.class.code"
    allowed = {
        "institutional": (_INPATIENT, "BV-00741"),
        "professional": (frozenset({"EMER", "AMB", "HH", "VR"}), "BV-00742"),
        "oral": (frozenset({"AMB"}), "BV-00743"),
    }.get(visit.type or "")
    if allowed is not None and visit.class_ not in allowed[0]:
        yield Finding(
            allowed[1],
            at_class,
            "The class of the encounter does not go with the type of the claim",
            f"Use {' or '.join(sorted(allowed[0]))}, or another type of claim",
        )
    if visit.inpatient and visit.type != "institutional":
        yield Finding(
            "BV-00807",
            f"{place(visit.claim)}.type.coding",
            "Inpatient and day-case encounters belong to institutional claims",
            "Send an institutional claim, or correct the class of the encounter",
        )
    if _code(visit.claim.resource, "subType") == "emr" and not visit.emergency:
        yield Finding(
            "BV-00755",
            at_class,
            "A claim of sub-type emr is about an emergency",
            "Use class EMER, or another sub-type",
        )


def classes_of_professionals(case: Case) -> Iterator[Finding]:
    """BV-00808: for pharmacy and vision; types with a class of their own have codes of their own."""
    visit = _visit(case)
    if visit is not None and visit.type in ("pharmacy", "vision") and visit.class_ in ("EMER", "HH", "VR"):
        yield Finding(
            "BV-00808",
            f"{place(visit.encounter)}.class.code",
            "An encounter of this class belongs to a professional claim",
            "Use another class, or send a professional claim",
        )


def parties(case: Case) -> Iterator[Finding]:
    """BV-00761, BV-00762: patient and provider of encounter and claim are the same."""
    if (visit := _visit(case)) is None:
        return
    claim, encounter = visit.claim, visit.encounter
    patient = case.envelope.find(text_at(claim.resource, "patient", "reference"), claim)
    subject = case.envelope.find(text_at(encounter.resource, "subject", "reference"), encounter)
    if patient is not None and subject is not None and patient.index != subject.index:
        yield Finding(
            "BV-00761",
            f"{place(encounter)}.subject",
            "The encounter is about another patient than the claim",
            "Refer to the patient of the claim",
        )
    provider = case.envelope.party(claim.resource.get("provider"), claim)
    host = case.envelope.party(encounter.resource.get("serviceProvider"), encounter)
    if provider is not None and host is not None and provider != host:
        yield Finding(
            "BV-00762",
            f"{place(encounter)}.serviceProvider",
            "The encounter was at another provider than that of the claim",
            "Refer to the provider of the claim",
        )


def emergencies(case: Case) -> Iterator[Finding]:
    """BV-00728, BV-00732 … BV-00735: triage, and on claims arrival, start and disposition."""
    if (visit := _visit(case)) is None or not visit.emergency:
        return
    wanted = [("triageDate", "BV-00733", "triage date"), ("triageCategory", "BV-00734", "triage category")]
    if visit.billed:
        wanted += [
            ("emergencyArrivalCode", "BV-00732", "way of arrival"),
            ("emergencyServiceStart", "BV-00735", "start of the emergency service"),
        ]
        if visit.closed:
            wanted.append(("emergencyDepartmentDisposition", "BV-00728", "disposition"))
    yield from _wanted(visit.encounter.resource, wanted, f"{place(visit.encounter)}.extension")


def service_event(case: Case) -> Iterator[Finding]:
    """BV-00736: professional and oral encounters say which service event it was."""
    if (visit := _visit(case)) is not None and visit.type in ("professional", "oral"):
        wanted = [("serviceEventType", "BV-00736", "service event type")]
        yield from _wanted(visit.encounter.resource, wanted, f"{place(visit.encounter)}.extension")


def admissions(case: Case) -> Iterator[Finding]:
    """BV-00737, BV-00740, BV-00744, BV-00758, BV-00759: what a claim tells of a stay."""
    if (visit := _visit(case)) is None or not (visit.inpatient and visit.billed):
        return
    stay = object_at(visit.encounter.resource, "hospitalization") or {}
    here = f"{place(visit.encounter)}.hospitalization"
    wanted = [
        ("admissionSpecialty", "BV-00737", "admission specialty"),
        ("intendedLengthOfStay", "BV-00744", "intended length of stay"),
    ]
    if visit.closed:
        wanted.append(("dischargeSpecialty", "BV-00758", "discharge specialty"))
    yield from _wanted(stay, wanted, f"{here}.extension")
    if visit.closed and "dischargeDisposition" not in stay:
        yield Finding(
            "BV-00759",
            f"{here}.dischargeDisposition",
            "The encounter is over and does not say how the patient left",
            "Add hospitalization.dischargeDisposition",
        )


def _wanted(holder: Any, wanted: list[tuple[str, str, str]], here: str) -> Iterator[Finding]:
    given = {text_at(one, "url") for one in items_at(holder, "extension")}
    for name, code, title in wanted:
        if f"{DEFINITIONS}extension-{name}" not in given:
            yield Finding(code, here, f"The encounter does not tell the {title}", f"Add the extension {name}")


def _visit(case: Case) -> _Visit | None:
    claim = case.envelope.focal
    if claim is None or claim.type != "Claim":
        return None
    for _, extension in objects_at(claim.resource, "extension"):
        if text_at(extension, "url") == DEFINITIONS + "extension-encounter":
            encounter = case.envelope.find(text_at(extension, "valueReference", "reference"), claim)
            return _Visit(claim, encounter) if encounter and encounter.type == "Encounter" else None
    return None


def _code(resource: Any, element: str) -> str | None:
    return next((code for _, code in codes_at(resource, element)), None)
