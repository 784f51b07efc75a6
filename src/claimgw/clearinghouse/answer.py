"""What does the sender hear now? Bodies that go back, with the tag that tells that more is waiting."""

from collections.abc import Sequence
from datetime import datetime

from claimgw.clearinghouse.forms import form_of
from claimgw.clearinghouse.judge import first_look
from claimgw.clearinghouse.open import Refusal
from claimgw.clearinghouse.parts import Parts, Reply
from claimgw.conformance import check, direction_of
from claimgw.conformance.case import Part
from claimgw.messages import replies, tags
from claimgw.messages.envelope import Envelope, read
from claimgw.messages.findings import Finding, errors
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


def refusing(
    parts: Parts,
    envelope: Envelope,
    findings: Sequence[Finding],
    now: datetime,
    notes: Sequence[str] = (),
) -> bytes | None:
    """The answer of the event's own kind with every finding; None if only a bare outcome can be given."""
    assert envelope.event is not None
    form = form_of(envelope.event)
    if not form.answerable(envelope):
        return None
    beyond = untold(parts, envelope, now, part=first_look(envelope.event))
    return form.refused(envelope, parts.stamp(now, notes), findings, beyond=beyond)


def untold(parts: Parts, envelope: Envelope, now: datetime, *, part: Part = Part.WHOLE) -> list[Finding]:
    """The faults of all stages: what is wrong may not stand again in our answer, told or not."""
    direction, schemas = direction_of(envelope.event), parts.schemas
    return errors(check(envelope, now, direction=direction, schemas=schemas, all_stages=True, part=part))


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
