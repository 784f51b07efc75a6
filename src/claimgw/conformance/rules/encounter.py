"""Does the Encounter of a claim fit its type, and does it tell what its class needs (profiles §4.2)?"""

from collections.abc import Iterator
from typing import Any

from claimgw.conformance.case import Case, extensions_at, object_at, place, text_at
from claimgw.conformance.rules.facts.moments import ahead, later
from claimgw.conformance.rules.facts.visit import INPATIENT, first_code, visit_of
from claimgw.messages.findings import Finding


def classes(case: Case) -> Iterator[Finding]:
    """BV-00741 … BV-00743, BV-00755, BV-00807: the class goes with type and sub-type of the claim."""
    if (visit := visit_of(case)) is None or visit.class_ is None:
        return
    at_class = f"{place(visit.encounter)}.class.code"
    allowed = {
        "institutional": (INPATIENT, "BV-00741"),
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
    if first_code(visit.claim.resource, "subType") == "emr" and not visit.emergency:
        yield Finding(
            "BV-00755",
            at_class,
            "A claim of sub-type emr is about an emergency",
            "Use class EMER, or another sub-type",
        )


def classes_of_professionals(case: Case) -> Iterator[Finding]:
    """BV-00808: for pharmacy and vision; types with a class of their own have codes of their own."""
    visit = visit_of(case)
    if visit is not None and visit.type in ("pharmacy", "vision") and visit.class_ in ("EMER", "HH", "VR"):
        yield Finding(
            "BV-00808",
            f"{place(visit.encounter)}.class.code",
            "An encounter of this class belongs to a professional claim",
            "Use another class, or send a professional claim",
        )


def parties(case: Case) -> Iterator[Finding]:
    """BV-00761, BV-00762: patient and provider of encounter and claim are the same."""
    if (visit := visit_of(case)) is None:
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
    if (visit := visit_of(case)) is None or not visit.emergency:
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
    if (visit := visit_of(case)) is not None and visit.type in ("professional", "oral"):
        wanted = [("serviceEventType", "BV-00736", "service event type")]
        yield from _wanted(visit.encounter.resource, wanted, f"{place(visit.encounter)}.extension")


def beginning(case: Case) -> Iterator[Finding]:
    """BV-00850, BV-00851: what is claimed has begun, and not before the patient was born."""
    if (visit := visit_of(case)) is None:
        return
    if visit.billed and ahead(visit.start, case.now):
        yield Finding(
            "BV-00850",
            f"{place(visit.encounter)}.period.start",
            "The encounter that is claimed starts in the future",
            "Correct the start, or ask for authorization instead",
        )
    patient = case.envelope.find(text_at(visit.encounter.resource, "subject", "reference"), visit.encounter)
    if patient is not None and later(text_at(patient.resource, "birthDate"), visit.start):
        yield Finding(
            "BV-00851",
            f"{place(patient)}.birthDate",
            "The patient was born after the encounter began",
            "Correct the date of birth or the start of the encounter",
        )


def admissions(case: Case) -> Iterator[Finding]:
    """BV-00737, BV-00744, BV-00758, BV-00759: what a claim tells of a stay."""
    if (visit := visit_of(case)) is None or not (visit.inpatient and visit.billed):
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


def discharges(case: Case) -> Iterator[Finding]:
    """BV-00740, BV-00801, BV-00852: what a claim tells of the end of a stay goes together."""
    if (visit := visit_of(case)) is None or not (visit.inpatient and visit.billed):
        return
    here, encounter = place(visit.encounter), visit.encounter.resource
    stay = object_at(encounter, "hospitalization") or {}
    if "dischargeDisposition" in stay:
        if not visit.closed:
            yield Finding(
                "BV-00801",
                f"{here}.period.end",
                "The encounter says how the patient left, but not when",
                "Add period.end, or leave the disposition out",
            )
        if first_code(stay, "dischargeDisposition") == "died":
            wanted = [("causeOfDeath", "BV-00740", "cause of death")]
            yield from _wanted(encounter, wanted, f"{here}.extension")
    if any(extensions_at(stay, "dischargeSpecialty")) and not (
        visit.closed and "dischargeDisposition" in stay
    ):
        yield Finding(
            "BV-00852",
            f"{here}.hospitalization.extension",
            "The encounter names the discharge specialty, but not how or when the patient left",
            "Add hospitalization.dischargeDisposition and period.end",
        )


def _wanted(holder: Any, wanted: list[tuple[str, str, str]], here: str) -> Iterator[Finding]:
    for name, code, title in wanted:
        if not any(extensions_at(holder, name)):
            yield Finding(code, here, f"The encounter does not tell the {title}", f"Add the extension {name}")
