"""How is a message made safe before anything else happens to it? Commit 1."""

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta

from claimgw.access.participants import Participant
from claimgw.clearinghouse.admit import focal_of
from claimgw.clearinghouse.parts import Parts
from claimgw.ids import new_id
from claimgw.messages.envelope import Envelope
from claimgw.store import Unit, attempts, exchanges, messages
from claimgw.store.records import Arrival, Attempt, Author, Exchange, Message, State


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
    """The row of a message that was read."""
    return Message(
        id=message_id,
        sender=str(envelope.sender or ""),
        receiver=str(envelope.receiver or ""),
        event=envelope.event.code if envelope.event else "",
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
    exchange = _opened(envelope, exchange_id, insurer.licence, now, State.IN_FLIGHT)
    lease = timedelta(seconds=insurer.settings.answer_seconds + parts.limits.lease)
    exchange = replace(exchange, due_at=now + lease, waiting=True)
    attempt = Attempt(new_id(now), exchange_id, 1, parts.node, now)
    async with parts.database.write() as unit:
        await keep_arrival(unit, envelope, exchange_id, now)
        await exchanges.open_exchange(unit, exchange)
        await attempts.open_attempt(unit, attempt)
    return exchange, attempt


async def refuse(parts: Parts, envelope: Envelope, answer: Envelope, now: datetime) -> None:
    """Keep a faulty request with the answer it gets: its only commit."""
    exchange_id, answer_id = new_id(now), new_id(now)
    exchange = _opened(envelope, exchange_id, str(envelope.receiver), now, State.REFUSED)
    exchange = replace(exchange, answer_id=answer_id, answered_by=Author.GATEWAY)
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


def _opened(envelope: Envelope, exchange_id: str, insurer: str, now: datetime, state: State) -> Exchange:
    return Exchange(
        id=exchange_id,
        event=envelope.event.code if envelope.event else "",
        provider=str(envelope.sender),
        insurer=insurer,
        focal=focal_of(envelope),
        state=state,
        reason="",
        created_at=now,
        changed_at=now,
        due_at=None,
        waiting=False,
        answer_id=None,
        answered_by=None,
        revision=1,
    )
