"""In which form does the gateway itself answer each event: that it is refused, that it will be delivered?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

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


class Refusing(Protocol):
    """Writes an answer with the findings. `beyond`: those of stages not told, which it must not repeat."""

    def __call__(
        self, request: Envelope, stamp: Stamp, findings: Sequence[Finding], *, beyond: Sequence[Finding] = ()
    ) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Form:
    """`answerable`: whether the message tells what any answer to it repeats.

    `pended` is given a sentence for people; None: the event never waits for an insurer (spec §1.3).
    """

    answerable: Callable[[Envelope], bool]
    refused: Refusing
    pended: Callable[[Envelope, Stamp, str], bytes] | None = None


def _always(_: Envelope) -> bool:
    """An acknowledgement repeats nothing of the message but who sent it."""
    return True


def _taken(message: Envelope, stamp: Stamp, _: str) -> bytes:
    return replies.acknowledgement(message, stamp)


def _not_taken(
    request: Envelope, stamp: Stamp, findings: Sequence[Finding], *, beyond: Sequence[Finding] = ()
) -> bytes:
    del beyond  # nothing is repeated
    return replies.acknowledgement(request, stamp, findings)


def _no_batch(
    request: Envelope, stamp: Stamp, findings: Sequence[Finding], *, beyond: Sequence[Finding] = ()
) -> bytes:
    del beyond
    return batch_replies.refused(request, stamp, findings)


_CLAIM = Form(claim_replies.answerable, claim_replies.refused, claim_replies.queued)
_TASK = Form(task_replies.answerable, task_replies.failed)
_ACKNOWLEDGED = Form(_always, _not_taken, _taken)

_FORMS: Mapping[str, Form] = {
    "claim-request": _CLAIM,
    "priorauth-request": _CLAIM,
    "eligibility-request": Form(eligibility_replies.answerable, eligibility_replies.refused),
    "cancel-request": _TASK,
    "status-check": _TASK,
    "poll-request": Form(poll_replies.answerable, poll_replies.failed),
    "batch-request": Form(batch_replies.answerable, _no_batch),
}


def form_of(event: Event) -> Form:
    """Whatever has no business answer of its own is acknowledged."""
    return _FORMS.get(event.code, _ACKNOWLEDGED)
