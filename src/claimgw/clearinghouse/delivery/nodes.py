"""Which processes are alive, and what becomes of the work of one that is not?"""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

import structlog

from claimgw import __version__
from claimgw.clearinghouse.delivery.abandon import abandon, close_left
from claimgw.clearinghouse.parts import Parts
from claimgw.clock import rung_or_after
from claimgw.errors import Conflict, StoreUnavailable
from claimgw.ids import new_id
from claimgw.store import nodes
from claimgw.store.nodes import Node
from claimgw.store.records import Attempt, Exchange, State

_log = structlog.get_logger(__name__)

# A lease without a beat, and a process counts as dead: one beat may be late, and the next one too.
_BEATS_IN_A_LEASE = 3
# So long it keeps its share of the places with insurers; clocks may differ a little.
_COUNTED_LEASES = 3
# So long a dead one is still shown to people.
_SHOWN_LEASES = 20
# A process that was told to stop has ten seconds, and most of them have gone by.
_HAND_BACK_SECONDS = 1.5


# Those of earlier lives stay in the table for a while: with four digits, one start in some thousands met one.
_DIGITS = 10
_LONGEST_NAME = 100 - 1 - _DIGITS


def life(name: str, now: datetime) -> str:
    """The name of a new life of a process: what an earlier one of that name left open is not its own."""
    return f"{name[:_LONGEST_NAME]}#{new_id(now)[-_DIGITS:]}"


class Role(StrEnum):
    """What a process was started as."""

    SERVE = "serve"
    WORKER = "worker"


@dataclass(slots=True)
class Watch:
    """For how long has each beat stood still, by the watch of whoever looks? Clocks need not agree.

    Only time in which it was looked counts: after a database was away, or this process stood still itself,
    all others have a whole lease to beat again.
    """

    lease: float
    _seen: dict[str, tuple[int, float]] = field(default_factory=dict)
    _looked: float = float("-inf")

    def look(self, present: Sequence[Node], monotonic: float) -> dict[Node, float]:
        """Seconds for which each process has not beaten."""
        if monotonic - self._looked >= self.lease:
            self.blind()
        seen = {}
        for node in present:
            beat, since = self._seen.get(node.name, (None, monotonic))
            seen[node.name] = (node.beat, since if beat == node.beat else monotonic)
        self._seen, self._looked = seen, monotonic
        return {node: monotonic - seen[node.name][1] for node in present}

    def blind(self) -> None:
        """It could not be looked: whatever was seen before says nothing any more."""
        self._seen = {}


class Heart:
    """Beats for this process, and watches the others if it `delivers`."""

    def __init__(self, parts: Parts, role: Role, *, delivers: bool) -> None:
        self._parts = parts
        self._role = role
        self._delivers = delivers
        self._watch = Watch(parts.limits.lease)
        self._ended = asyncio.Event()

    async def join(self) -> None:
        """Be known to the others before anything is begun."""
        now = self._parts.clock.now()
        async with self._parts.database.write() as unit:
            await nodes.join(unit, Node(self._parts.node, self._role, __version__, now, 0, now))

    async def run(self) -> None:
        """Beat until told to stop. A database that is away is waited for."""
        while True:
            every = self._parts.limits.lease / _BEATS_IN_A_LEASE
            await rung_or_after(self._ended, self._parts.clock, every)
            if self._ended.is_set():
                return
            try:
                await self.beat()
            except StoreUnavailable as fault:
                self._watch.blind()
                _log.warning("this process cannot beat", action="beat", fault=str(fault))
            except Exception as fault:
                # A bug met here must not make a process that works look dead.
                _log.error("this process cannot beat", action="beat", fault=type(fault).__name__)

    def stop(self) -> None:
        """Beat no more."""
        self._ended.set()

    async def beat(self) -> None:
        """One beat, and one look at the others."""
        async with self._parts.database.write() as unit:
            now = self._parts.clock.now()
            known = await nodes.move_on(unit, self._parts.node, now)
            lately = now - timedelta(seconds=_COUNTED_LEASES * self._parts.limits.lease)
            self._parts.places.share(await nodes.count(unit, Role.SERVE, lately))
        if not known:
            _log.warning("this process stood still, and others have taken over", action="beat")
            await self.join()
        await self._take_over([self._parts.node], own=True)
        if self._delivers:
            await self._look()

    async def leave(self) -> None:
        """Hand back what could not be finished, and be known no more: the last thing a process does.

        If the database is away, the others find out within a lease.
        """
        try:
            async with asyncio.timeout(_HAND_BACK_SECONDS):
                await self._take_over([self._parts.node])
                async with self._parts.database.write() as unit:
                    await nodes.leave(unit, self._parts.node)
        except (StoreUnavailable, TimeoutError) as fault:
            _log.warning(
                "others will find out that this process has ended", action="stop", fault=type(fault).__name__
            )

    async def _look(self) -> None:
        async with self._parts.database.read() as unit:
            present = await nodes.all_nodes(unit)
        still = self._watch.look(present, self._parts.clock.monotonic())
        lease = self._parts.limits.lease
        dead = [node for node, seconds in still.items() if seconds >= lease and node.name != self._parts.node]
        if not dead:
            return
        left = await self._take_over([node.name for node in dead])
        for node in dead:
            if not left and still[node] >= _SHOWN_LEASES * lease:
                async with self._parts.database.write() as unit:
                    await nodes.sweep(unit, node)

    async def _take_over(self, names: Collection[str], *, own: bool = False) -> int:
        """`own`: only what this process opened, as it now finds, by a commit that seemed to have failed."""
        lease = timedelta(seconds=self._parts.limits.lease)
        before = self._parts.clock.now() - lease if own else None
        async with self._parts.database.read() as unit:
            left = [
                (attempt, exchange)
                for attempt, exchange in await nodes.left_open(unit, names, before)
                if not own or attempt.id not in self._parts.under_way
            ]
        for attempt, exchange in left:
            await self._end(attempt, exchange)
        if left:
            self._parts.wake()
        return len(left)

    async def _end(self, attempt: Attempt, exchange: Exchange) -> None:
        try:
            if exchange.state is State.IN_FLIGHT:
                insurer = (await self._parts.registry.current()).participant(exchange.insurer)
                await abandon(self._parts, exchange, insurer.settings.grace_seconds if insurer else 0)
            else:
                # It was answered another way, and then its node died that still waited.
                async with self._parts.database.write() as unit:
                    close_left(unit, [attempt], self._parts.clock.now())
        except StoreUnavailable:
            raise
        except Conflict:
            return  # another node was faster
        except Exception as fault:
            # A bug met on one exchange must not stop all others. Its text may quote the message.
            _log.error(
                "an exchange cannot be taken over",
                action="abandon",
                exchange=exchange.id,
                fault=type(fault).__name__,
            )
