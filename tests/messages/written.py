"""What do the tests of what the gateway writes have in common?"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from claimgw.conformance import Direction, check
from claimgw.messages import claim_replies
from claimgw.messages.envelope import Envelope, inner, read
from claimgw.messages.findings import Finding, Severity
from claimgw.messages.frame import Stamp

NOW = datetime(2026, 11, 1, 8, tzinfo=UTC)
STAMP = Stamp("seed", NOW)
FAULT = Finding("RE-00169", "Bundle.entry[1].resource.patient", "Reference does not reach a valid resource")
AWAY = Finding("GE-00012", "", "The insurer cannot be reached")


def envelope(raw: bytes) -> Envelope:
    found = read(raw)
    assert isinstance(found, Envelope)
    return found


def faults(raw: bytes) -> list[tuple[str, str]]:
    """(code, place) of all that is found, judged as a request is; what could not be checked is no fault."""
    judged = check(envelope(raw), NOW, direction=Direction.REQUEST, all_stages=True)
    return [(one.code, one.path) for one in judged if one.severity is not Severity.INFORMATION]


def members(request: Envelope, stamp: Stamp) -> Iterator[tuple[str, bytes]]:
    """An answer to each claim of a batch: the first refused, the others queued."""
    for number, entry in enumerate(request.entries[1:]):
        claim = inner(entry.resource)
        assert isinstance(claim, Envelope)
        own = Stamp(f"{stamp.seed}-{number}", stamp.at, stamp.dialect, member=True)
        written = (
            claim_replies.queued(claim, own, "It will be delivered.")
            if number
            else claim_replies.refused(claim, own, [FAULT])
        )
        yield own.id("Bundle"), written


def first(raw: bytes, kind: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one.resource for one in envelope(raw).entries if one.type == kind)
    return found
