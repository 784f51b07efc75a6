"""What does the gateway itself answer to a cancellation or a status check?"""

from collections.abc import Sequence
from enum import StrEnum

from claimgw.messages import answering_task
from claimgw.messages.answering_task import Result, failure, output
from claimgw.messages.echo import Faulty
from claimgw.messages.envelope import Envelope
from claimgw.messages.findings import Finding
from claimgw.messages.frame import Stamp

# What the focus names is not there, or in no state for this: the focus itself is well written, and is
# repeated in the answer, as it must be (IC-00399, IC-00402).
_OF_THE_TARGET = frozenset(f"BV-{number:05}" for number in (139, 140, 141, 142, 143, 144, 222, 445, 459, 686))


class StatusReason(StrEnum):
    """Why a cancellation cannot be (CodeSystem task-status-reason)."""

    IN_PROCESS = "in-process"
    REJECTED = "rejected"
    CLAIMED = "claimed"


def answerable(request: Envelope) -> bool:
    """Whether a cancel-response or status-response can be written (spec §0.3 item 12a)."""
    return answering_task.answerable(request) and request.focal_identifier is not None


def failed(
    request: Envelope,
    stamp: Stamp,
    findings: Sequence[Finding],
    status_reason: StatusReason | None = None,
    *,
    beyond: Sequence[Finding] = (),
) -> bytes:
    """`failed`, header `fatal-error`, with every finding; only a cancellation has a reason (BV-00873).

    `beyond` is what else is wrong and not told yet, of later stages: that is not repeated either.
    """
    faulty = Faulty.of(request, [one for one in (*findings, *beyond) if one.code not in _OF_THE_TARGET])
    return answering_task.written(request, stamp, failure(stamp, findings, status_reason), faulty=faulty)


def completed(request: Envelope, stamp: Stamp) -> bytes:
    """The gateway carried out the cancellation itself; no output (BV-00936)."""
    return answering_task.written(request, stamp, Result("ok", "completed"))


def standing(request: Envelope, stamp: Stamp, system: str, code: str) -> bytes:
    """How the target of a status check stands, from the gateway's own knowledge (spec §6.6)."""
    value = {"valueCodeableConcept": {"coding": [{"system": system, "code": code}]}}
    outputs = [output(stamp, "status", value)]
    return answering_task.written(request, stamp, Result("ok", "completed", outputs))
