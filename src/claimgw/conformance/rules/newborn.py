"""Is what is asked for in a newborn's name about its first 90 days, and is an infant weighed at admission?"""

from collections.abc import Iterator
from datetime import date
from typing import Any

from claimgw.conformance.case import Case, codes_at, extensions_at, objects_at, place, text_at
from claimgw.conformance.rules.facts.moments import day
from claimgw.conformance.rules.facts.visit import visit_of
from claimgw.messages.envelope import Entry
from claimgw.messages.findings import Finding

# Days after birth for which a newborn may be treated as one (spec C-28), and of the first year of life.
_NEWBORN = 90
_INFANT = 365


def services(case: Case) -> Iterator[Finding]:
    """BV-00553, BV-00556: each item of a newborn's claim or authorization."""
    claim = case.envelope.focal
    if claim is None or claim.type != "Claim" or (birth := _birth_of_newborn(case, claim)) is None:
        return
    for index, item in objects_at(claim.resource, "item"):
        yield from _late(item, birth, f"{place(claim)}.item[{index}].serviced", ("BV-00553", "BV-00556"))


def eligibility(case: Case) -> Iterator[Finding]:
    """BV-00554, BV-00555: the days a newborn's eligibility is asked for."""
    request = case.envelope.focal
    if request is None or request.type != "CoverageEligibilityRequest":
        return
    if (birth := _birth_of_newborn(case, request)) is not None:
        yield from _late(request.resource, birth, f"{place(request)}.serviced", ("BV-00554", "BV-00555"))


def weight(case: Case) -> Iterator[Finding]:
    """BV-00849: a child in hospital that was not yet a year old when it came."""
    visit = visit_of(case)
    if visit is None or visit.type != "institutional" or visit.class_ != "IMP":
        return
    birth, start = _birth(case, visit.claim), day(visit.start)
    if birth is None or start is None or not 0 <= (start - birth).days < _INFANT:
        return
    told = {
        code
        for _, information in objects_at(visit.claim.resource, "supportingInfo")
        for _, code in codes_at(information, "category")
    }
    if "admission-weight" not in told:
        yield Finding(
            "BV-00849",
            f"{place(visit.claim)}.supportingInfo",
            "The child was less than a year old when it was admitted, and its weight is not told",
            "Add supportingInfo of category admission-weight",
        )


def _late(holder: Any, birth: date, here: str, codes: tuple[str, str]) -> Iterator[Finding]:
    """Findings for a date, or the end of a period, that lies too long after birth."""
    for text, code in zip(
        (text_at(holder, "servicedDate"), text_at(holder, "servicedPeriod", "end")), codes, strict=True
    ):
        serviced = day(text)
        if serviced is not None and (serviced - birth).days > _NEWBORN:
            yield Finding(
                code,
                here,
                f"The service is later than {_NEWBORN} days after the newborn's birth",
                "Leave the newborn extension out, or correct the date",
            )


def _birth_of_newborn(case: Case, request: Entry) -> date | None:
    told = any(
        extension.get("valueBoolean") is True for _, extension in extensions_at(request.resource, "newborn")
    )
    return _birth(case, request) if told else None


def _birth(case: Case, request: Entry) -> date | None:
    """The day of birth of the patient; None if it is not in the message, or known to the month only."""
    patient = case.envelope.find(text_at(request.resource, "patient", "reference"), request)
    return day(patient.resource.get("birthDate")) if patient else None
