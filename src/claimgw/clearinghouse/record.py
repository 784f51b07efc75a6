"""How is a message made safe before anything else happens to it? Commit 1."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from claimgw.access.participants import Participant
from claimgw.clearinghouse.admit import digest_of, focal_of
from claimgw.clearinghouse.answer import own
from claimgw.clearinghouse.delivery.gate import Shut
from claimgw.clearinghouse.forms import form_of
from claimgw.clearinghouse.parts import Parts
from claimgw.clearinghouse.received import Received
from claimgw.clearinghouse.rows import as_licence, as_row, begun, event_of
from claimgw.clearinghouse.stated import stated
from claimgw.clearinghouse.words import will_deliver
from claimgw.conformance.severity import day_of
from claimgw.ids import new_id
from claimgw.messages.envelope import Envelope
from claimgw.store import Unit, attempts, exchanges, history, mailbox, messages, relations, statements
from claimgw.store.records import (
    Arrival,
    Attempt,
    Exchange,
    MailboxEntry,
    Message,
    State,
)
from claimgw.store.relations import Relation


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


async def accept(
    parts: Parts, received: Received, insurer: Participant, about: Exchange | None
) -> tuple[Exchange, Attempt]:
    """Keep a sound request with its first attempt, opened before the call is made.

    Until the attempt is closed it is unknown; `due_at` is when another node may take it up.
    """
    now, exchange_id = received.now, new_id(received.now)
    lease = timedelta(seconds=insurer.settings.answer_seconds + parts.limits.lease)
    exchange = begun(
        exchange_id,
        event_of(received.envelope),
        provider=str(received.envelope.sender),
        insurer=insurer.licence,
        state=State.IN_FLIGHT,
        now=now,
        focal=focal_of(received.envelope),
        due_at=now + lease,
        waiting=True,
        about_id=about.id if about else None,
        tries=1,
    )
    attempt = Attempt(new_id(now), exchange_id, 1, parts.node, now)
    async with parts.database.write() as unit:
        await keep_request(unit, received, exchange)
        await attempts.open_attempt(unit, attempt)
        if about is not None and exchange.event == "cancel-request":
            # Another cancellation of it may have come to its end since it was looked at.
            exchanges.stands(unit, about)
    return exchange, attempt


async def hold_back(
    parts: Parts, received: Received, insurer: Participant, about: Exchange | None, shut: Shut | None
) -> tuple[Exchange, bytes]:
    """Keep a sound request that cannot go now, with the answer it gets meanwhile.

    It must not overtake what it is about, or its insurer cannot have it; `shut` says why.
    """
    now = received.now
    form = form_of(received.event)
    assert form.pended is not None
    disposition = will_deliver(insurer.name, shut.hours if shut else "")
    raw = form.pended(received.envelope, parts.stamp(now, received.notes), disposition)
    async with parts.database.write() as unit:
        kept = await keep_held(
            unit,
            received,
            insurer.licence,
            raw,
            due_at=now,
            about_id=about.id if about else None,
            reason=shut.reason if shut else "",
        )
    return kept, raw


async def keep_held(
    unit: Unit,
    received: Received,
    insurer: str,
    raw: bytes,
    *,
    due_at: datetime,
    state: State = State.HELD,
    about_id: str | None = None,
    batch_id: str | None = None,
    reason: str = "",
) -> Exchange:
    """Keep a request that is delivered later, together with the gateway's answer `raw` to it."""
    now, exchange_id, answer_id = received.now, new_id(received.now), new_id(received.now)
    exchange = begun(
        exchange_id,
        event_of(received.envelope),
        provider=str(received.envelope.sender),
        insurer=insurer,
        state=state,
        now=now,
        focal=focal_of(received.envelope),
        due_at=due_at,
        answer_id=answer_id,
        about_id=about_id,
        batch_id=batch_id,
        reason=reason,
    )
    await keep_with_answer(unit, received, exchange, raw)
    return exchange


async def keep_with_answer(unit: Unit, received: Received, exchange: Exchange, raw: bytes) -> None:
    """Keep a request and the gateway's answer to it, which is the one on record from the first."""
    assert exchange.answer_id is not None
    written = own(raw)
    await keep_arrival(unit, received.envelope, exchange.id, received.now)
    row = as_row(written, exchange.answer_id, received.now, exchange_id=exchange.id, replies_to=exchange.id)
    await messages.keep(unit, row, raw)
    await _open(unit, received, exchange)
    await remember(unit, written, exchange.answer_id, exchange)


async def keep_request(unit: Unit, received: Received, exchange: Exchange) -> None:
    """Keep a request, and what it has in common with others."""
    await keep_arrival(unit, received.envelope, exchange.id, received.now)
    await _open(unit, received, exchange)


async def begin_history(unit: Unit, received: Received) -> None:
    """Note that the first message of a pair came: the day after it is the first that is whole on record."""
    provider, insurer = str(received.envelope.sender), str(received.envelope.receiver)
    await history.begin(unit, provider, insurer, day_of(received.now) + timedelta(days=1), received.now)


async def _open(unit: Unit, received: Received, exchange: Exchange) -> None:
    if received.known.first and exchange.batch_id is None:
        await begin_history(unit, received)
    await exchanges.open_exchange(unit, exchange)
    await relations.relate(unit, exchange.id, _kept(exchange.event, received.known.mentioned.relations))


def _kept(event: str, named: Sequence[Relation]) -> list[Relation]:
    """What is worth keeping: of a patient the digest of an eligibility check only, which claims look for."""
    return [one for one in named if one[0] != "patient" or event == "eligibility-request"]


async def remember(unit: Unit, said: Envelope, message_id: str, exchange: Exchange) -> None:
    """Keep what an answer to a request states, for what refers to it later."""
    rows = stated(
        said,
        message_id,
        provider=exchange.provider,
        insurer=exchange.insurer,
        exchange_id=exchange.id,
    )
    await statements.keep(unit, rows)


async def refuse(parts: Parts, envelope: Envelope, answer: Envelope, now: datetime) -> None:
    """Keep a faulty request with the answer it gets: its only commit."""
    async with parts.database.write() as unit:
        await keep_refused(unit, envelope, answer, now)


async def keep_refused(
    unit: Unit, envelope: Envelope, answer: Envelope, now: datetime, batch_id: str | None = None
) -> None:
    """The same within a commit of more; `batch_id`: the batch it came in."""
    exchange_id, answer_id = new_id(now), new_id(now)
    exchange = begun(
        exchange_id,
        event_of(envelope),
        provider=str(envelope.sender),
        insurer=as_licence(str(envelope.receiver)),
        state=State.REFUSED,
        now=now,
        focal=focal_of(envelope),
        answer_id=answer_id,
        batch_id=batch_id,
    )
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
