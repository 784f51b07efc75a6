"""In which form does the gateway itself answer each event: that it is refused, that it will be delivered?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from claimgw.messages import (
    batch_replies,
    claim_replies,
    eligibility_replies,
    poll_replies,
    replies,
    task_replies,
)
from claimgw.messages.envelope import Envelope
from claimgw.messages.events import Event
from claimgw.messages.findings import Finding
from claimgw.messages.frame import Stamp


@dataclass(frozen=True, slots=True)
class Form:
    """`answerable`: whether the message tells what any answer to it repeats.

    `pended` is given a sentence for people; None: the event never waits for an insurer (spec §1.3).
    """

    answerable: Callable[[Envelope], bool]
    refused: Callable[[Envelope, Stamp, Sequence[Finding]], bytes]
    pended: Callable[[Envelope, Stamp, str], bytes] | None = None


def _always(_: Envelope) -> bool:
    """An acknowledgement repeats nothing of the message but who sent it."""
    return True


def _taken(message: Envelope, stamp: Stamp, _: str) -> bytes:
    return replies.acknowledgement(message, stamp)


_CLAIM = Form(claim_replies.answerable, claim_replies.refused, claim_replies.queued)
_TASK = Form(task_replies.answerable, task_replies.failed)
_ACKNOWLEDGED = Form(_always, replies.acknowledgement, _taken)

_FORMS: Mapping[str, Form] = {
    "claim-request": _CLAIM,
    "priorauth-request": _CLAIM,
    "eligibility-request": Form(eligibility_replies.answerable, eligibility_replies.refused),
    "cancel-request": _TASK,
    "status-check": _TASK,
    "poll-request": Form(poll_replies.answerable, poll_replies.failed),
    "batch-request": Form(batch_replies.answerable, batch_replies.refused),
}


def form_of(event: Event) -> Form:
    """Whatever has no business answer of its own is acknowledged."""
    return _FORMS.get(event.code, _ACKNOWLEDGED)
