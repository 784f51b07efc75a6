"""What did that attempt mean? Attempt, state, answer, mailbox and notice in one go: commit 2."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

import structlog

from claimgw.access.participants import Participant
from claimgw.clearinghouse.answer import own
from claimgw.clearinghouse.delivery.interpret import Ending
from claimgw.clearinghouse.delivery.outcomes import MEANING, Again, Arrived, Outcome
from claimgw.clearinghouse.delivery.policy import Circumstances, Decision, Telling, decide
from claimgw.clearinghouse.followup.take_back import take_back
from claimgw.clearinghouse.forms import form_of
from claimgw.clearinghouse.notice import queue_notice
from claimgw.clearinghouse.parts import Parts
from claimgw.clearinghouse.record import deposit, keep_own, remember
from claimgw.clearinghouse.rows import as_row
from claimgw.clearinghouse.unreachable import unreachable
from claimgw.clearinghouse.words import insurer_declined, meanwhile
from claimgw.errors import Conflict
from claimgw.ids import new_id
from claimgw.messages.envelope import Envelope
from claimgw.messages.events import EVENTS
from claimgw.messages.findings import Finding
from claimgw.messages.identifiers import GATEWAY
from claimgw.store import Unit, attempts, exchanges, messages
from claimgw.store.records import Attempt, Author, Exchange, Message, State
from claimgw.telemetry import metrics

_log = structlog.get_logger(__name__)

_TRIES = 20


@dataclass(frozen=True, slots=True)
class Settled:
    """The exchange as it now is, and the answer for the provider if it still waits; else it was deposited."""

    exchange: Exchange
    answer: bytes | None
    deposited: bool = False

    def makes_work(self, now: datetime) -> bool:
        """Whether there is something to do for a worker: it is due again, or what is about it may follow."""
        due_at = self.exchange.due_at
        return self.deposited or (due_at is not None and due_at <= now)


async def settle(
    parts: Parts,
    request: Envelope,
    insurer: Participant | None,
    attempt: Attempt,
    ending: Ending,
    notes: Sequence[str] = (),
    *,
    shut: bool = False,
) -> Settled:
    """Write down what an ending means: read, decide, write in one go; anew if somebody was faster.

    `notes` are told beside an answer of the gateway's own. `shut`: the insurer's lane stands still.
    """
    for _ in range(_TRIES):
        try:
            async with parts.database.write() as unit:
                exchange = await exchanges.find(unit, attempt.exchange_id)
                assert exchange is not None
                is_open = await attempts.is_open(unit, attempt.id)
                now = parts.clock.now()
                settlement = _Settlement(parts, unit, request, insurer, exchange, ending, now, notes, shut)
                settled = await settlement.carry_out(attempt, is_open=is_open)
        except Conflict:
            continue
        _say(settled, ending)
        return settled
    raise Conflict(f"exchange {attempt.exchange_id} changes faster than it can be read")


async def settle_unchanged(
    parts: Parts,
    request: Envelope,
    insurer: Participant | None,
    exchange: Exchange,
    attempt: Attempt,
    ending: Ending,
    notes: Sequence[str] = (),
    *,
    shut: bool = False,
) -> Settled:
    """The same for an exchange that is thought to be as it was: nothing is read. Raises Conflict if not."""
    async with parts.database.write() as unit:
        now = parts.clock.now()
        settlement = _Settlement(parts, unit, request, insurer, exchange, ending, now, notes, shut)
        settled = await settlement.carry_out(attempt, is_open=True)
    _say(settled, ending)
    return settled


@dataclass(frozen=True, slots=True)
class _Told:
    """A message for the provider. `final`: it becomes the answer on record."""

    message: Message
    raw: bytes
    author: Author
    final: bool


@dataclass(frozen=True, slots=True)
class _Settlement:
    """One ending, the exchange as it was read, and the transaction both belong to."""

    parts: Parts
    unit: Unit
    request: Envelope
    insurer: Participant | None
    exchange: Exchange
    ending: Ending
    now: datetime
    notes: Sequence[str]
    shut: bool

    async def carry_out(self, attempt: Attempt, *, is_open: bool) -> Settled:
        """Close the attempt if it is open, and do what follows from its ending."""
        came = await self._keep_answer()
        if is_open:
            attempts.close(
                self.unit,
                attempt.id,
                at=self.now,
                outcome=self.ending.outcome.value,
                detail=self.ending.detail,
                answer_id=came,
            )
        conclusive = self.ending.answer is not None and MEANING[self.ending.outcome].again is Again.NEVER
        if not is_open and not conclusive:
            return Settled(self.exchange, None)  # another node has taken it up, and nothing new is known
        schedule = self.parts.schedule_of(self.insurer)
        decision = decide(self.ending.outcome, self._circumstances(attempt), schedule)
        told = await self._tell(decision, came)
        if findings := self.ending.findings if decision.notice else self.ending.remarks:
            await self._notify(findings)
        deposited = told is not None and not self.exchange.waiting
        if told is not None and deposited:
            await deposit(self.unit, self.exchange, told.message, self.now)
        if self._takes_back():
            await take_back(self.unit, self.exchange, self.request, self.now)
        changed = await self._change(decision, told, came)
        return Settled(changed, told.raw if told and not deposited else None, deposited)

    async def _notify(self, findings: Sequence[Finding]) -> None:
        answer = self.ending.answer
        await queue_notice(
            self.unit,
            self.exchange,
            findings,
            self.parts.stamp(self.now),
            request=self.request.header_id or "",
            response=answer.header_id if answer else None,
        )

    def _takes_back(self) -> bool:
        """Whether the insurer has just agreed to a cancellation."""
        return self.exchange.event == "cancel-request" and self.ending.outcome is Outcome.COMPLETE

    def _circumstances(self, attempt: Attempt) -> Circumstances:
        event = EVENTS[self.exchange.event]
        reply = EVENTS.get(event.reply or "")
        return Circumstances(
            state=self.exchange.state,
            own=self.exchange.provider == str(GATEWAY),
            may_wait=event.queueable,
            mailed=reply is not None and reply.deferrable,
            waiting=self.exchange.waiting,
            tries=attempt.number,
            now=self.now,
            grace=self.insurer.settings.grace_seconds if self.insurer else 0,
            retry_after=self.ending.retry_after,
            jitter=self.parts.jitter(),
            place=self.exchange.created_at if self.shut else None,
        )

    async def _keep_answer(self) -> str | None:
        """Keep what the insurer sent, also what cannot be used: it is evidence."""
        if self.ending.body is None:
            return None
        message_id = new_id(self.now)
        about = self.exchange.id
        if self.ending.answer is not None:
            row = as_row(self.ending.answer, message_id, self.now, exchange_id=about, replies_to=about)
        else:
            row = Message(
                id=message_id,
                sender=self.exchange.insurer,
                receiver=self.exchange.provider,
                event="",
                bundle_id="",
                header_id="",
                size=len(self.ending.body),
                received_at=self.now,
                exchange_id=about,
                replies_to=about,
            )
        await messages.keep(self.unit, row, self.ending.body)
        return message_id

    async def _tell(self, decision: Decision, came: str | None) -> _Told | None:
        if decision.telling is Telling.NOTHING:
            return None
        if decision.telling is Telling.ANSWER:
            assert self.ending.answer is not None
            assert came is not None
            row = as_row(self.ending.answer, came, self.now)
            told = _Told(row, self.ending.answer.raw, Author.INSURER, self._is_final(decision))
            said = self.ending.answer
        else:
            raw = await self._own_words(decision.telling)
            said = own(raw)
            row = await keep_own(self.unit, said, self.exchange, self.now)
            told = _Told(row, raw, Author.GATEWAY, self._is_final(decision))
        await remember(self.unit, said, row.id, self.exchange)
        return told

    async def _own_words(self, telling: Telling) -> bytes:
        assert self.request.event is not None
        form, stamp = form_of(self.request.event), self.parts.stamp(self.now, self.notes)
        name = self.insurer.name if self.insurer else self.exchange.insurer
        match telling:
            case Telling.PENDED:
                assert form.pended is not None
                return form.pended(self.request, stamp, meanwhile(self.exchange, name))
            case Telling.ERROR:
                return form.refused(self.request, stamp, [insurer_declined(self.ending.detail)])
            case Telling.AWAY:
                return await unreachable(self.parts, self.unit, self.request, self.exchange, name, stamp)
            case Telling.ANSWER | Telling.NOTHING:
                raise AssertionError("the gateway has nothing of its own to say")
        assert_never(telling)

    def _is_final(self, decision: Decision) -> bool:
        """Not if an answer that came another way stands on record and says at least as much."""
        overtaken = self.exchange.state in (State.QUEUED, State.PARTIAL, State.ANSWERED)
        return not overtaken or decision.state is not self.exchange.state or self.exchange.answer_id is None

    async def _change(self, decision: Decision, told: _Told | None, came: str | None) -> Exchange:
        final = told is not None and told.final
        answer_id, author = self.exchange.answer_id, self.exchange.answered_by
        if told is None and self._unheard(decision):
            # Its node died before anything was said: whoever asks again gets this (spec §3.4).
            answer_id, author = came, Author.INSURER
        return await exchanges.change(
            self.unit,
            self.exchange,
            state=decision.state,
            reason=_reason(self.ending) if decision.due_at or decision.notice else "",
            due_at=decision.due_at,
            changed_at=self.now,
            waiting=self.exchange.waiting and told is None,
            mailed=self.exchange.mailed_once_more
            if told and not self.exchange.waiting
            else self.exchange.mailed,
            answer_id=told.message.id if told and final else answer_id,
            answered_by=told.author if told and final else author,
        )

    def _unheard(self, decision: Decision) -> bool:
        """Whether an answer that may not be polled is the first there is to a provider's request."""
        first = self.exchange.answer_id is None and self.exchange.provider != str(GATEWAY)
        return first and decision.state is State.ANSWERED and self.ending.answer is not None


def _say(settled: Settled, ending: Ending) -> None:
    changed = settled.exchange
    metrics.attempts.labels(changed.insurer, ending.outcome.value).inc()
    _log.info(
        "attempt settled",
        action="settle",
        exchange=changed.id,
        insurer=changed.insurer,
        outcome=ending.outcome.value,
        state=changed.state.value,
    )


def _reason(ending: Ending) -> str:
    """What a person reads beside a wait: the ending in words, and what came with it."""
    meaning = MEANING[ending.outcome]
    certainty = "" if meaning.arrived is not Arrived.UNKNOWN else "; it may have arrived"
    detail = f" ({ending.detail})" if ending.detail else ""
    return f"{meaning.when}{detail}{certainty}"
