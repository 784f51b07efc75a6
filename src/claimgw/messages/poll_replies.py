"""What does the gateway answer to a poll? The waiting messages, byte for byte, or what is wrong with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from claimgw.messages import answering_task
from claimgw.messages.answering_task import Result, failure, output
from claimgw.messages.echo import Faulty
from claimgw.messages.encode import Raw
from claimgw.messages.envelope import Envelope
from claimgw.messages.findings import Finding
from claimgw.messages.frame import Stamp, address, instant
from claimgw.messages.identifiers import DEFINITIONS

# On the output of a message that is a repeat: how many polls were given it before (decision 0024).
OFFERED_BEFORE = "urn:claimgw:offered-before"


@dataclass(frozen=True, slots=True)
class Waiting:
    """One message of the mailbox: its Bundle.id, its bytes and when it was queued.

    `before`: how many polls were given it before this one; told if there were any.
    """

    bundle_id: str
    raw: bytes
    queued_at: datetime
    before: int = 0


def answerable(request: Envelope) -> bool:
    """Whether a poll-response can be written at all."""
    return answering_task.answerable(request)


def delivered(request: Envelope, stamp: Stamp, messages: Sequence[Waiting]) -> bytes:
    """`completed` with one output for each message; without messages, an empty answer (0.3 item 7)."""
    outputs = []
    nested = []
    for waiting in messages:
        url = address("Bundle", waiting.bundle_id)
        extensions: list[dict[str, Any]] = [
            {"url": DEFINITIONS + "extension-timestamp", "valueDateTime": instant(waiting.queued_at)}
        ]
        if waiting.before:
            extensions.append({"url": OFFERED_BEFORE, "valuePositiveInt": waiting.before})
        reference = output(stamp, "response", {"valueReference": {"reference": url}})
        outputs.append({"extension": extensions, **reference})
        nested.append({"fullUrl": url, "resource": Raw(waiting.raw)})
    return answering_task.written(request, stamp, Result("ok", "completed", outputs), nested=nested)


def failed(
    request: Envelope, stamp: Stamp, findings: Sequence[Finding], *, beyond: Sequence[Finding] = ()
) -> bytes:
    """`failed` with one output for each finding; what is faulty in the poll is not repeated.

    Nor is what `beyond` names: what else is wrong and not told yet, of later stages.
    """
    faulty = Faulty.of(request, [*findings, *beyond])
    return answering_task.written(request, stamp, failure(stamp, findings), faulty=faulty)
