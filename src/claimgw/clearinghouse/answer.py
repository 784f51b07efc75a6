"""What does the sender hear now? Bodies that go back, with the tag that tells that more is waiting."""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from claimgw.clearinghouse.open import Refusal
from claimgw.clearinghouse.parts import Parts, Reply
from claimgw.ids import new_id
from claimgw.messages import claim_replies, poll_replies, replies, tags
from claimgw.messages.envelope import Envelope, read
from claimgw.messages.events import Event, Leg, Way
from claimgw.messages.findings import Finding
from claimgw.messages.frame import Stamp
from claimgw.messages.identifiers import LicenceKind
from claimgw.messages.splice import add_header_tag
from claimgw.store import mailbox


def bare(refusal: Refusal) -> Reply:
    """A refusal as an OperationOutcome."""
    return Reply(refusal.status, replies.outcome(refusal.findings))


def own(raw: bytes) -> Envelope:
    """A message we have just written, as an envelope to keep."""
    envelope = read(raw)
    assert isinstance(envelope, Envelope), "the gateway wrote something that is no message"
    return envelope


def answerable(envelope: Envelope) -> bool:
    """Whether a claim tells what any answer to it repeats; of other messages an answer repeats nothing."""
    event = envelope.event
    return event is None or not _is_claim(event) or claim_replies.answerable(envelope)


def refusing(envelope: Envelope, findings: Sequence[Finding], now: datetime) -> bytes | None:
    """The answer of the event's own kind with every finding; None if only a bare outcome can be given."""
    event = envelope.event
    assert event is not None
    stamp = Stamp(new_id(now), now)
    if _is_claim(event):
        return (
            claim_replies.refused(envelope, stamp, findings) if claim_replies.answerable(envelope) else None
        )
    if event.way is Way.GATEWAY:
        return poll_replies.failed(envelope, stamp, findings) if poll_replies.answerable(envelope) else None
    match event.leg:
        case Leg.RESPONSE | Leg.NOTICE:
            return replies.acknowledgement(envelope, stamp, findings)
        case Leg.REQUEST:
            return None
    assert_never(event.leg)


def _is_claim(event: Event) -> bool:
    return event.leg is Leg.REQUEST and event.focus == frozenset({"Claim"})


async def tagged(parts: Parts, raw: bytes, receiver: str, *, untagged: bool = False) -> bytes:
    """The body as it goes out: with `queued-messages` if the provider's mailbox is not empty (spec §4).

    `untagged`: it is known to have no such tag, which saves reading up to 10 MB.
    """
    if not receiver.startswith(LicenceKind.PROVIDER):
        return raw
    async with parts.database.read() as unit:
        more = await mailbox.any_waiting(unit, receiver, parts.clock.now())
    if not more or (not untagged and _has_tag(raw)):
        return raw
    return add_header_tag(raw, tags.QUEUED_MESSAGES)


def _has_tag(raw: bytes) -> bool:
    # The text is looked at first: to read a whole message costs a hundred times as much.
    if b"queued" not in raw:
        return False
    envelope = read(raw)
    return isinstance(envelope, Envelope) and tags.carries(envelope.header, tags.QUEUED_MESSAGES["code"])
