"""Is an answer that was refused because of a rule good today? Then it is delivered as if it came now."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from claimgw.access.registry import Snapshot
from claimgw.clearinghouse.delivery.answers import asked_of, judge_of, may_have_arrived
from claimgw.clearinghouse.delivery.interpret import Ending, interpret
from claimgw.clearinghouse.delivery.outcomes import MEANING, Again, Heard, Outcome
from claimgw.clearinghouse.delivery.policy import decide_deferred
from claimgw.clearinghouse.recall import recall_asked
from claimgw.clearinghouse.record import deposit, remember
from claimgw.clock import Clock
from claimgw.conformance.validator.schemas import Schemas
from claimgw.errors import ConfigurationError, Conflict
from claimgw.ids import new_id
from claimgw.insurers.spi import Answered
from claimgw.messages.envelope import Envelope, read
from claimgw.messages.events import EVENTS
from claimgw.store import Database, exchanges, letters, messages, redrives
from claimgw.store.records import Attempt, Author, Exchange
from claimgw.store.redrives import Kind, Redrive, Redriven


class Judgement(StrEnum):
    """What became of one answer, or would."""

    DELIVERED = "delivered"  # its provider finds it in its mailbox
    REFUSED = "refused"  # it still breaks rules
    GONE = "gone"  # its bytes are no longer kept
    MOVED_ON = "moved-on"  # the request was answered, cancelled or sent again meanwhile


@dataclass(frozen=True, slots=True)
class Rejudged:
    """One answer, judged again. `detail`: its outcome, or the codes of what is still wrong."""

    exchange_id: str
    answer_id: str
    judgement: Judgement
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """Which answers, and by what they are judged: of one insurer, that broke this rule, the oldest first."""

    insurer: str
    rule: str
    at_most: int
    schemas: Schemas
    registry: Snapshot


@dataclass(frozen=True, slots=True)
class _Usable:
    """An answer that is good now, and the exchange as it was read."""

    exchange: Exchange
    answer: Envelope
    attempt: Attempt
    ending: Ending


async def foresee(database: Database, clock: Clock, asked: Question) -> list[Rejudged]:
    """What each answer would be judged now; nothing is changed."""
    told = []
    for exchange, attempt in await _refused(database, asked):
        judged = await _judge(database, asked, exchange, attempt, clock.now())
        told.append(_as_delivered(judged) if isinstance(judged, _Usable) else judged)
    return told


async def rejudge(database: Database, clock: Clock, asked: Question, by: str, reason: str) -> list[Rejudged]:
    """Judge each again, and deliver those that are good now. Raises ConfigurationError without a reason."""
    if not reason.strip():
        raise ConfigurationError("say why they are judged again: it is kept with each of them")
    refused = await _refused(database, asked)
    if not refused:
        return []
    now = clock.now()
    order = Redrive(new_id(now), Kind.REJUDGE, asked.insurer, f"rule {asked.rule}", now, by, reason)
    async with database.write() as unit:
        redrives.begin(unit, order)
    told = []
    for exchange, attempt in refused:
        judged = await _judge(database, asked, exchange, attempt, clock.now())
        told.append(
            await _deliver(database, judged, order, clock.now()) if isinstance(judged, _Usable) else judged
        )
    return told


async def _refused(database: Database, asked: Question) -> list[tuple[Exchange, Attempt]]:
    """Of several answers to one request the last is its insurer's word."""
    async with database.read() as unit:
        found = await letters.refused_by(
            unit, asked.insurer, Outcome.INVALID_ANSWER.value, asked.rule, asked.at_most
        )
    last = {exchange.id: (exchange, attempt) for exchange, attempt in found}
    return [pair for pair in last.values() if asked.rule in pair[1].detail.split(", ")]


async def _judge(
    database: Database, asked: Question, exchange: Exchange, attempt: Attempt, now: datetime
) -> _Usable | Rejudged:
    answer_id = attempt.answer_id or ""
    async with database.read() as unit:
        kept = await messages.contents(unit, [exchange.id, answer_id])
        if len(kept) < 2:
            return Rejudged(exchange.id, answer_id, Judgement.GONE)
        request = read(kept[exchange.id])
        assert isinstance(request, Envelope), "a request on record is no message any more"
        memory = await recall_asked(unit, exchange, request, asked.registry)
        repeated = await may_have_arrived(unit, exchange.id, attempt.number)
    ending = interpret(
        Answered(200, kept[answer_id]),
        asked_of(exchange, request, repeated=repeated),
        judge_of(asked.schemas, asked.registry, memory, now),
    )
    meaning = MEANING[ending.outcome]
    if ending.answer is None or meaning.heard is not Heard.ANSWER or meaning.again is not Again.NEVER:
        return Rejudged(exchange.id, answer_id, Judgement.REFUSED, ending.detail or ending.outcome.value)
    return _Usable(exchange, ending.answer, attempt, ending)


def _as_delivered(usable: _Usable) -> Rejudged:
    answer_id = usable.attempt.answer_id or ""
    return Rejudged(usable.exchange.id, answer_id, Judgement.DELIVERED, usable.ending.outcome.value)


async def _deliver(database: Database, usable: _Usable, order: Redrive, now: datetime) -> Rejudged:
    """The insurer's own bytes go into the mailbox, unless the request has moved on meanwhile."""
    exchange, answer_id = usable.exchange, usable.attempt.answer_id or ""
    arrival = decide_deferred(usable.ending.outcome, exchange.state)
    reply = EVENTS.get(EVENTS[exchange.event].reply or "")
    # The answer to a communication is never polled (spec §5.1): it is known now, and that is all.
    polled = reply is not None and reply.deferrable
    try:
        async with database.write() as unit:
            row = await messages.find(unit, answer_id)
            assert row is not None
            await remember(unit, usable.answer, row.id, exchange)
            if polled:
                await deposit(unit, exchange, row, now)
            await exchanges.change(
                unit,
                exchange,
                state=arrival.state,
                reason="",
                due_at=None,
                changed_at=now,
                mailed=exchange.mailed_once_more if polled else exchange.mailed,
                answer_id=row.id if polled else exchange.answer_id,
                answered_by=Author.INSURER if polled else exchange.answered_by,
            )
            before = (exchange.state, exchange.reason, exchange.due_at, usable.attempt.number)
            redrives.add(unit, order, [Redriven(order.id, exchange.id, now, *before)])
    except Conflict:
        return Rejudged(exchange.id, answer_id, Judgement.MOVED_ON)
    return _as_delivered(usable)
