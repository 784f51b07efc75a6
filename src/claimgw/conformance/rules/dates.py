"""Do the dates of a message agree with each other and with the day it came?"""

from collections.abc import Iterator
from datetime import datetime, time
from typing import Any

from claimgw.conformance.case import Case, object_at, objects_at, place
from claimgw.conformance.rules.facts.moments import TOLERANCE
from claimgw.conformance.rules.facts.spans import HOME, Span, span
from claimgw.conformance.rules.facts.visit import visit_of
from claimgw.messages.findings import Finding


def services(case: Case) -> Iterator[Finding]:
    """BV-00041, BV-00118: services are given during the encounter, or planned for it."""
    if (visit := visit_of(case)) is None:
        return
    period = object_at(visit.encounter.resource, "period") or {}
    arrival, departure = span(period.get("start")), span(period.get("end"))
    for index, item in objects_at(visit.claim.resource, "item"):
        begin, end = _serviced(item)
        if (arrival and begin and begin.before(arrival)) or (departure and end and departure.before(end)):
            yield Finding(
                "BV-00041" if visit.billed else "BV-00118",
                f"{place(visit.claim)}.item[{index}].serviced",
                "The service lies outside the period of the encounter",
                "Correct the date of the service, or the period of the encounter",
            )


def eligibility(case: Case) -> Iterator[Finding]:
    """BV-00058: eligibility is asked for today or a later day."""
    request = case.envelope.focal
    if request is None or request.type != "CoverageEligibilityRequest":
        return
    begin, _ = _serviced(request.resource)
    # The day that it still is on a clock that is late.
    today = datetime.combine((case.now - TOLERANCE).astimezone(HOME), time.min, HOME)
    if begin is not None and begin.last < today:
        yield Finding(
            "BV-00058",
            f"{place(request)}.serviced",
            "Eligibility is asked for a day that is over",
            "Ask for today or a later day",
        )


def prescriptions(case: Case) -> Iterator[Finding]:
    """BV-00460, BV-00461: glasses are prescribed before they are claimed, give or take the clocks."""
    claim = case.envelope.focal
    if claim is None or claim.type != "Claim" or (claimed := span(claim.resource.get("created"))) is None:
        return
    for entry in case.envelope.entries:
        if entry.type != "VisionPrescription":
            continue
        for element, code in (("created", "BV-00460"), ("dateWritten", "BV-00461")):
            given = span(entry.resource.get(element))
            if given is not None and given.first - claimed.last > TOLERANCE:
                yield Finding(
                    code,
                    f"{place(entry)}.{element}",
                    "The prescription is later than the claim",
                    "Correct the date of the prescription, or that of the claim",
                )


def _serviced(holder: dict[str, Any]) -> tuple[Span | None, Span | None]:
    """Begin and end; where one is not told it is the other."""
    period = object_at(holder, "servicedPeriod")
    if period is None:
        day = span(holder.get("servicedDate"))
        return day, day
    begin, end = span(period.get("start")), span(period.get("end"))
    return begin or end, end or begin
