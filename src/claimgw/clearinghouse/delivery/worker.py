"""Who makes the attempts that are due? One loop a process; no lane waits for another."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

import structlog

from claimgw.access.participants import LONGEST_ANSWER_SECONDS, Participant
from claimgw.access.registry import Snapshot
from claimgw.clearinghouse.delivery import gate
from claimgw.clearinghouse.delivery.abandon import abandon, close_left
from claimgw.clearinghouse.delivery.breaker import may_probe
from claimgw.clearinghouse.delivery.deliver import deliver
from claimgw.clearinghouse.delivery.give_up import give_up_old
from claimgw.clearinghouse.delivery.hours import is_open
from claimgw.clearinghouse.delivery.probe import probe
from claimgw.clearinghouse.delivery.take_up import Claimed, take_up
from claimgw.clearinghouse.large import look_into
from claimgw.clearinghouse.parts import Parts
from claimgw.clock import rung_or_after
from claimgw.errors import Conflict, StoreUnavailable
from claimgw.store import attempts, lanes
from claimgw.store.records import Exchange, State

_log = structlog.get_logger(__name__)

# What is too old is looked for so often: a message is given up that much too late at most.
_OLD_SECONDS = 60.0
# Large claims of a lane that stands still are looked into one look after the other.
_LOOKED_INTO = 4


class Worker:
    """Takes up what is due until it is told to stop. `look_seconds` is the longest it stays blind."""

    def __init__(self, parts: Parts, bell: asyncio.Event, *, look_seconds: float = 1.0) -> None:
        self._parts = parts
        self._bell = bell
        self._look_seconds = look_seconds
        self._stopping = False
        self._in_flight: defaultdict[str, set[asyncio.Task[None]]] = defaultdict(set)
        self._probes: dict[str, asyncio.Task[None]] = {}
        # Lanes that are being filled again, and those in which more has become free meanwhile.
        self._fills: dict[str, asyncio.Task[None]] = {}
        self._freed: set[str] = set()
        self._waits: dict[str, asyncio.Task[None]] = {}
        self._refills = False
        self._old_at = 0.0

    async def run(self) -> None:
        """Look, take up, wait for the bell or a while; again. A database that is away is waited for."""
        while not self._stopping:
            self._bell.clear()
            self._refills = True
            with _reported("the worker cannot look", action="look"):
                await self.look()
            await rung_or_after(self._bell, self._parts.clock, self._look_seconds)

    def no_more(self) -> None:
        """Take up nothing more."""
        self._stopping = True
        self._bell.set()

    async def stop(self, seconds: float) -> None:
        """Take up nothing more, give what is in flight so long, leave the rest open for another node."""
        self.no_more()
        running = [task for lane in self._in_flight.values() for task in lane]
        running += [*self._probes.values(), *self._fills.values()]
        for wait in self._waits.values():
            wait.cancel()
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
            with suppress(Conflict):  # another node was faster
                async with self._parts.database.write() as unit:
                    close_left(unit, forgotten, now)
        if self._parts.clock.monotonic() >= self._old_at:
            more = await give_up_old(self._parts)
            self._old_at = self._parts.clock.monotonic() + (0 if more else _OLD_SECONDS)
        registry = await self._parts.registry.current()
        self._probe(registry)
        return sum([await self._lane(lane, registry) for lane in busy])

    def _probe(self, registry: Snapshot) -> None:
        """See whether those are there again who were taken for down."""
        for circuit in self._parts.breakers.all_open(registry):
            insurer, now = registry.participant(circuit.licence), self._parts.clock.now()
            if insurer is None or circuit.licence in self._probes or registry.paused(circuit.licence):
                continue
            if may_probe(circuit, now) and is_open(insurer.settings.hours, now):
                self._probes[circuit.licence] = asyncio.create_task(self._find_out(insurer))

    async def _find_out(self, insurer: Participant) -> None:
        try:
            with _reported("an insurer cannot be probed", action="probe", insurer=insurer.licence):
                await probe(self._parts, insurer)
        finally:
            del self._probes[insurer.licence]

    async def _lane(self, lane: str, registry: Snapshot) -> int:
        """Fill the free places of a lane with what is due in it; how many attempts were started."""
        insurer = registry.participant(lane)
        if self._stopping:
            return 0
        if gate.shut(self._parts.breakers, registry, lane, self._parts.clock.now()) is not None:
            # Whether a large claim is sound does not hang on its insurer.
            async with self._parts.database.read() as unit:
                unchecked = await lanes.unchecked(unit, lane, self._parts.clock.now(), _LOOKED_INTO)
            for exchange in unchecked:
                await self._see_to(exchange, insurer)
            return 0
        at_once = insurer.settings.most_in_flight if insurer else 1
        room = wanted = at_once - len(self._in_flight[lane])
        if insurer is not None and room > 0:
            room = await self._parts.pace.take(insurer, wanted)
            if room < wanted:
                self._later(lane, self._parts.pace.wait(insurer))
        if room <= 0:
            return 0
        taken = await take_up(self._parts, lane, insurer, room, at_once=at_once)
        if insurer is not None:
            self._parts.pace.give_back(insurer, room - len(taken.claimed))
        for claimed in taken.claimed:
            self._start(lane, claimed)
        for exchange in taken.others:
            await self._see_to(exchange, insurer)
        return len(taken.claimed)

    async def _see_to(self, exchange: Exchange, insurer: Participant | None) -> None:
        """What is due, and not to be sent. Another node may be faster."""
        with (
            _reported("an exchange cannot be taken up", action="deliver", exchange=exchange.id),
            suppress(Conflict),
        ):
            if exchange.state is State.IN_FLIGHT:
                await abandon(self._parts, exchange, insurer.settings.grace_seconds if insurer else 0)
            elif exchange.state is State.UNCHECKED:
                await look_into(self._parts, exchange)

    def _start(self, lane: str, claimed: Claimed) -> None:
        task = asyncio.create_task(self._attempt(claimed))
        self._in_flight[lane].add(task)

        def ended(done: asyncio.Task[None]) -> None:
            self._in_flight[lane].discard(done)
            self._refill(lane)

        task.add_done_callback(ended)

    async def _attempt(self, claimed: Claimed) -> None:
        # It stays open if it cannot be settled; whoever looks after its lease takes it up.
        with _reported("an attempt stays open", action="deliver", exchange=claimed.exchange.id):
            settled = await deliver(self._parts, claimed.exchange, claimed.request, claimed.attempt)
            if settled.deposited:
                # What may follow it is found when its place is filled again.
                self._parts.announce()

    def _refill(self, lane: str) -> None:
        """A place is free: fill it, and those that become free meanwhile, without a look at all lanes."""
        self._freed.add(lane)
        if self._refills and not self._stopping and lane not in self._fills:
            self._fills[lane] = asyncio.create_task(self._fill(lane))

    async def _fill(self, lane: str) -> None:
        try:
            while lane in self._freed and not self._stopping:
                self._freed.discard(lane)
                with _reported("the worker cannot fill a lane", action="look", insurer=lane):
                    await self._lane(lane, await self._parts.registry.current())
        finally:
            del self._fills[lane]

    def _later(self, lane: str, seconds: float) -> None:
        """Fill it when its rate allows more; by the next look if that comes first."""

        async def wait() -> None:
            await self._parts.clock.sleep(seconds)
            self._waits.pop(lane, None)
            self._refill(lane)

        if seconds < self._look_seconds and lane not in self._waits:
            self._waits[lane] = asyncio.create_task(wait())


@contextmanager
def _reported(what: str, **ids: str) -> Iterator[None]:
    """A fault is logged, and goes no further. A bug's text may quote a message, so it is left out."""
    try:
        yield
    except (StoreUnavailable, Conflict) as fault:
        _log.warning(what, fault=str(fault), **ids)
    except Exception as fault:
        _log.error(what, fault=type(fault).__name__, **ids)
