"""Are sender and receiver the parties the business content names (spec §2.4, §2.5)?"""

from collections.abc import Iterator

from claimgw.conformance.case import Case, extensions_at, items_at, place
from claimgw.conformance.severity import Direction
from claimgw.messages.findings import Finding
from claimgw.messages.identifiers import GATEWAY, Licence, LicenceKind


def organizations(case: Case) -> Iterator[Finding]:
    """GE-00031 … GE-00034: the licences of the header are among those of the Bundle's Organizations."""
    sender, receiver = case.envelope.sender, case.envelope.receiver
    match case.direction:
        case Direction.REQUEST:
            yield from _party(case, sender, LicenceKind.PROVIDER, "GE-00031", "sender")
            yield from _party(case, receiver, LicenceKind.PAYER, "GE-00034", "destination[0].receiver")
        case Direction.ANSWER | Direction.NOTICE:
            yield from _party(case, receiver, LicenceKind.PROVIDER, "GE-00032", "destination[0].receiver")
            yield from _party(case, sender, LicenceKind.PAYER, "GE-00033", "sender")


def _party(
    case: Case, party: Licence | None, kind: LicenceKind, code: str, element: str
) -> Iterator[Finding]:
    if party is None or party.kind is not kind:
        return
    named = _licences(case, kind)
    accepted = case.served | {party} if kind is LicenceKind.PAYER else {party}
    if named and not named & accepted:
        yield Finding(
            code,
            f"bundle.entry[0].resource.{element}",
            f"The {kind} in the header is not the {kind} Organization of the Bundle",
            "Let the licences agree",
        )


def _licences(case: Case, kind: LicenceKind) -> frozenset[Licence]:
    found: set[Licence] = set()
    for entry in case.envelope.entries:
        if entry.type == "Organization":
            found.update(filter(None, map(Licence.of, items_at(entry.resource, "identifier"))))
    return frozenset(licence for licence in found if licence.kind is kind)


def claimant(case: Case) -> Iterator[Finding]:
    """BV-00351: Claim.provider is the sender."""
    focal, sender = case.envelope.focal, case.envelope.sender
    if focal is None or focal.type != "Claim" or sender is None:
        return
    provider = case.envelope.party(focal.resource.get("provider"), focal)
    if provider is not None and provider != sender:
        yield Finding(
            "BV-00351",
            f"{place(focal)}.provider",
            "The provider of the claim is not its sender",
            "Let both be one",
        )


def asker(case: Case) -> Iterator[Finding]:
    """BV-00541: who asks for eligibility is the sender."""
    focal, sender = case.envelope.focal, case.envelope.sender
    if focal is None or focal.type != "CoverageEligibilityRequest" or sender is None:
        return
    provider = case.envelope.party(focal.resource.get("provider"), focal)
    if provider is not None and provider != sender:
        yield Finding(
            "BV-00541",
            f"{place(focal)}.provider",
            "The provider of the request is not its sender",
            "Let both be one",
        )


def addressee(case: Case) -> Iterator[Finding]:
    """BV-00456: polls and payment notices go to the gateway."""
    receiver = case.envelope.receiver
    if case.event in ("poll-request", "payment-notice") and receiver not in (None, GATEWAY):
        yield Finding(
            "BV-00456",
            "bundle.entry[0].resource.destination[0].receiver",
            "The message is not addressed to the gateway",
            f"Address it to {GATEWAY.system} {GATEWAY.value}",
        )


def correspondents(case: Case) -> Iterator[Finding]:
    """BV-00516, BV-00517: who asks for information is the sender, who is asked the receiver."""
    request = case.envelope.focal
    if request is None or request.type != "CommunicationRequest":
        return
    for index, recipient in enumerate(items_at(request.resource, "recipient")):
        asked = case.envelope.party(recipient, request)
        if asked is not None and case.envelope.receiver not in (None, asked):
            yield Finding(
                "BV-00516",
                f"{place(request)}.recipient[{index}]",
                "Who is asked for information is not the receiver of the message",
                "Let both be one",
            )
    sender = case.envelope.party(request.resource.get("sender"), request)
    if sender is not None and case.envelope.sender not in (None, sender):
        yield Finding(
            "BV-00517",
            f"{place(request)}.sender",
            "Who asks for information is not the sender of the message",
            "Let both be one",
        )


def authorized(case: Case) -> Iterator[Finding]:
    """BV-00568: an advanced authorization goes to the provider that it authorizes."""
    focal = case.envelope.focal
    if focal is None or case.event != "advanced-authorization":
        return
    for index, extension in extensions_at(focal.resource, "serviceProvider"):
        provider = case.envelope.party(extension.get("valueReference"), focal)
        if provider is not None and case.envelope.receiver not in (None, provider):
            yield Finding(
                "BV-00568",
                f"{place(focal)}.extension[{index}].value",
                "The authorized provider is not the receiver of the message",
                "Let both be one",
            )
