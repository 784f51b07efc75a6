"""What did that attempt mean? Attempt, state, answer, mailbox and notice in one go: commit 2."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

import structlog

from claimgw.access.participants import Participant
from claimgw.clearinghouse.answer import own
from claimgw.clearinghouse.delivery.interpret import Ending
from claimgw.clearinghouse.delivery.outcomes import MEANING, Again, Arrived
from claimgw.clearinghouse.delivery.policy import Circumstances, Decision, Telling, decide
from claimgw.clearinghouse.parts import Parts
from claimgw.clearinghouse.record import as_row
from claimgw.clearinghouse.words import insurer_declined, will_deliver
from claimgw.errors import Conflict
from claimgw.ids import new_id
from claimgw.messages import claim_replies, replies
from claimgw.messages.envelope import Envelope
from claimgw.messages.frame import Stamp
from claimgw.messages.identifiers import GATEWAY, Licence
from claimgw.store import Unit, attempts, exchanges, mailbox, messages
from claimgw.store.records import Attempt, Author, Exchange, MailboxEntry, Message, State
from claimgw.telemetry import metrics

_log = structlog.get_logger(__name__)

_TRIES = 20


@dataclass(frozen=True, slots=True)
class Settled:
    """The exchange as it now is, and the answer for the provider if it still waits."""

    exchange: Exchange
    answer: bytes | None


async def settle(
    parts: Parts, request: Envelope, insurer: Participant | None, attempt: Attempt, ending: Ending
) -> Settled:
    """Write down what an ending means: read, decide, write in one go; anew if somebody was faster."""
    for _ in range(_TRIES):
        try:
            async with parts.database.write() as unit:
                return await _settle(unit, parts, request, insurer, attempt, ending)
        except Conflict:
            continue
    raise Conflict(f"exchange {attempt.exchange_id} changes faster than it can be read")


async def _settle(
    unit: Unit,
    parts: Parts,
    request: Envelope,
    insurer: Participant | None,
    attempt: Attempt,
    ending: Ending,
) -> Settled:
    now = parts.clock.now()
    exchange = await exchanges.find(unit, attempt.exchange_id)
    assert exchange is not None
    decision = decide(
        ending.outcome,
        Circumstances(
            state=exchange.state,
            own=exchange.provider == str(GATEWAY),
            waiting=exchange.waiting,
            tries=attempt.number,
            now=now,
            grace=insurer.settings.grace_seconds if insurer else 0,
            retry_after=ending.retry_after,
            jitter=parts.jitter(),
        ),
        parts.schedule,
    )
    came = await _keep_answer(unit, exchange, ending, now)
    closed = await attempts.close_attempt(
        unit,
        attempt.id,
        at=now,
        outcome=ending.outcome.value,
        detail=ending.detail,
        answer_id=came,
    )
    if not closed and (ending.answer is None or MEANING[ending.outcome].again is not Again.NEVER):
        return Settled(exchange, None)  # taken up by another node meanwhile, and nothing new is known
    return await _carry_out(unit, parts, request, insurer, exchange, ending, decision, came, now)


async def _carry_out(
    unit: Unit,
    parts: Parts,
    request: Envelope,
    insurer: Participant | None,
    exchange: Exchange,
    ending: Ending,
    decision: Decision,
    came: str | None,
    now: datetime,
) -> Settled:
    told = await _tell(unit, request, insurer, exchange, ending, decision, came, now)
    if decision.notice:
        await _notify(unit, request, exchange, ending, now)
    if exchange.waiting is False and told is not None:
        await _deposit(unit, exchange, told.message, now)
    changed = await exchanges.change(
        unit,
        exchange,
        state=decision.state,
        reason=_reason(ending) if decision.due_at or decision.notice else "",
        due_at=decision.due_at,
        changed_at=now,
        waiting=exchange.waiting and told is None,
        answer_id=told.message.id if told and told.final else exchange.answer_id,
        answered_by=told.author if told and told.final else exchange.answered_by,
    )
    metrics.attempts.labels(exchange.insurer, ending.outcome.value).inc()
    _log.info(
        "attempt settled",
        action="settle",
        exchange=exchange.id,
        insurer=exchange.insurer,
        outcome=ending.outcome.value,
        state=changed.state.value,
    )
    return Settled(changed, told.raw if told and exchange.waiting else None)


@dataclass(frozen=True, slots=True)
class _Told:
    """A message for the provider. `final`: it becomes the answer on record."""

    message: Message
    raw: bytes
    author: Author
    final: bool


async def _tell(
    unit: Unit,
    request: Envelope,
    insurer: Participant | None,
    exchange: Exchange,
    ending: Ending,
    decision: Decision,
    came: str | None,
    now: datetime,
) -> _Told | None:
    overtaken = exchange.state in (State.QUEUED, State.PARTIAL, State.ANSWERED)
    final = not overtaken or decision.state is not exchange.state or exchange.answer_id is None
    match decision.telling:
        case Telling.NOTHING:
            return None
        case Telling.ANSWER:
            assert ending.answer is not None
            assert came is not None
            row = as_row(ending.answer, came, now)
            return _Told(row, ending.answer.raw, Author.INSURER, final)
        case Telling.PENDED:
            name = insurer.name if insurer else exchange.insurer
            raw = claim_replies.queued(request, Stamp(new_id(now), now), will_deliver(name))
        case Telling.ERROR:
            raw = claim_replies.refused(request, Stamp(new_id(now), now), [insurer_declined(ending.detail)])
        case _:
            assert_never(decision.telling)
    row = await keep_own(unit, own(raw), exchange, now)
    return _Told(row, raw, Author.GATEWAY, final)


async def keep_own(unit: Unit, written: Envelope, exchange: Exchange, now: datetime) -> Message:
    """Keep an answer of ours to the request of an exchange."""
    row = as_row(written, new_id(now), now, exchange_id=exchange.id, replies_to=exchange.id)
    await messages.keep(unit, row, written.raw)
    return row


async def _keep_answer(unit: Unit, exchange: Exchange, ending: Ending, now: datetime) -> str | None:
    """Keep what the insurer sent, also what cannot be used: it is evidence."""
    if ending.body is None:
        return None
    message_id = new_id(now)
    if ending.answer is not None:
        row = as_row(ending.answer, message_id, now, exchange_id=exchange.id, replies_to=exchange.id)
    else:
        row = Message(
            id=message_id,
            sender=exchange.insurer,
            receiver=exchange.provider,
            event="",
            bundle_id="",
            header_id="",
            size=len(ending.body),
            received_at=now,
            exchange_id=exchange.id,
            replies_to=exchange.id,
        )
    await messages.keep(unit, row, ending.body)
    return message_id


async def _deposit(unit: Unit, exchange: Exchange, message: Message, now: datetime) -> None:
    await mailbox.deposit(
        unit,
        MailboxEntry(
            message_id=message.id,
            provider=exchange.provider,
            event=message.event,
            about_system=exchange.focal.system if exchange.focal else None,
            about_value=exchange.focal.value if exchange.focal else None,
            size=message.size,
            queued_at=now,
        ),
    )


async def _notify(unit: Unit, request: Envelope, exchange: Exchange, ending: Ending, now: datetime) -> None:
    """Queue an error-notice to the insurer: an exchange of the gateway's own, delivered like any other."""
    raw = replies.error_notice(
        Licence.parse(exchange.insurer),
        Stamp(new_id(now), now),
        ending.findings,
        request_header=request.header_id or "",
        response_header=ending.answer.header_id if ending.answer else None,
    )
    notice = own(raw)
    notice_id = new_id(now)
    row = as_row(notice, notice_id, now)
    await messages.keep(unit, replace(row, exchange_id=exchange.id), raw)
    await exchanges.open_exchange(
        unit,
        Exchange(
            id=notice_id,
            event="error-notice",
            provider=str(GATEWAY),
            insurer=exchange.insurer,
            focal=None,
            state=State.HELD,
            reason="",
            created_at=now,
            changed_at=now,
            due_at=now,
            waiting=False,
            answer_id=None,
            answered_by=None,
            revision=1,
        ),
    )


def _reason(ending: Ending) -> str:
    """What a person reads beside a wait: the ending in words, and what came with it."""
    meaning = MEANING[ending.outcome]
    certainty = "" if meaning.arrived is not Arrived.UNKNOWN else "; it may have arrived"
    detail = f" ({ending.detail})" if ending.detail else ""
    return f"{meaning.when}{detail}{certainty}"
