"""Is the place of a visit named where it must be, of the right kind, and the provider's own?"""

from collections.abc import Iterator

from claimgw.conformance.case import Case, extensions_at, place, text_at
from claimgw.conformance.rules.facts.places import lacks_role, lacks_specialty
from claimgw.conformance.rules.facts.visit import first_code, visit_of
from claimgw.messages.envelope import Entry
from claimgw.messages.findings import Finding


def of_claims(case: Case) -> Iterator[Finding]:
    """BV-00898, BV-00899, BV-00905: a clinic, run by the provider; professional visits name it."""
    claim = case.envelope.focal
    if claim is None or claim.type != "Claim":
        return
    visit = visit_of(case)
    ambulatory = visit is not None and visit.ambulatory
    prescribed = claim.resource.get("use") == "predetermination"
    if (
        ambulatory
        and first_code(claim.resource, "type") == "professional"
        and not prescribed
        and "facility" not in claim.resource
    ):
        yield Finding(
            "BV-00905",
            f"{place(claim)}.facility",
            "A professional visit to a clinic, or by telemedicine, does not name the clinic",
            "Add Claim.facility",
        )
    if (location := _facility(case, claim)) is None:
        return
    if ambulatory and lacks_specialty(location):
        yield Finding(
            "BV-00898",
            f"{place(location)}.type",
            "The clinic of the visit is not typed by its specialty",
            "Add a coding of clinic-specialty",
        )
    provider = case.envelope.party(claim.resource.get("provider"), claim)
    runs = case.envelope.party(location.resource.get("managingOrganization"), location)
    if provider is not None and runs is not None and runs != provider:
        yield Finding(
            "BV-00899",
            f"{place(location)}.managingOrganization",
            "The facility is run by another provider than that of the claim",
            "Name a facility of the claim's provider",
        )


def of_eligibility(case: Case) -> Iterator[Finding]:
    """BV-00871, BV-00872: typed by its specialty where a referral is meant, by its role elsewhere."""
    request = case.envelope.focal
    if request is None or request.type != "CoverageEligibilityRequest":
        return
    if (location := _facility(case, request)) is None:
        return
    referral = any(
        extension.get("valueBoolean") is True for _, extension in extensions_at(request.resource, "referral")
    )
    if referral and lacks_specialty(location):
        yield Finding(
            "BV-00872",
            f"{place(location)}.type",
            "The facility of a referral is not typed by its specialty",
            "Add a coding of clinic-specialty",
        )
    elif not referral and lacks_role(location):
        yield Finding(
            "BV-00871",
            f"{place(location)}.type",
            "The facility is not typed by what it is for",
            "Add a coding of v3-RoleCode",
        )


def _facility(case: Case, request: Entry) -> Entry | None:
    location = case.envelope.find(text_at(request.resource, "facility", "reference"), request)
    return location if location and location.type == "Location" else None
