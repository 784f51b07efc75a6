"""What does a provider get when it polls? Messages reserved for that poll until they are written."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from claimgw.clearinghouse import answer, record
from claimgw.clearinghouse.open import Refusal
from claimgw.clearinghouse.own.selection import select
from claimgw.clearinghouse.parts import Parts, Reply
from claimgw.clearinghouse.received import Received
from claimgw.clearinghouse.session import Sessions
from claimgw.ids import new_id
from claimgw.messages import poll_replies
from claimgw.messages.envelope import Envelope
from claimgw.messages.findings import Finding
from claimgw.messages.frame import Stamp
from claimgw.store import Unit, mailbox, messages
from claimgw.store.records import MailboxEntry

# What the frame of an answer needs beside its messages, and a margin.
_FRAME_BYTES = 64 * 1024


async def receive(parts: Parts, _: Sessions, received: Received) -> Reply:
    """Reserve what the poll asks for (one commit) and write it; `confirm` follows once it is sent."""
    envelope, now = received.envelope, received.now
    if received.faults:
        return await _fail(parts, envelope, received.faults, now)
    asked = select(envelope)
    poll_id = new_id(now)
    async with parts.database.write() as unit:
        await record.keep_arrival(unit, envelope, poll_id, now)
        waiting = await mailbox.waiting(unit, str(envelope.sender), asked, now)
        taken = _fitting(waiting, parts.limits.poll_answer - _FRAME_BYTES)
        until = now + timedelta(seconds=parts.limits.poll_lease)
        await mailbox.reserve(unit, poll_id, taken, now=now, until=until)
    return await _write(parts, envelope, poll_id, taken, now)


async def answer_again(parts: Parts, envelope: Envelope, poll_id: str) -> Reply:
    """The same poll once more: the same answer, built from the ids it had."""
    now = parts.clock.now()
    async with parts.database.write() as unit:
        # What it had reserved and not received stays its own a while longer.
        await mailbox.renew(unit, poll_id, now=now, until=now + timedelta(seconds=parts.limits.poll_lease))
        first = await messages.find(unit, poll_id)
        given = await mailbox.of_poll(unit, poll_id)
    assert first is not None
    return await _write(parts, envelope, poll_id, given, first.received_at)


async def confirm(parts: Parts, poll_id: str) -> None:
    """The body has been written: what the poll had reserved is delivered."""
    async with parts.database.write() as unit:
        await mailbox.deliver(unit, poll_id, parts.clock.now())


async def _write(
    parts: Parts, envelope: Envelope, poll_id: str, given: Sequence[MailboxEntry], at: datetime
) -> Reply:
    async with parts.database.read() as unit:
        waiting = await _contents(unit, given)
    body = poll_replies.delivered(envelope, Stamp(poll_id, at, parts.dialect), waiting)
    body = await answer.tagged(parts, body, str(envelope.sender), untagged=True)
    return Reply(200, body, poll=poll_id)


async def _contents(unit: Unit, given: Sequence[MailboxEntry]) -> list[poll_replies.Waiting]:
    bodies = await messages.contents(unit, [entry.message_id for entry in given])
    found = []
    for entry in given:
        kept = await messages.find(unit, entry.message_id)
        if kept is not None and entry.message_id in bodies:
            found.append(poll_replies.Waiting(kept.bundle_id, bodies[entry.message_id], entry.queued_at))
    return found


def _fitting(waiting: Sequence[MailboxEntry], room: int) -> list[MailboxEntry]:
    """As many as 10 MB hold, and at least the first (spec §5.2)."""
    taken: list[MailboxEntry] = []
    for entry in waiting:
        room -= entry.size
        if room < 0 and taken:
            break
        taken.append(entry)
    return taken


async def _fail(parts: Parts, envelope: Envelope, faults: Sequence[Finding], now: datetime) -> Reply:
    body = answer.refusing(parts, envelope, faults, now)
    if body is None:
        return answer.bare(Refusal(400, tuple(faults)))
    poll_id = new_id(now)
    written = answer.own(body)
    async with parts.database.write() as unit:
        await record.keep_arrival(unit, envelope, poll_id, now)
        await messages.keep(unit, record.as_row(written, new_id(now), now, replies_to=poll_id), body)
    return Reply(200, await answer.tagged(parts, body, str(envelope.sender)))
