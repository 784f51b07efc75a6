"""Is a referral about a living patient, and does it come from a clinic of the sender's?"""

from collections.abc import Iterator

from claimgw.conformance.case import Case, extensions_at, object_at, place, text_at
from claimgw.conformance.rules.facts.places import lacks_specialty
from claimgw.messages.envelope import Entry
from claimgw.messages.findings import Finding
from claimgw.messages.identifiers import Licence, LicenceKind


def patient(case: Case) -> Iterator[Finding]:
    """BV-00897, BV-00904: seen at a clinic or by telemedicine, and alive."""
    if (referral := _referral(case)) is None:
        return
    encounter = case.envelope.find(text_at(referral.resource, "encounter", "reference"), referral)
    class_ = text_at(encounter.resource, "class", "code") if encounter else None
    if class_ not in ("AMB", "VR", None):
        yield Finding(
            "BV-00897",
            f"{place(referral)}.encounter",
            "A referral follows an ambulatory or a virtual encounter",
            "Refer to an encounter of class AMB or VR, or leave it out",
        )
    subject = case.envelope.find(text_at(referral.resource, "subject", "reference"), referral)
    if subject is not None and (
        subject.resource.get("deceasedBoolean") is True or "deceasedDateTime" in subject.resource
    ):
        yield Finding(
            "BV-00904",
            f"{place(subject)}.deceased",
            "The referred patient is marked as deceased",
            "Correct the patient, or do not refer",
        )


def clinic(case: Case) -> Iterator[Finding]:
    """BV-00870, BV-00878, BV-00890: the referring clinic's specialty and who runs it."""
    if (referral := _referral(case)) is None:
        return
    for _, extension in extensions_at(referral.resource, "referring-clinic-specialty"):
        location = case.envelope.find(text_at(extension, "valueReference", "reference"), referral)
        if location is None or location.type != "Location":
            continue
        if lacks_specialty(location):
            yield Finding(
                "BV-00870",
                f"{place(location)}.type",
                "The referring clinic is not typed by its specialty",
                "Add a coding of clinic-specialty",
            )
        yield from _management(case, location)


def _management(case: Case, location: Entry) -> Iterator[Finding]:
    here = f"{place(location)}.managingOrganization"
    organization = object_at(location.resource, "managingOrganization")
    if organization is None:
        return
    licence = Licence.of(organization.get("identifier"))
    if "reference" not in organization and (licence is None or licence.kind is not LicenceKind.PROVIDER):
        yield Finding(
            "BV-00878",
            here,
            "Who runs the clinic is told neither by a resource of the message nor by licence",
            "Refer to the provider Organization, or give its provider licence as identifier",
        )
        return
    runs = case.envelope.party(organization, location)
    if runs is not None and case.envelope.sender not in (None, runs):
        yield Finding(
            "BV-00890",
            here,
            "The referring clinic is not the sender's",
            "Name a clinic of the sender, or let its provider send the referral",
        )


def _referral(case: Case) -> Entry | None:
    focal = case.envelope.focal
    return focal if focal and focal.type == "ServiceRequest" else None
