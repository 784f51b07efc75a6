"""How is a message made safe before anything else happens to it? Commit 1."""

import hashlib
from datetime import datetime, timedelta

from claimgw.access.participants import Participant
from claimgw.clearinghouse.admit import focal_of
from claimgw.clearinghouse.parts import Parts
from claimgw.ids import new_id
from claimgw.messages.envelope import Envelope
from claimgw.store import Unit, attempts, exchanges, mailbox, messages
from claimgw.store.records import (
    Arrival,
    Attempt,
    Author,
    Exchange,
    Focal,
    MailboxEntry,
    Message,
    State,
)

_LONGEST_LICENCE = 120


def digest_of(raw: bytes) -> bytes:
    return hashlib.sha256(raw).digest()


async def keep_arrival(
    unit: Unit, envelope: Envelope, message_id: str, now: datetime, *, exchange_id: str | None = None
) -> Message:
    """Keep a posted message and note its ids as used. Raises Conflict if a copy was faster."""
    kept = as_row(envelope, message_id, now, exchange_id=exchange_id)
    await messages.keep(unit, kept, envelope.raw)
    if envelope.bundle_id and envelope.header_id:
        digest = digest_of(envelope.raw)
        used = Arrival(kept.sender, envelope.bundle_id, envelope.header_id, digest, message_id)
        await messages.arrive(unit, used)
    return kept


def as_row(
    envelope: Envelope,
    message_id: str,
    now: datetime,
    *,
    exchange_id: str | None = None,
    replies_to: str | None = None,
) -> Message:
    """The row of a message that was read. Nobody's licence is longer than the columns; the bytes have it."""
    return Message(
        id=message_id,
        sender=str(envelope.sender or "")[:_LONGEST_LICENCE],
        receiver=str(envelope.receiver or "")[:_LONGEST_LICENCE],
        event=_event(envelope),
        bundle_id=envelope.bundle_id or "",
        header_id=envelope.header_id or "",
        size=len(envelope.raw),
        received_at=now,
        exchange_id=exchange_id,
        replies_to=replies_to,
    )


async def accept(
    parts: Parts, envelope: Envelope, insurer: Participant, now: datetime
) -> tuple[Exchange, Attempt]:
    """Keep a sound request with its first attempt, opened before the call is made.

    Until the attempt is closed it is unknown; `due_at` is when another node may take it up.
    """
    exchange_id = new_id(now)
    lease = timedelta(seconds=insurer.settings.answer_seconds + parts.limits.lease)
    exchange = begun(
        exchange_id,
        _event(envelope),
        provider=str(envelope.sender),
        insurer=insurer.licence,
        state=State.IN_FLIGHT,
        now=now,
        focal=focal_of(envelope),
        due_at=now + lease,
        waiting=True,
    )
    attempt = Attempt(new_id(now), exchange_id, 1, parts.node, now)
    async with parts.database.write() as unit:
        await keep_arrival(unit, envelope, exchange_id, now)
        await exchanges.open_exchange(unit, exchange)
        await attempts.open_attempt(unit, attempt)
    return exchange, attempt


async def refuse(parts: Parts, envelope: Envelope, answer: Envelope, now: datetime) -> None:
    """Keep a faulty request with the answer it gets: its only commit."""
    exchange_id, answer_id = new_id(now), new_id(now)
    exchange = begun(
        exchange_id,
        _event(envelope),
        provider=str(envelope.sender),
        insurer=str(envelope.receiver)[:_LONGEST_LICENCE],
        state=State.REFUSED,
        now=now,
        focal=focal_of(envelope),
        answer_id=answer_id,
    )
    async with parts.database.write() as unit:
        await keep_arrival(unit, envelope, exchange_id, now)
        row = as_row(answer, answer_id, now, exchange_id=exchange_id, replies_to=exchange_id)
        await messages.keep(unit, row, answer.raw)
        await exchanges.open_exchange(unit, exchange)


async def keep_collision(parts: Parts, envelope: Envelope, answer: Envelope, now: datetime) -> None:
    """Keep a message whose ids belong to another one, with its answer; it has no standing of its own."""
    message_id = new_id(now)
    async with parts.database.write() as unit:
        await messages.keep(unit, as_row(envelope, message_id, now), envelope.raw)
        await messages.keep(unit, as_row(answer, new_id(now), now, replies_to=message_id), answer.raw)


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
) -> Exchange:
    """A new exchange; one that has an answer already was answered by the gateway."""
    return Exchange(
        id=exchange_id,
        event=event,
        provider=provider,
        insurer=insurer,
        focal=focal,
        state=state,
        reason="",
        created_at=now,
        changed_at=now,
        due_at=due_at,
        waiting=waiting,
        answer_id=answer_id,
        answered_by=Author.GATEWAY if answer_id else None,
        revision=1,
    )


async def keep_own(unit: Unit, written: Envelope, exchange: Exchange, now: datetime) -> Message:
    """Keep an answer of ours to the request of an exchange."""
    row = as_row(written, new_id(now), now, exchange_id=exchange.id, replies_to=exchange.id)
    await messages.keep(unit, row, written.raw)
    return row


async def deposit(unit: Unit, exchange: Exchange, answer: Message, now: datetime) -> None:
    """Let an answer wait in the mailbox of the provider that asked."""
    await mailbox.deposit(
        unit,
        MailboxEntry(
            message_id=answer.id,
            provider=exchange.provider,
            event=answer.event,
            about_system=exchange.focal.system if exchange.focal else None,
            about_value=exchange.focal.value if exchange.focal else None,
            size=answer.size,
            queued_at=now,
        ),
    )


def _event(envelope: Envelope) -> str:
    return envelope.event.code if envelope.event else ""
