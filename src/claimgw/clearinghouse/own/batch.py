"""What becomes of a batch? Each claim of it is an exchange of its own; the batch is answered at once."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from claimgw.access.registry import Snapshot
from claimgw.clearinghouse import answer, record
from claimgw.clearinghouse.admit import Collision, Repeat, focal_of, seen_before
from claimgw.clearinghouse.forms import form_of
from claimgw.clearinghouse.judge import judge
from claimgw.clearinghouse.open import Refusal
from claimgw.clearinghouse.own.members import (
    Member,
    compared,
    counted_from_the_batch,
    members_of,
    outside,
)
from claimgw.clearinghouse.parts import Parts, Reply
from claimgw.clearinghouse.received import Received
from claimgw.clearinghouse.repeat import answer_on_record
from claimgw.clearinghouse.session import Sessions
from claimgw.clearinghouse.words import will_deliver
from claimgw.conformance.history.mentions import mentions
from claimgw.ids import new_id
from claimgw.messages import batch_replies
from claimgw.messages.findings import Finding, errors
from claimgw.store import Unit, messages


@dataclass(frozen=True, slots=True)
class _Judged:
    """A member with what is wrong with it; `again`: the answer that is on record for it already."""

    received: Received
    faults: Sequence[Finding]
    again: bytes | None = None


async def receive(parts: Parts, _: Sessions, received: Received) -> Reply:
    """The answers to all its claims, or one refusal of the whole (spec §6.4, §0.3 item 8)."""
    registry = await parts.registry.current()
    members = members_of(received.envelope)
    # A fault in one claim of the batch must not hide those of the batch itself.
    whole = judge(parts, registry, received, all_stages=True) if received.faults else received
    if outside(whole.faults, members):
        return await _refuse(parts, received.faults, received)
    judged = [one async for one in _judged(parts, registry, whole, members)]
    if nameless := [fault for one in judged if not _answerable(one) for fault in one.faults]:
        return await _refuse(parts, nameless, received)
    raw = await _keep(parts, received, judged)
    parts.wake()
    return Reply(200, await answer.tagged(parts, raw, str(received.envelope.sender)))


async def _refuse(parts: Parts, faults: Sequence[Finding], received: Received) -> Reply:
    body = answer.refusing(parts, received.envelope, faults, received.now)
    if body is None:
        return answer.bare(Refusal(400, tuple(faults)))
    async with parts.database.write() as unit:
        await _keep_batch(unit, received, body)
    return Reply(200, await answer.tagged(parts, body, str(received.envelope.sender)))


async def _keep_batch(unit: Unit, received: Received, body: bytes) -> str:
    batch_id = new_id(received.now)
    await record.keep_arrival(unit, received.envelope, batch_id, received.now)
    row = record.as_row(answer.own(body), new_id(received.now), received.now, replies_to=batch_id)
    await messages.keep(unit, row, body)
    return batch_id


async def _judged(
    parts: Parts, registry: Snapshot, batch: Received, members: Sequence[Member]
) -> AsyncIterator[_Judged]:
    used: set[object] = set()
    for member in members:
        # Two hundred claims take a second: the others get their turn after each.
        await asyncio.sleep(0)
        given = _as_received(batch, member)
        if clash := _used_before(given, used):
            yield _Judged(given, [clash])
            continue
        if str(given.envelope.sender) == str(batch.envelope.sender):
            async with parts.database.read() as unit:
                seen = await seen_before(unit, given.envelope, record.digest_of(given.envelope.raw))
            if isinstance(seen, Repeat):
                again = await answer_on_record(parts, given.envelope, seen.message_id)
                yield _Judged(given, (), again)
                continue
            if isinstance(seen, Collision):
                yield _Judged(given, [seen.finding])
                continue
        faults = judge(parts, registry, given).faults if given.envelope.event else []
        among = compared(batch.faults, member)
        yield _Judged(given, counted_from_the_batch(faults, member) or among)


def _as_received(batch: Received, member: Member) -> Received:
    """The member as if it had come alone, with its part of what the batch mentions."""
    mentioned = mentions(member.envelope)
    about = {key: held for key, held in batch.known.about.items() if key in mentioned.requests}
    known = replace(batch.known, mentioned=mentioned, about=about)
    event = member.envelope.event or batch.event
    return Received(member.envelope, event, batch.destination, known, (), batch.now)


def _used_before(given: Received, used: set[object]) -> Finding | None:
    """Within one batch every id and identifier stands for one claim, as it does over time."""
    envelope, focal = given.envelope, focal_of(given.envelope)
    names = {
        ("BV-00533", "Bundle.id"): envelope.bundle_id,
        ("BV-00532", "Bundle.entry[0].resource.id"): envelope.header_id,
        ("BV-00457", "Bundle.entry"): (focal.type, focal.system, focal.value) if focal else None,
    }
    clash = next((place for place, name in names.items() if name in used), None)
    used.update(name for name in names.values() if name is not None)
    if clash is None:
        return None
    return Finding(
        *clash,
        "Another message of the batch has the same id or identifier",
        "Give every message and every claim one of its own",
    )


def _answerable(one: _Judged) -> bool:
    return one.again is not None or form_of(one.received.event).answerable(one.received.envelope)


async def _keep(parts: Parts, batch: Received, judged: Sequence[_Judged]) -> bytes:
    """All of it in one commit: the same batch again gets the same answer again."""
    assert batch.destination is not None
    answers = [one.again or _answer(parts, batch, one) for one in judged]
    named = [(answer.own(raw).bundle_id or "", raw) for raw in answers]
    body = batch_replies.answered(batch.envelope, parts.stamp(batch.now), named)
    async with parts.database.write() as unit:
        batch_id = await _keep_batch(unit, batch, body)
        if batch.known.first:
            await record.begin_history(unit, batch)
        for place, (one, raw) in enumerate(zip(judged, answers, strict=True)):
            if one.again is not None or one.received.envelope.sender != batch.envelope.sender:
                # Nobody's record grows by what somebody else has sent in their name.
                continue
            if one.faults:
                await record.keep_refused(unit, one.received.envelope, answer.own(raw), batch.now, batch_id)
                continue
            # Delivered in the order of the batch.
            due_at = batch.now + timedelta(microseconds=place)
            insurer = batch.destination.licence
            about = next(iter(one.received.known.about.values()), None)
            await record.keep_held(
                unit,
                one.received,
                insurer,
                raw,
                due_at=due_at,
                about_id=about.id if about else None,
                batch_id=batch_id,
            )
    return body


def _answer(parts: Parts, batch: Received, one: _Judged) -> bytes:
    assert batch.destination is not None
    # References within a batch-response are absolute: relative ones lead from the outer Bundle (RE-00169).
    form, stamp = form_of(one.received.event), replace(parts.stamp(batch.now), member=True)
    if errors(one.faults) or form.pended is None:
        beyond = answer.untold(parts, one.received.envelope, batch.now)
        return form.refused(one.received.envelope, stamp, one.faults, beyond=beyond)
    return form.pended(one.received.envelope, stamp, will_deliver(batch.destination.name))
