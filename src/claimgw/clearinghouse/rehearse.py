"""What would become of this message if it were sent now? Nothing is kept, and nothing is sent on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from claimgw.access.callers import Caller
from claimgw.access.participants import Participant
from claimgw.access.registry import Snapshot
from claimgw.clearinghouse.admit import Collision, Repeat, admit, find_destination
from claimgw.clearinghouse.delivery import gate
from claimgw.clearinghouse.followup import cancel, late, notices
from claimgw.clearinghouse.judge import first_look, judge
from claimgw.clearinghouse.look_up import look_up
from claimgw.clearinghouse.open import Refusal, open_message
from claimgw.clearinghouse.own.batch import weigh
from claimgw.clearinghouse.parts import Parts
from claimgw.clearinghouse.recall import Recollection
from claimgw.clearinghouse.received import Received
from claimgw.conformance.unchecked import unchecked
from claimgw.messages.findings import Finding

# Somebody who speaks for another learns nothing about it, not even so.
_NOT_THE_SENDER = "GE-00020"


def _fits(_: Received, __: Snapshot) -> list[Finding]:
    return []


# What is asked beside the rules, of messages that an insurer begins by itself.
_MISFITS: Mapping[str, Callable[[Received, Snapshot], Sequence[Finding]]] = {
    "cancel-response": cancel.misfits,
    "claim-response": late.misfits,
    "priorauth-response": late.misfits,
    "communication-request": notices.misaddressed,
    "payment-reconciliation": notices.misaddressed,
    "advanced-authorization": notices.misaddressed,
}


class Prospect(StrEnum):
    """What would become of a message."""

    ACCEPTED = "accepted"
    CLOSED = "closed"  # accepted, if it may wait: its insurer takes no messages now
    DUPLICATE = "duplicate"  # the answer on record would be given again
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """`original` is the id of the exchange it repeats; of a poll or a notice, which have none, their own.

    `closed`: why its insurer takes nothing; `waits`: whether it would be kept until then. `claims`: of a
    batch, how many would be accepted, and how many there are.
    """

    prospect: Prospect
    findings: Sequence[Finding] = ()
    original: str | None = None
    closed: str = ""
    waits: bool = False
    claims: tuple[int, int] | None = None


async def rehearse(
    parts: Parts, raw: bytes, caller: Caller, *, all_stages: bool = False
) -> Rehearsal | Refusal:
    """By the rules and the record as they are now; a Refusal if it is no message, or not the caller's own.

    Raises StoreUnavailable.
    """
    envelope = open_message(raw)
    if isinstance(envelope, Refusal):
        return envelope
    registry = await parts.registry.current()
    event = admit(envelope, caller, registry)
    if isinstance(event, Refusal):
        stranger = event.findings[0].code == _NOT_THE_SENDER
        return event if stranger else Rehearsal(Prospect.REFUSED, event.findings)
    now, complete = parts.clock.now(), parts.limits.complete_history
    async with parts.database.read() as unit:
        match known := await look_up(unit, envelope, event, registry, now, complete=complete):
            case Repeat(message_id):
                return Rehearsal(Prospect.DUPLICATE, original=message_id)
            case Collision(finding):
                return Rehearsal(Prospect.REFUSED, [finding])
            case Recollection():
                target = next(iter(known.about.values()), None)
                ours = event.code == "cancel-request" and await cancel.is_ours(unit, target)
            case _:
                assert_never(known)
    destination = find_destination(envelope, event, registry)
    if isinstance(destination, Finding):
        return Rehearsal(Prospect.REFUSED, [destination])
    received = Received(envelope, event, destination, known, (), now)
    told = await _judged(parts, registry, received, all_stages=all_stages)
    if told.prospect is Prospect.REFUSED or destination is None or ours:
        return told
    if why := _closed(parts, destination, registry, now):
        waits = event.queueable or told.claims is not None
        return replace(told, prospect=Prospect.CLOSED, closed=why, waits=waits)
    return told


async def _judged(parts: Parts, registry: Snapshot, received: Received, *, all_stages: bool) -> Rehearsal:
    """By rules and record, whoever is away. What nobody can check is told here, as $validate does."""
    event = received.event
    judged = judge(parts, registry, received, all_stages=all_stages, part=first_look(event))
    if event.code == "batch-request":
        told = await _as_batch(parts, registry, judged)
    else:
        misfits = () if judged.faults else _MISFITS.get(event.code, _fits)(judged, registry)
        prospect = Prospect.REFUSED if judged.faults or misfits else Prospect.ACCEPTED
        told = Rehearsal(prospect, (*judged.findings, *misfits))
    return replace(told, findings=(*told.findings, *unchecked(received.envelope, parts.schemas.terminology)))


async def _as_batch(parts: Parts, registry: Snapshot, batch: Received) -> Rehearsal:
    refusal, judged = await weigh(parts, registry, batch)
    if refusal:
        return Rehearsal(Prospect.REFUSED, refusal)
    faults = [fault for one in judged for fault in one.faults]
    sound = sum(not one.faults for one in judged)
    prospect = Prospect.ACCEPTED if sound else Prospect.REFUSED
    return Rehearsal(prospect, (*batch.findings, *faults), claims=(sound, len(judged)))


def _closed(parts: Parts, insurer: Participant, registry: Snapshot, now: datetime) -> str:
    if (shut := gate.shut(parts.breakers, registry, insurer.licence, now)) is not None:
        return f"{insurer.name}: {shut.reason}"
    return "" if parts.lines.line(insurer) else "It has no connection"
