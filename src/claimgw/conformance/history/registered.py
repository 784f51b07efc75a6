"""Are the parties of a message registered here, each as what it is said to be (spec §2.4)?

A gateway knows its own participants only: that another organization is not among them is no fault.
"""

from collections.abc import Iterator

from claimgw.conformance.case import Case, items_at, object_at, objects_at, place
from claimgw.messages.envelope import Entry
from claimgw.messages.findings import Finding, Severity
from claimgw.messages.identifiers import DEFINITIONS, Licence, LicenceKind

# The profile of an organization: what kind of licence it has, the code if it has another, and the code for
# one that is not in the register.
_PROFILES = {
    DEFINITIONS + "provider-organization": (LicenceKind.PROVIDER, "BV-00184", "BV-00182"),
    DEFINITIONS + "insurer-organization": (LicenceKind.PAYER, "BV-00186", "BV-00181"),
}
_OTHER = "BV-00180"


def organizations(case: Case) -> Iterator[Finding]:
    """BV-00180, BV-00181, BV-00182, BV-00184, BV-00186: the licence of an organization is in the register."""
    memory = case.memory
    if memory is None or not memory.licences:  # the sender is registered: nobody looked
        return
    for entry in case.envelope.entries:
        if entry.type != "Organization":
            continue
        kind, wrong, unregistered = _expected(entry)
        for index, identifier in enumerate(items_at(entry.resource, "identifier")):
            licence = Licence.of(identifier)
            if licence is None or licence.kind is LicenceKind.GATEWAY:
                continue
            path = f"{place(entry)}.identifier[{index}].value"
            if kind is not None and licence.kind is not kind:
                text = f"The licence is not that of a {kind}"
                yield Finding(wrong, path, text, "Give the organization the licence of its kind")
            elif licence not in memory.licences:
                yield _unregistered(case, licence, unregistered, path)


def _unregistered(case: Case, licence: Licence, code: str, path: str) -> Finding:
    if licence in (case.envelope.sender, case.envelope.receiver):
        text = "The licence is not in the register of this gateway"
        return Finding(code, path, text, "Have the operator register the organization")
    return Finding(
        code,
        path,
        "Not checked: the organization takes no part in this exchange and is not registered here",
        "Nothing has to be done if the licence is right",
        Severity.INFORMATION,
    )


def _expected(organization: Entry) -> tuple[LicenceKind | None, str, str]:
    for profile in items_at(object_at(organization.resource, "meta"), "profile"):
        if isinstance(profile, str) and (known := _PROFILES.get(profile.partition("|")[0])):
            return known
    return None, "", _OTHER


def submitters(case: Case) -> Iterator[Finding]:
    """BV-00353: whoever submitted what is paid is a provider."""
    payment = case.envelope.focal
    if payment is None or payment.type != "PaymentReconciliation":
        return
    for index, detail in objects_at(payment.resource, "detail"):
        if _is_not(case, detail.get("submitter"), payment, LicenceKind.PROVIDER):
            yield Finding(
                "BV-00353",
                f"{place(payment)}.detail[{index}].submitter",
                "Who submitted the claim is no provider",
                "Name the provider that claimed",
            )


def correspondents(case: Case) -> Iterator[Finding]:
    """BV-00514, BV-00515: an insurer asks for information, a provider is asked."""
    request = case.envelope.focal
    if request is None or request.type != "CommunicationRequest":
        return
    for index, recipient in enumerate(items_at(request.resource, "recipient")):
        if _is_not(case, recipient, request, LicenceKind.PROVIDER):
            yield Finding(
                "BV-00514",
                f"{place(request)}.recipient[{index}]",
                "Who is asked is no provider",
                "Name the provider whose claim it is about",
            )
    if _is_not(case, request.resource.get("sender"), request, LicenceKind.PAYER):
        yield Finding(
            "BV-00515",
            f"{place(request)}.sender",
            "Who asks is no insurer",
            "Name the insurer that decides on the claim",
        )


def _is_not(case: Case, reference: object, near: Entry, kind: LicenceKind) -> bool:
    """Licences of the two kinds stand in two systems, so the system tells."""
    party = case.envelope.party(reference, near)
    return party is not None and party.kind is not kind
