"""How is one attempt made? Call, interpret, settle; whoever waits is told by the result."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import TypeVar

import structlog

from claimgw.access.participants import Participant
from claimgw.access.registry import Snapshot
from claimgw.clearinghouse.beside.heavy import is_heavy
from claimgw.clearinghouse.delivery import gate
from claimgw.clearinghouse.delivery.answers import asked_of, judge_of, may_have_arrived
from claimgw.clearinghouse.delivery.interpret import interpret
from claimgw.clearinghouse.forward import forward
from claimgw.clearinghouse.parts import Parts
from claimgw.clearinghouse.recall import recall_asked
from claimgw.clearinghouse.settle import Settled, settle, settle_unchanged
from claimgw.conformance.memory import Memory
from claimgw.errors import Conflict, StoreUnavailable
from claimgw.insurers.spi import Answered, Reply
from claimgw.messages.envelope import Envelope
from claimgw.store import exchanges, lanes
from claimgw.store.records import Attempt, Exchange, State

_log = structlog.get_logger(__name__)

_AGAIN_SECONDS = 0.25

T = TypeVar("T")


async def deliver(
    parts: Parts,
    exchange: Exchange,
    request: Envelope | bytes,
    attempt: Attempt,
    notes: Sequence[str] = (),
    memory: Memory | None = None,
) -> Settled:
    """Make an attempt that has been opened and committed. What came of it exists nowhere else: a database
    that is away is waited for. `notes` are told beside an answer of the gateway's own. `request`: its bytes
    if they are heavy, to be read in the process beside this one. `memory`: see `conclude`.
    """
    if isinstance(request, bytes):
        return await _deliver_beside(parts, exchange, request, attempt)

    async def ask() -> tuple[Participant | None, Reply]:
        insurer = (await parts.registry.current()).participant(exchange.insurer)
        return insurer, await forward(parts, insurer, request.raw)

    parts.under_way.add(attempt.id)
    try:
        insurer, reply = await _patiently(parts, ask)
        settled = await _patiently(
            parts, lambda: conclude(parts, exchange, request, attempt, insurer, reply, notes, memory)
        )
    finally:
        parts.under_way.discard(attempt.id)
    return settled


async def _keep_place(parts: Parts, registry: Snapshot, settled: Exchange) -> None:
    """If its lane has come to a stand while this was settled, it waits with the lane, not for itself."""
    now = parts.clock.now()
    if settled.state is not State.HELD or settled.due_at is None or settled.due_at <= now:
        return
    if gate.shut(parts.breakers, registry, settled.insurer, now) is not None:
        # An order that is not quite kept is better than an answer that is lost.
        with suppress(StoreUnavailable):
            async with parts.database.write() as unit:
                await lanes.end_waits(unit, settled.insurer, now)


async def _deliver_beside(parts: Parts, exchange: Exchange, raw: bytes, attempt: Attempt) -> Settled:
    assert parts.beside is not None
    parts.under_way.add(attempt.id)
    try:
        settled: Settled = await parts.beside.do("deliver", exchange, raw, attempt)
    finally:
        parts.under_way.discard(attempt.id)
    return settled


async def _patiently(parts: Parts, work: Callable[[], Awaitable[T]]) -> T:
    """Do it as soon as the database is there."""
    while True:
        try:
            return await work()
        except StoreUnavailable as fault:
            _log.warning("an attempt waits for the database", action="deliver", fault=str(fault))
            await parts.clock.sleep(_AGAIN_SECONDS)


async def conclude(
    parts: Parts,
    exchange: Exchange,
    request: Envelope,
    attempt: Attempt,
    insurer: Participant | None,
    reply: Reply,
    notes: Sequence[str],
    memory: Memory | None = None,
) -> Settled:
    """What the reply means, settled. Raises StoreUnavailable; then it may be done again.

    It is hoped that nobody has changed the exchange since: the settlement is written at once if that is true,
    and else anew from what is read. `memory`: what the answer is judged by then, if the caller knows it.
    """
    if parts.beside is not None and isinstance(reply, Answered) and is_heavy(reply.body):
        settled: Settled = await parts.beside.do(
            "conclude", exchange, request.raw, attempt, insurer, reply, notes
        )
        return settled
    repeated = attempt.number > 1 and await _may_have_arrived(parts, attempt)
    asked = asked_of(exchange, request, repeated=repeated)
    registry = await parts.registry.current()
    memory = memory or await _recall(parts, exchange, request, registry)
    ending = interpret(reply, asked, judge_of(parts.schemas, registry, memory, parts.clock.now()))
    if insurer is not None:
        await parts.breakers.learn(insurer, registry, ending.outcome, attempt)
    shut = gate.shut(parts.breakers, registry, exchange.insurer, parts.clock.now()) is not None
    try:
        settled = await settle_unchanged(parts, request, insurer, exchange, attempt, ending, notes, shut=shut)
    except Conflict:
        memory = await _recall_anew(parts, exchange, request, registry)
        ending = interpret(reply, asked, judge_of(parts.schemas, registry, memory, parts.clock.now()))
        settled = await settle(parts, request, insurer, attempt, ending, notes, shut=shut)
    if not shut:
        await _keep_place(parts, registry, settled.exchange)
    return settled


async def _recall(parts: Parts, exchange: Exchange, request: Envelope, registry: Snapshot) -> Memory:
    async with parts.database.read() as unit:
        return await recall_asked(unit, exchange, request, registry)


async def _recall_anew(parts: Parts, exchange: Exchange, request: Envelope, registry: Snapshot) -> Memory:
    """The record as it is now that the answer came, not as when the request went out."""
    async with parts.database.read() as unit:
        known = await exchanges.find(unit, exchange.id)
    return await _recall(parts, known or exchange, request, registry)


async def _may_have_arrived(parts: Parts, attempt: Attempt) -> bool:
    async with parts.database.read() as unit:
        return await may_have_arrived(unit, attempt.exchange_id, attempt.number)
