"""What does a provider get when it polls? Messages reserved for that poll until they are written.

Where the provider confirms, they are offered again until a later poll of the same client, or the client
itself, says that it has them.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from claimgw.clearinghouse import answer, record, rows
from claimgw.clearinghouse.open import Refusal
from claimgw.clearinghouse.own.selection import select
from claimgw.clearinghouse.parts import Given, Parts, Reply
from claimgw.clearinghouse.received import Received
from claimgw.clearinghouse.session import Sessions
from claimgw.ids import new_id
from claimgw.messages import poll_replies
from claimgw.messages.envelope import Envelope
from claimgw.messages.findings import Finding
from claimgw.messages.frame import Stamp
from claimgw.store import Unit, mailbox, messages, offers
from claimgw.store.offers import Offer
from claimgw.telemetry import metrics

# What the frame of an answer needs beside its messages, and a margin.
_FRAME_BYTES = 64 * 1024


async def receive(parts: Parts, _: Sessions, received: Received) -> Reply:
    """Reserve what the poll asks for (one commit) and write it; `delivered` follows once it is sent."""
    envelope, now = received.envelope, received.now
    if received.faults:
        return await _fail(parts, envelope, received.faults, now)
    poll_id, provider = new_id(now), str(envelope.sender)
    async with parts.database.read() as unit:
        some = await mailbox.any_waiting(unit, provider, now)
    if not some:
        return await _nothing(parts, envelope, poll_id, now)
    asked, marked = select(envelope), await _confirms(parts, provider)
    async with parts.database.write() as unit:
        await record.keep_arrival(unit, envelope, poll_id, now)
        found = await mailbox.waiting(unit, provider, asked, now)
        waiting = [Offer(entry, entry.offers if marked else 0) for entry in found]
        taken = _fitting(waiting, parts.limits.poll_answer - _FRAME_BYTES)
        await offers.reserve(unit, poll_id, taken, now=now, until=_leased(parts, now))
    if again := sum(offer.entry.offers > 0 for offer in taken):
        metrics.offered_again.labels(provider).inc(again)
    return await _write(parts, envelope, poll_id, taken, now)


async def _nothing(parts: Parts, envelope: Envelope, poll_id: str, now: datetime) -> Reply:
    """Most polls find nothing: they are kept in one statement, and keep nobody from the mailbox."""
    async with parts.database.write() as unit:
        await record.keep_arrival(unit, envelope, poll_id, now)
    body = poll_replies.delivered(envelope, Stamp(poll_id, now, parts.dialect), [])
    return Reply(200, body, Given(poll_id, str(envelope.sender), now, []))


async def answer_again(parts: Parts, envelope: Envelope, poll_id: str) -> Reply:
    """The same poll once more: the same answer, built from the ids it had."""
    now = parts.clock.now()
    async with parts.database.write() as unit:
        first = await messages.find(unit, poll_id)
        given = await offers.of_poll(unit, poll_id)
        # What it had reserved and not received stays its own a while longer.
        await offers.renew(unit, poll_id, _ids(given), until=_leased(parts, now))
    assert first is not None
    return await _write(parts, envelope, poll_id, given, first.received_at)


async def delivered(parts: Parts, given: Given, client: str | None) -> None:
    """The body has been written: what the poll had reserved is delivered to that client.

    If the provider confirms, what the client was delivered before it polled is confirmed. `client` is the id
    of its credential, None where everybody may come in.
    """
    confirms = await _confirms(parts, given.provider)
    if not (confirms or given.message_ids):
        return
    poll_id, now = given.poll_id, parts.clock.now()
    again = now + timedelta(seconds=parts.limits.confirm) if confirms else None
    async with parts.database.write() as unit:
        await offers.deliver(unit, poll_id, given.message_ids, client=client, now=now, again=again)
        if confirms:
            await offers.confirm_earlier(
                unit, given.provider, poll_id, client=client, polled_at=given.polled_at, now=now
            )


async def _write(
    parts: Parts, envelope: Envelope, poll_id: str, given: Sequence[Offer], at: datetime
) -> Reply:
    provider = str(envelope.sender)
    async with parts.database.read() as unit:
        waiting = await _contents(unit, given)
    body = poll_replies.delivered(envelope, Stamp(poll_id, at, parts.dialect), waiting)
    body = await answer.tagged(parts, body, provider, untagged=True)
    return Reply(200, body, Given(poll_id, provider, at, _ids(given)))


async def _contents(unit: Unit, given: Sequence[Offer]) -> list[poll_replies.Waiting]:
    kept = await messages.as_written(unit, _ids(given))
    return [
        poll_replies.Waiting(*kept[offer.entry.message_id], offer.entry.queued_at, offer.before)
        for offer in given
        if offer.entry.message_id in kept
    ]


def _fitting(waiting: Sequence[Offer], room: int) -> list[Offer]:
    """As many as 10 MB hold, and at least the first (spec §5.2)."""
    taken: list[Offer] = []
    for offer in waiting:
        room -= offer.entry.size
        if room < 0 and taken:
            break
        taken.append(offer)
    return taken


def _ids(given: Sequence[Offer]) -> list[str]:
    return [offer.entry.message_id for offer in given]


def _leased(parts: Parts, now: datetime) -> datetime:
    return now + timedelta(seconds=parts.limits.poll_lease)


async def _confirms(parts: Parts, provider: str) -> bool:
    known = (await parts.registry.current()).participant(provider)
    return known is not None and known.settings.confirms


async def _fail(parts: Parts, envelope: Envelope, faults: Sequence[Finding], now: datetime) -> Reply:
    body = answer.refusing(parts, envelope, faults, now)
    if body is None:
        return answer.bare(Refusal(400, tuple(faults)))
    poll_id = new_id(now)
    written = answer.own(body)
    async with parts.database.write() as unit:
        await record.keep_arrival(unit, envelope, poll_id, now)
        await messages.keep(unit, rows.as_row(written, new_id(now), now, replies_to=poll_id), body)
    return Reply(200, await answer.tagged(parts, body, str(envelope.sender)))
