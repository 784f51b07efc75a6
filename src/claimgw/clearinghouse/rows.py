"""Which rows stand for a message and for a new exchange?"""

from datetime import datetime

from claimgw.messages.envelope import Envelope
from claimgw.store.records import Author, Exchange, Focal, Message, State

_LONGEST_LICENCE = 120


def as_licence(text: str) -> str:
    """As the columns have it. Nobody's licence is longer than they are; the bytes have the whole of it."""
    return text[:_LONGEST_LICENCE]


def event_of(envelope: Envelope) -> str:
    """The code of its event; "" if it cannot be told."""
    return envelope.event.code if envelope.event else ""


def as_row(
    envelope: Envelope,
    message_id: str,
    now: datetime,
    *,
    exchange_id: str | None = None,
    replies_to: str | None = None,
) -> Message:
    """The row of a message that was read."""
    return Message(
        id=message_id,
        sender=as_licence(str(envelope.sender or "")),
        receiver=as_licence(str(envelope.receiver or "")),
        event=event_of(envelope),
        bundle_id=envelope.bundle_id or "",
        header_id=envelope.header_id or "",
        size=len(envelope.raw),
        received_at=now,
        exchange_id=exchange_id,
        replies_to=replies_to,
    )


def begun(
    exchange_id: str,
    event: str,
    *,
    provider: str,
    insurer: str,
    state: State,
    now: datetime,
    focal: Focal | None = None,
    due_at: datetime | None = None,
    waiting: bool = False,
    answer_id: str | None = None,
    about_id: str | None = None,
    batch_id: str | None = None,
    reason: str = "",
    tries: int = 0,
) -> Exchange:
    """A new exchange; one that has an answer already was answered by the gateway."""
    return Exchange(
        id=exchange_id,
        event=event,
        provider=provider,
        insurer=insurer,
        focal=focal,
        state=state,
        reason=reason,
        created_at=now,
        changed_at=now,
        due_at=due_at,
        waiting=waiting,
        answer_id=answer_id,
        answered_by=Author.GATEWAY if answer_id else None,
        revision=1,
        about_id=about_id,
        batch_id=batch_id,
        tries=tries,
    )
