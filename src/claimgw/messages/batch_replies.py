"""What does the gateway answer to a batch? One answer for each claim in it, or one refusal of all."""

from collections.abc import Sequence

from claimgw.messages.encode import Raw
from claimgw.messages.envelope import Envelope
from claimgw.messages.findings import Finding
from claimgw.messages.frame import Stamp, address, bundle, reply_header
from claimgw.messages.replies import refusing_outright


def answerable(request: Envelope) -> bool:
    """Whether a batch-response can be written at all; the outer header is enough."""
    return (
        request.event is not None
        and request.event.code == "batch-request"
        and request.sender is not None
        and request.header_id is not None
    )


def refused(request: Envelope, stamp: Stamp, findings: Sequence[Finding]) -> bytes:
    """The batch as a whole is refused, with the faults within it too (spec §0.3 item 8)."""
    return refusing_outright(request, stamp, "batch-response", findings)


def answered(request: Envelope, stamp: Stamp, members: Sequence[tuple[str, bytes]]) -> bytes:
    """The answers to its claims, in their order, as (Bundle.id, bytes); the bytes stand in it unchanged."""
    addresses = [address("Bundle", bundle_id) for bundle_id, _ in members]
    return bundle(
        stamp,
        [
            reply_header(request, stamp, "batch-response", "ok", focus=addresses),
            *(
                {"fullUrl": url, "resource": Raw(raw)}
                for url, (_, raw) in zip(addresses, members, strict=True)
            ),
        ],
        in_place_of_insurer=True,
    )
