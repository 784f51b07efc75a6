"""How long does the provider wait, and what does it hear if the insurer takes longer?"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from claimgw.access.participants import Participant
from claimgw.clearinghouse.answer import own
from claimgw.clearinghouse.delivery.deliver import deliver
from claimgw.clearinghouse.delivery.outcomes import MEANING, Outcome
from claimgw.clearinghouse.forms import form_of
from claimgw.clearinghouse.parts import Parts
from claimgw.clearinghouse.record import keep_own
from claimgw.clearinghouse.settle import Settled
from claimgw.clearinghouse.unreachable import unreachable
from claimgw.clearinghouse.words import meanwhile
from claimgw.conformance.memory import Memory
from claimgw.errors import Conflict, Gone
from claimgw.messages.envelope import Envelope
from claimgw.messages.frame import Stamp
from claimgw.store import Unit, exchanges, messages
from claimgw.store.records import Attempt, Author, Exchange

_log = structlog.get_logger(__name__)


class Sessions:
    """The attempts under way in this process. They outlive the session that started them:

    a provider that hangs up, or is told "queued" because time is up, does not cut the call to the insurer.
    """

    def __init__(self) -> None:
        self._under_way: set[asyncio.Task[Settled]] = set()
        # Those who wait: each is done when its attempt has ended, or its time is up.
        self._waits: set[asyncio.Future[None]] = set()

    async def hold(
        self,
        parts: Parts,
        exchange: Exchange,
        request: Envelope,
        attempt: Attempt,
        insurer: Participant,
        notes: Sequence[str] = (),
        memory: Memory | None = None,
    ) -> bytes:
        """Make the attempt and give the provider its answer, at the latest when the session's time is up.

        Its place with the insurer is given back when the attempt has ended.

        `notes` are told beside an answer of the gateway's own. `memory`: see `conclude`.
        """
        attempt_made = asyncio.create_task(deliver(parts, exchange, request, attempt, notes, memory))
        self._under_way.add(attempt_made)
        attempt_made.add_done_callback(lambda made: self._ended(parts, made))
        attempt_made.add_done_callback(lambda _: parts.places.give_back(insurer.licence))
        await self._wait(parts, attempt_made, _time_left(parts, exchange.created_at))
        if attempt_made.done() and (told := attempt_made.result().answer) is not None:
            return told
        return await pend(parts, exchange.id, request, insurer.name, notes)

    def let_go(self) -> None:
        """Nobody waits for an insurer any longer: all who do are told what there is to tell."""
        for waiting in self._waits:
            _end(waiting)

    async def finish(self, seconds: float) -> None:
        """Wait so long for what is under way; the rest stays open, to be taken up elsewhere."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=seconds)
        left = list(self._under_way)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _wait(self, parts: Parts, attempt_made: asyncio.Task[Settled], seconds: float) -> None:
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waits.add(waiting)
        attempt_made.add_done_callback(lambda _: _end(waiting))
        time_up = parts.clock.ring(seconds, lambda: _end(waiting))
        try:
            await waiting
        finally:
            self._waits.discard(waiting)
            time_up.cancel()

    def _ended(self, parts: Parts, task: asyncio.Task[Settled]) -> None:
        self._under_way.discard(task)
        if task.cancelled():
            return
        if (fault := task.exception()) is not None:
            _log.error("an attempt stays open", action="deliver", fault=type(fault).__name__)
        elif task.result().makes_work(parts.clock.now()):
            parts.wake()


def _end(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_result(None)


def _time_left(parts: Parts, since: datetime) -> float:
    until = since + timedelta(seconds=min(parts.limits.insurer, parts.limits.session))
    return (until - parts.clock.now()).total_seconds()


async def pend(
    parts: Parts, exchange_id: str, request: Envelope, insurer: str, notes: Sequence[str] = ()
) -> bytes:
    """Tell the provider what there is to tell, and let the session go, unless the answer just came."""
    while True:
        now = parts.clock.now()
        try:
            async with parts.database.write() as unit:
                exchange = await exchanges.find(unit, exchange_id)
                assert exchange is not None
                if not exchange.waiting and exchange.answer_id is not None:
                    # An attempt whose lease ended is no longer waited for, yet nothing was said.
                    break
                stamp = parts.stamp(now, notes)
                raw = await _meanwhile(parts, unit, exchange, request, insurer, stamp)
                row = await keep_own(unit, own(raw), exchange, now)
                await exchanges.change(
                    unit,
                    exchange,
                    waiting=False,
                    changed_at=now,
                    reason=exchange.reason or MEANING[Outcome.SILENT].when,
                    answer_id=exchange.answer_id or row.id,
                    answered_by=exchange.answered_by or Author.GATEWAY,
                )
                return raw
        except Conflict:
            continue
    return await recorded(parts, exchange)


async def _meanwhile(
    parts: Parts, unit: Unit, exchange: Exchange, request: Envelope, insurer: str, stamp: Stamp
) -> bytes:
    """That it will be delivered; to a message that may not wait, that the insurer is away."""
    assert request.event is not None
    if (pended := form_of(request.event).pended) is not None:
        return pended(request, stamp, meanwhile(exchange, insurer))
    return await unreachable(parts, unit, request, exchange, insurer, stamp)


async def recorded(parts: Parts, exchange: Exchange) -> bytes:
    """The answer on record for a request. Raises Gone if it is kept no longer."""
    async with parts.database.read() as unit:
        kept = await messages.content(unit, exchange.answer_id) if exchange.answer_id else None
    if kept is None:
        raise Gone("the recorded answer is kept no longer")
    return kept
