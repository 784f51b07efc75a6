"""Who makes the attempts that are due? One loop a process; no lane waits for another."""

import asyncio
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import assert_never

import structlog

from claimgw.access.participants import LONGEST_ANSWER_SECONDS, Participant
from claimgw.clearinghouse.delivery.abandon import abandon, close_left
from claimgw.clearinghouse.delivery.deliver import deliver
from claimgw.clearinghouse.delivery.give_up import give_up_old, set_aside
from claimgw.clearinghouse.large import look_into
from claimgw.clearinghouse.parts import Parts
from claimgw.clock import rung_or_after
from claimgw.errors import Conflict, StoreUnavailable
from claimgw.ids import new_id
from claimgw.messages.envelope import Envelope, read
from claimgw.store import attempts, exchanges, lanes, messages
from claimgw.store.records import Attempt, Exchange, State

_log = structlog.get_logger(__name__)

# What is too old is looked for so often: a message is given up that much too late at most.
_OLD_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Claimed:
    """An exchange this process has taken up, its request and the attempt that is open for it."""

    exchange: Exchange
    request: Envelope
    attempt: Attempt


class Worker:
    """Takes up what is due until it is told to stop. `look_seconds` is the longest it stays blind."""

    def __init__(self, parts: Parts, bell: asyncio.Event, *, look_seconds: float = 1.0) -> None:
        self._parts = parts
        self._bell = bell
        self._look_seconds = look_seconds
        self._stopping = False
        self._in_flight: defaultdict[str, set[asyncio.Task[None]]] = defaultdict(set)
        self._old_at = 0.0

    async def run(self) -> None:
        """Look, take up, wait for the bell or a while; again. A database that is away is waited for."""
        while not self._stopping:
            self._bell.clear()
            try:
                await self.look()
            except StoreUnavailable as fault:
                _log.warning("the worker cannot reach the database", action="look", fault=str(fault))
            await rung_or_after(self._bell, self._parts.clock, self._look_seconds)

    def no_more(self) -> None:
        """Take up nothing more."""
        self._stopping = True
        self._bell.set()

    async def stop(self, seconds: float) -> None:
        """Take up nothing more, give what is in flight so long, leave the rest open for another node."""
        self.no_more()
        running = [task for lane in self._in_flight.values() for task in lane]
        if running:
            await asyncio.wait(running, timeout=seconds)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def look(self) -> int:
        """Take up what is due and fits; how many attempts were started."""
        now = self._parts.clock.now()
        oldest = now - timedelta(seconds=LONGEST_ANSWER_SECONDS + self._parts.limits.lease)
        async with self._parts.database.read() as unit:
            busy = await lanes.lanes_due(unit, now)
            forgotten = await attempts.left_open(unit, oldest)
        if forgotten:
            # A late answer ended the exchange, and then the node died that still waited for one.
            async with self._parts.database.write() as unit:
                await close_left(unit, forgotten, now)
        if self._parts.clock.monotonic() >= self._old_at:
            more = await give_up_old(self._parts)
            self._old_at = self._parts.clock.monotonic() + (0 if more else _OLD_SECONDS)
        return sum([await self._lane(lane) for lane in busy])

    async def _lane(self, lane: str) -> int:
        registry = await self._parts.registry.current()
        insurer = registry.participant(lane)
        if registry.paused(lane) is not None:
            return 0
        room = (insurer.settings.most_in_flight if insurer else 1) - len(self._in_flight[lane])
        if room <= 0:
            return 0
        async with self._parts.database.read() as unit:
            due = await lanes.due(unit, lane, self._parts.clock.now(), room)
        started = 0
        for exchange in due:
            claimed = await self._take_up(exchange, insurer)
            if claimed is not None:
                self._start(lane, claimed)
                started += 1
        return started

    async def _take_up(self, exchange: Exchange, insurer: Participant | None) -> Claimed | None:
        try:
            return await take_up(self._parts, exchange, insurer)
        except StoreUnavailable:
            raise
        except Exception as fault:
            # A bug met on one exchange must not stop all others. Its text may quote the message.
            _log.error(
                "an exchange cannot be taken up",
                action="deliver",
                exchange=exchange.id,
                fault=type(fault).__name__,
            )
            return None

    def _start(self, lane: str, claimed: Claimed) -> None:
        task = asyncio.create_task(self._attempt(claimed))
        self._in_flight[lane].add(task)

        def ended(done: asyncio.Task[None]) -> None:
            self._in_flight[lane].discard(done)
            self._bell.set()

        task.add_done_callback(ended)

    async def _attempt(self, claimed: Claimed) -> None:
        try:
            await deliver(self._parts, claimed.exchange, claimed.request, claimed.attempt)
        except (StoreUnavailable, Conflict) as fault:
            # The attempt stays open; whoever looks after its lease takes it up.
            _log.warning(
                "an attempt stays open", action="deliver", exchange=claimed.exchange.id, fault=str(fault)
            )
        except Exception as fault:
            # Otherwise asyncio logs the text of the exception, which may quote the message.
            _log.error(
                "an attempt stays open",
                action="deliver",
                exchange=claimed.exchange.id,
                fault=type(fault).__name__,
            )


async def take_up(parts: Parts, exchange: Exchange, insurer: Participant | None) -> Claimed | None:
    """Make an exchange that is due one's own; None if another node was faster, or there is only to wait."""
    match exchange.state:
        case State.HELD | State.UNCONFIRMED:
            return await _open(parts, exchange, insurer)
        case State.IN_FLIGHT:
            await abandon(parts, exchange, insurer.settings.grace_seconds if insurer else 0)
            return None
        case State.UNCHECKED:
            with suppress(Conflict):  # another node was faster
                await look_into(parts, exchange)
            return None
        case State.REFUSED | State.ANSWERED | State.CANCELLED | State.NULLIFIED:
            return None
        case State.AWAITING_CORRECTION | State.QUEUED | State.PARTIAL | State.GIVEN_UP:
            return None
    assert_never(exchange.state)


async def _open(parts: Parts, exchange: Exchange, insurer: Participant | None) -> Claimed | None:
    now = parts.clock.now()
    answer_seconds = insurer.settings.answer_seconds if insurer else 0
    try:
        async with parts.database.write() as unit:
            made = await attempts.of_exchange(unit, exchange.id)
            if await set_aside(parts, unit, exchange, made, insurer):
                return None
            attempt = Attempt(new_id(now), exchange.id, len(made) + 1, parts.node, now)
            lease = timedelta(seconds=answer_seconds + parts.limits.lease)
            claimed = await exchanges.change(
                unit, exchange, state=State.IN_FLIGHT, due_at=now + lease, changed_at=now, waiting=False
            )
            await attempts.open_attempt(unit, attempt)
            raw = await messages.content(unit, exchange.id)
    except Conflict:
        return None
    request = read(raw or b"")
    assert isinstance(request, Envelope), "a request on record is no message any more"
    return Claimed(claimed, request, attempt)
