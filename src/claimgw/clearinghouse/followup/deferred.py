"""What becomes of an answer that an insurer sends by itself? Kept, and acknowledged."""

from collections.abc import Sequence
from datetime import datetime

import structlog

from claimgw.clearinghouse import answer, record
from claimgw.clearinghouse.delivery.outcomes import Outcome
from claimgw.clearinghouse.delivery.policy import decide_deferred
from claimgw.clearinghouse.parts import Parts, Reply
from claimgw.ids import new_id
from claimgw.messages import replies
from claimgw.messages.envelope import Envelope
from claimgw.messages.events import EVENTS
from claimgw.messages.findings import Finding
from claimgw.messages.frame import Stamp
from claimgw.store import Unit, exchanges, messages
from claimgw.store.records import Author, Exchange, Message, State

_log = structlog.get_logger(__name__)

_OUTCOMES = {
    "queued": Outcome.QUEUED,
    "partial": Outcome.PARTIAL,
    "complete": Outcome.COMPLETE,
    "error": Outcome.ERROR,
}


async def receive(parts: Parts, envelope: Envelope, faults: Sequence[Finding], now: datetime) -> Reply:
    """Acknowledge, with the findings if it cannot be used. A sound answer stops every further delivery."""
    async with parts.database.write() as unit:
        exchange = await _request(unit, envelope)
        found = list(faults) or _misfits(envelope, exchange)
        body = replies.acknowledgement(envelope, Stamp(new_id(now), now), found)
        message_id = new_id(now)
        row = await record.keep_arrival(
            unit, envelope, message_id, now, exchange_id=exchange.id if exchange and not found else None
        )
        written = answer.own(body)
        await messages.keep(unit, record.as_row(written, new_id(now), now, replies_to=message_id), body)
        if exchange is not None and not found:
            await _apply(unit, exchange, envelope, row, now)
    _log.info(
        "late answer taken" if not found else "late answer refused",
        action="defer",
        message=message_id,
        insurer=str(envelope.sender),
        codes=sorted({finding.code for finding in found}),
    )
    return Reply(200, body)


async def _request(unit: Unit, envelope: Envelope) -> Exchange | None:
    about = envelope.request_identifier
    if about is None:
        return None
    return await exchanges.by_focal(unit, str(envelope.receiver), "Claim", about.system, about.value)


def _misfits(envelope: Envelope, exchange: Exchange | None) -> list[Finding]:
    """Why the answer belongs to no request that waits for one of this insurer."""
    if envelope.focal is None:
        return [_no_focus()]
    place = f"{envelope.focal.path}.request"
    if exchange is None:
        return [
            Finding(
                "BV-00003",
                place,
                "The answer is about a claim that this provider has not sent",
                "Give the identifier of the claim and address its sender",
            )
        ]
    if exchange.insurer != str(envelope.sender):
        return [
            Finding(
                "BV-00447",
                "Bundle.entry[0].resource.sender",
                "The sender is not the party the request was addressed to",
                "Send under the licence that was asked",
            )
        ]
    if exchange.state is State.REFUSED:
        return [
            Finding("BV-00146", place, "The claim was refused and has no standing", "Send no answer to it")
        ]
    if envelope.event is None or EVENTS[exchange.event].reply != envelope.event.code:
        return [
            Finding(
                "BV-00543",
                "Bundle.entry[0].resource.eventCoding",
                "The event does not answer the request",
                f"Answer with {EVENTS[exchange.event].reply}",
            )
        ]
    if envelope.outcome not in _OUTCOMES:
        return [
            Finding(
                "IC-01428",
                f"{envelope.focal.path}.outcome",
                "The answer has no usable outcome",
                f"Give one of {', '.join(_OUTCOMES)}",
            )
        ]
    return []


def _no_focus() -> Finding:
    return Finding(
        "RE-00100",
        "Bundle.entry[0].resource.focus[0]",
        "The focus leads to no ClaimResponse",
        "Let the focus be the fullUrl of the answer",
    )


async def _apply(unit: Unit, exchange: Exchange, envelope: Envelope, kept: Message, now: datetime) -> None:
    decision = decide_deferred(_OUTCOMES[envelope.outcome or ""], exchange.state)
    if decision.deposit:
        await record.deposit(unit, exchange, kept, now)
    await exchanges.change(
        unit,
        exchange,
        state=decision.state,
        reason="",
        due_at=None,
        changed_at=now,
        answer_id=kept.id if decision.deposit else exchange.answer_id,
        answered_by=Author.INSURER if decision.deposit else exchange.answered_by,
    )
