"""Does an answer that the gateway wrote look like one (spec §0.3 item 4)?"""

from collections.abc import Iterator

from claimgw.conformance.case import Case, items_at, place
from claimgw.messages.findings import Finding
from claimgw.messages.identifiers import GATEWAY, LicenceKind
from claimgw.messages.tags import written_by_gateway


def parties(case: Case) -> Iterator[Finding]:
    """BV-00244, BV-00245: the gateway's answer to a cancellation is its own; each goes to a provider."""
    if case.event != "cancel-response":
        return
    sender, receiver = case.envelope.sender, case.envelope.receiver
    if _generated(case) and sender is not None and sender != GATEWAY:
        yield Finding(
            "BV-00244",
            "bundle.entry[0].resource.sender",
            "An answer marked as the gateway's has another sender",
            f"Name {GATEWAY.system} {GATEWAY.value}, or leave the mark out",
        )
    if receiver is not None and receiver.kind is not LicenceKind.PROVIDER:
        yield Finding(
            "BV-00245",
            "bundle.entry[0].resource.destination[0].receiver",
            "The answer to a cancellation is not for a provider",
            "Address it to the provider that cancelled",
        )


def items(case: Case) -> Iterator[Finding]:
    """BV-00246: the gateway decides on no item."""
    focal = case.envelope.focal
    if case.event == "priorauth-response" and focal is not None and _generated(case):
        for element in ("item", "addItem"):
            if items_at(focal.resource, element):
                yield Finding(
                    "BV-00246",
                    f"{place(focal)}.{element}",
                    "An answer marked as the gateway's has items",
                    "Leave the items out, or the mark",
                )


def _generated(case: Case) -> bool:
    focal = case.envelope.focal
    return written_by_gateway(case.envelope.bundle, focal.resource if focal else None)
