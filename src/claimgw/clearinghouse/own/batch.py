"""What becomes of a batch? Each claim of it is an exchange of its own; the batch is answered at once."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import assert_never

from claimgw.access.registry import Snapshot
from claimgw.clearinghouse import answer, record, rows
from claimgw.clearinghouse.admit import Collision, Repeat, focal_of
from claimgw.clearinghouse.delivery import gate
from claimgw.clearinghouse.delivery.gate import Shut
from claimgw.clearinghouse.forms import form_of
from claimgw.clearinghouse.judge import judge
from claimgw.clearinghouse.look_up import look_up
from claimgw.clearinghouse.open import Refusal
from claimgw.clearinghouse.own.members import Member, compared, members_of, of_all, of_member, outside
from claimgw.clearinghouse.own.siblings import Siblings
from claimgw.clearinghouse.parts import Parts, Reply
from claimgw.clearinghouse.recall import Recollection
from claimgw.clearinghouse.received import Received
from claimgw.clearinghouse.repeat import answer_on_record, kept_no_longer
from claimgw.clearinghouse.session import Sessions
from claimgw.clearinghouse.words import will_deliver
from claimgw.conformance.case import Part
from claimgw.conformance.memory import Memory
from claimgw.errors import Gone
from claimgw.ids import new_id
from claimgw.messages import batch_replies
from claimgw.messages.envelope import Envelope
from claimgw.messages.findings import Finding, Severity
from claimgw.store import Unit, messages

# Warnings of a batch that are told with each claim.
_MOST_NOTES = 3


@dataclass(frozen=True, slots=True)
class Judged:
    """A member with what is wrong with it.

    `again`: the answer that is on record for it already. Not `new`: it is on record, or has no standing: its
    ids stand for something else, or it is no claim of this provider. `notes` are told beside our answer.
    """

    received: Received
    faults: Sequence[Finding]
    again: bytes | None = None
    new: bool = False
    notes: Sequence[str] = ()


async def receive(parts: Parts, _: Sessions, received: Received) -> Reply:
    """The answers to all its claims, or one refusal of the whole (spec §6.4, §0.3 item 8)."""
    refusal, judged = await weigh(parts, await parts.registry.current(), received)
    if refusal:
        return await _refuse(parts, refusal, received)
    raw = await _keep(parts, received, judged)
    parts.wake()
    return Reply(200, await answer.tagged(parts, raw, str(received.envelope.sender)))


async def weigh(
    parts: Parts, registry: Snapshot, received: Received
) -> tuple[Sequence[Finding], Sequence[Judged]]:
    """What is told if the whole is refused, none if it is not; and its members. `received` has its frame."""
    members = members_of(received.envelope)
    # A fault told of one claim must not hide those of the batch itself.
    frame = received
    if received.faults and not outside(received.faults, members):
        frame = judge(parts, registry, received, all_stages=True, part=Part.FRAME)
    judged = [one async for one in judge_members(parts, registry, frame, members)]
    within = [fault for one in judged for fault in one.faults]
    nameless = [fault for one in judged if not _answerable(one) for fault in one.faults]
    why = [*outside(frame.faults, members), *nameless]
    return of_all(why, within) if why else (), judged


async def _refuse(parts: Parts, faults: Sequence[Finding], received: Received) -> Reply:
    if not batch_replies.answerable(received.envelope):
        return answer.bare(Refusal(400, tuple(faults)))
    body = batch_replies.refused(received.envelope, parts.stamp(received.now), faults)
    async with parts.database.write() as unit:
        await _keep_batch(unit, received, body)
    return Reply(200, await answer.tagged(parts, body, str(received.envelope.sender)))


async def _keep_batch(unit: Unit, received: Received, body: bytes) -> str:
    batch_id = new_id(received.now)
    await record.keep_arrival(unit, received.envelope, batch_id, received.now)
    row = rows.as_row(answer.own(body), new_id(received.now), received.now, replies_to=batch_id)
    await messages.keep(unit, row, body)
    return batch_id


async def judge_members(
    parts: Parts, registry: Snapshot, batch: Received, members: Sequence[Member]
) -> AsyncIterator[Judged]:
    """Each as if it had come alone, and then beside its siblings. `batch` has the findings of its frame."""
    used, siblings = set[object](), Siblings()
    for member in members:
        # Two hundred claims take a second: the others get their turn after each.
        await asyncio.sleep(0)
        given = replace(
            batch, envelope=member.envelope, event=member.envelope.event or batch.event, known=Recollection()
        )
        one = (
            Judged(given, [clash])
            if (clash := _used_before(given, used))
            else await _judge(parts, registry, given, batch, siblings)
        )
        faults = of_member(one.faults, compared(batch.faults, member), member)
        if one.new and not faults:
            siblings.add(one.received)
        yield replace(one, faults=faults)


async def _judge(
    parts: Parts, registry: Snapshot, given: Received, batch: Received, siblings: Siblings
) -> Judged:
    # Of another provider nothing is looked up, and nothing is kept in its name.
    new = given.envelope.sender == batch.envelope.sender and given.event.code == "claim-request"
    if new:
        async with parts.database.read() as unit:
            complete = parts.limits.complete_history
            known = await look_up(unit, given.envelope, given.event, registry, given.now, complete=complete)
        match known:
            case Repeat(message_id):
                try:
                    again = await answer_on_record(parts, given.envelope, message_id, member=True)
                except Gone:
                    return Judged(given, [kept_no_longer()])
                return Judged(given, (), again)
            case Collision(finding):
                return Judged(given, [finding])
            case Recollection():
                given = replace(given, known=known)
            case _:
                assert_never(known)
        memory = siblings.beside(known.memory, known.mentioned.relations)
        given = replace(given, known=replace(known, memory=memory))
    received = judge(parts, registry, given, part=Part.MEMBER)
    # What it was judged by is let go: of 200 claims it would all stay until the commit.
    kept = replace(received, findings=(), known=replace(given.known, memory=Memory()))
    return Judged(kept, received.faults, new=new, notes=received.notes)


def _used_before(given: Received, used: set[object]) -> Finding | None:
    """Within one batch every id and identifier stands for one claim, as it does over time."""
    envelope, focal = given.envelope, focal_of(given.envelope)
    claim = f"{envelope.focal.path}.identifier" if envelope.focal else ""
    names = {
        ("BV-00533", envelope.bundle_id): "Bundle.id",
        ("BV-00532", envelope.header_id): "Bundle.entry[0].resource.id",
        ("BV-00457", (focal.type, focal.system, focal.value) if focal else None): claim,
    }
    clash = next((name for name in names if name in used), None)
    used.update(name for name in names if name[1] is not None)
    if clash is None:
        return None
    return Finding(
        clash[0],
        names[clash],
        "Another message of the batch has the same id or identifier",
        "Give every message and every claim one of its own",
    )


def _answerable(one: Judged) -> bool:
    return one.again is not None or form_of(one.received.event).answerable(one.received.envelope)


async def _keep(parts: Parts, batch: Received, judged: Sequence[Judged]) -> bytes:
    """All of it in one commit: the same batch again gets the same answer again."""
    assert batch.destination is not None
    registry = await parts.registry.current()
    shut = gate.shut(parts.breakers, registry, batch.destination.licence, batch.now)
    written = [said async for said in _written(parts, batch, judged, shut)]
    named = [(one.bundle_id or "", one.raw) for one in written]
    body = batch_replies.answered(batch.envelope, parts.stamp(batch.now), named)
    async with parts.database.write() as unit:
        batch_id = await _keep_batch(unit, batch, body)
        if batch.known.first:
            await record.begin_history(unit, batch)
        for place, (one, said) in enumerate(zip(judged, written, strict=True)):
            if one.new and one.faults:
                await record.keep_refused(unit, one.received.envelope, said, batch.now, batch_id)
            elif one.new:
                await _hold(unit, batch, one, said.raw, place, batch_id, shut)
    return body


async def _hold(
    unit: Unit, batch: Received, one: Judged, raw: bytes, place: int, batch_id: str, shut: Shut | None
) -> None:
    assert batch.destination is not None
    about = next(iter(one.received.known.about.values()), None)
    await record.keep_held(
        unit,
        one.received,
        batch.destination.licence,
        raw,
        # Delivered in the order of the batch.
        due_at=batch.now + timedelta(microseconds=place),
        about_id=about.id if about else None,
        batch_id=batch_id,
        reason=shut.reason if shut else "",
    )


def _notes(batch: Received, one: Judged) -> list[str]:
    """What is worth telling of the claim, and of its batch: its identifier was used before (spec §6.4)."""
    warnings = [found for found in batch.findings if found.severity is Severity.WARNING]
    of_batch = dict.fromkeys(f"{found.text}. {found.hint}." for found in warnings[:_MOST_NOTES])
    return [*one.notes, *of_batch]


async def _written(
    parts: Parts, batch: Received, judged: Sequence[Judged], shut: Shut | None
) -> AsyncIterator[Envelope]:
    for one in judged:
        await asyncio.sleep(0)
        yield answer.own(one.again or _answer(parts, batch, one, shut))


def _answer(parts: Parts, batch: Received, one: Judged, shut: Shut | None) -> bytes:
    assert batch.destination is not None
    # References within a batch-response are absolute: relative ones lead from the outer Bundle (RE-00169).
    form, stamp = (
        form_of(one.received.event),
        replace(parts.stamp(batch.now, _notes(batch, one)), member=True),
    )
    if one.faults or form.pended is None:
        beyond = answer.untold(parts, one.received.envelope, batch.now, part=Part.MEMBER)
        return form.refused(one.received.envelope, stamp, one.faults, beyond=beyond)
    disposition = will_deliver(batch.destination.name, shut.hours if shut else "")
    return form.pended(one.received.envelope, stamp, disposition)
