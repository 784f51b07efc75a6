"""What becomes of an answer to a claim that an insurer sends by itself? Kept, and given out by poll."""

from collections.abc import Sequence
from datetime import datetime

from claimgw.access.registry import Snapshot
from claimgw.clearinghouse import record
from claimgw.clearinghouse.delivery.interpret import told_outcome
from claimgw.clearinghouse.delivery.policy import decide_deferred
from claimgw.clearinghouse.followup import notices
from claimgw.clearinghouse.followup.acknowledge import acknowledge
from claimgw.clearinghouse.notice import queue_notice, remarks
from claimgw.clearinghouse.parts import Parts, Reply
from claimgw.clearinghouse.received import Received
from claimgw.clearinghouse.session import Sessions
from claimgw.messages.envelope import Envelope
from claimgw.messages.events import EVENTS
from claimgw.messages.findings import Finding
from claimgw.store import Unit, exchanges
from claimgw.store.records import WITHDRAWN, Author, Exchange, Message, State


async def receive(parts: Parts, sessions: Sessions, received: Received) -> Reply:
    """Acknowledge, with the findings if it cannot be used. A sound answer stops every further delivery."""
    exchange = received.known.answered
    if exchange is None and not received.faults and _may_be_of_before(received):
        return await notices.receive(parts, sessions, received)
    faults = received.faults or _misfits(received.envelope, exchange)
    async with parts.database.write() as unit:
        belongs = exchange.id if exchange is not None and not faults else None
        row, body = await acknowledge(parts, unit, received, faults, exchange_id=belongs)
        if exchange is not None and not faults:
            await _apply(unit, exchange, received.envelope, row, received.now)
            if found := remarks(received.findings):
                await _notify(parts, unit, exchange, received, found)
    parts.wake()
    return Reply(200, body)


async def _notify(
    parts: Parts, unit: Unit, exchange: Exchange, received: Received, findings: Sequence[Finding]
) -> None:
    asked = received.known.memory.answered
    await queue_notice(
        unit,
        exchange,
        findings,
        parts.stamp(received.now),
        request=asked.header_id if asked else "",
        response=received.envelope.header_id,
    )


def misfits(received: Received, registry: Snapshot) -> list[Finding]:
    """What is wrong with an answer though no rule says so."""
    if received.known.answered is None and _may_be_of_before(received):
        return notices.misaddressed(received, registry)
    return _misfits(received.envelope, received.known.answered)


def _may_be_of_before(received: Received) -> bool:
    """Whether the claim is, or may be, older than the record; its provider can use it all the same."""
    memory = received.known.memory
    older = memory.answered is not None or not memory.reaches(None)
    return received.envelope.request_identifier is not None and older


def _misfits(envelope: Envelope, exchange: Exchange | None) -> list[Finding]:
    """What it cannot do without, however mildly operators have the rules judged."""
    if envelope.focal is None:
        return [
            Finding(
                "RE-00100",
                "Bundle.entry[0].resource.focus[0]",
                "The focus leads to no ClaimResponse",
                "Let the focus be the fullUrl of the answer",
            )
        ]
    place = f"b{envelope.focal.path[1:]}"
    if exchange is None:
        text = "The answer is about a claim that this provider has not sent"
        hint = "Give the identifier of the claim and address its sender"
        return [Finding("BV-00003", f"{place}.request", text, hint)]
    if exchange.insurer != str(envelope.sender):
        text = "The sender is not the party the request was addressed to"
        hint = "Send under the licence that was asked"
        return [Finding("BV-00447", "bundle.entry[0].resource.sender", text, hint)]
    if exchange.state is State.REFUSED:
        text = "The claim was refused and has no standing"
        return [Finding("BV-00146", f"{place}.request", text, "Send no answer to it")]
    if exchange.state in WITHDRAWN:
        text = "The claim was cancelled by its provider"
        return [Finding("BV-00525", f"{place}.request", text, "Send no answer to it")]
    reply = EVENTS[exchange.event].reply
    if envelope.event is None or reply != envelope.event.code:
        text, event = "The event does not answer the request", "bundle.entry[0].resource.eventCoding"
        return [Finding("BV-00543", event, text, f"Answer with {reply}")]
    if told_outcome(envelope) is None:
        hint = "Give queued, partial, complete or error"
        return [Finding("IC-01428", f"{place}.outcome", "The answer has no usable outcome", hint)]
    return []


async def _apply(unit: Unit, exchange: Exchange, envelope: Envelope, kept: Message, now: datetime) -> None:
    outcome = told_outcome(envelope)
    assert outcome is not None
    decision = decide_deferred(outcome, exchange.state)
    await record.remember(unit, envelope, kept.id, exchange)
    if decision.deposit:
        await record.deposit(unit, exchange, kept, now)
    await exchanges.change(
        unit,
        exchange,
        state=decision.state,
        reason="",
        due_at=None,
        changed_at=now,
        mailed=exchange.mailed_once_more if decision.deposit else exchange.mailed,
        answer_id=kept.id if decision.deposit else exchange.answer_id,
        answered_by=Author.INSURER if decision.deposit else exchange.answered_by,
    )
