"""What becomes of a large claim? It is taken at once, checked afterwards, and what is wrong comes by poll."""

from collections.abc import Sequence
from datetime import datetime

import structlog

from claimgw.clearinghouse import answer, record
from claimgw.clearinghouse.admit import find_destination
from claimgw.clearinghouse.delivery import gate
from claimgw.clearinghouse.forms import form_of
from claimgw.clearinghouse.judge import judge
from claimgw.clearinghouse.parts import Limits, Parts, Reply
from claimgw.clearinghouse.recall import recall
from claimgw.clearinghouse.received import Received
from claimgw.clearinghouse.words import will_check
from claimgw.messages import claim_replies
from claimgw.messages.envelope import Envelope, read
from claimgw.messages.events import Event
from claimgw.messages.findings import Finding
from claimgw.store import exchanges, messages
from claimgw.store.records import Author, Exchange, State

_log = structlog.get_logger(__name__)


def is_large(envelope: Envelope, event: Event, limits: Limits) -> bool:
    """By its bytes or its items (spec §3.5); only what can be answered and may wait."""
    if "Claim" not in event.focus or not claim_replies.answerable(envelope):
        return False
    items = envelope.focal.resource.get("item") if envelope.focal else None
    many = isinstance(items, list) and len(items) >= limits.large_items
    return many or len(envelope.raw) >= limits.large_bytes


async def take_unchecked(parts: Parts, received: Received) -> Reply:
    """Keep it, say so at once, and let the worker look into it."""
    insurer, now = received.destination, received.now
    assert insurer is not None
    shut = gate.shut(parts.breakers, await parts.registry.current(), insurer.licence, now)
    disposition = will_check(insurer.name, shut.hours if shut else "")
    raw = claim_replies.queued(received.envelope, parts.stamp(now, received.notes), disposition, large=True)
    about = next(iter(received.known.about.values()), None)
    async with parts.database.write() as unit:
        kept = await record.keep_held(
            unit,
            received,
            insurer.licence,
            raw,
            due_at=now,
            state=State.UNCHECKED,
            about_id=about.id if about else None,
        )
    parts.wake()
    return Reply(200, await answer.tagged(parts, raw, kept.provider))


async def look_into(parts: Parts, exchange: Exchange) -> None:
    """Check what was taken unchecked: it is held for delivery, or refused by a message in the mailbox.

    Raises Conflict if somebody else was faster.
    """
    if parts.beside is not None:
        await parts.beside.do("look_into", exchange)
        return
    now, registry = parts.clock.now(), await parts.registry.current()
    complete = parts.limits.complete_history
    async with parts.database.read() as unit:
        request = read(await messages.content(unit, exchange.id) or b"")
        assert isinstance(request, Envelope), "a request on record is no message any more"
        assert request.event is not None
        known = await recall(
            unit, request, request.event, registry, now, complete=complete, itself=exchange.id
        )
    destination = find_destination(request, request.event, registry, taken=True)
    if isinstance(destination, Finding):
        await _refuse(parts, exchange, request, [destination], now)
        return
    received = judge(
        parts, registry, Received(request, request.event, destination, known, (), exchange.created_at)
    )
    if received.faults:
        await _refuse(parts, exchange, request, received.faults, now, received.notes)
        return
    async with parts.database.write() as unit:
        await exchanges.change(unit, exchange, state=State.HELD, due_at=now, changed_at=now)
    parts.wake()


async def _refuse(
    parts: Parts,
    exchange: Exchange,
    request: Envelope,
    faults: Sequence[Finding],
    now: datetime,
    notes: Sequence[str] = (),
) -> None:
    assert request.event is not None
    beyond = answer.untold(parts, request, now)
    raw = form_of(request.event).refused(request, parts.stamp(now, notes), faults, beyond=beyond)
    async with parts.database.write() as unit:
        written = answer.own(raw)
        row = await record.keep_own(unit, written, exchange, now)
        await record.remember(unit, written, row.id, exchange)
        await record.deposit(unit, exchange, row, now)
        await exchanges.change(
            unit,
            exchange,
            state=State.REFUSED,
            due_at=None,
            changed_at=now,
            mailed=exchange.mailed_once_more,
            answer_id=row.id,
            answered_by=Author.GATEWAY,
        )
    parts.wake()
    _log.info(
        "large claim refused after its check",
        action="check",
        exchange=exchange.id,
        codes=sorted({fault.code for fault in faults}),
    )
