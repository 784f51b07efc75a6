"""Who looks at the books, and deletes what is kept no longer? One process at a time, at intervals."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta

import structlog

from claimgw.clearinghouse.parts import Parts
from claimgw.clearinghouse.retention import delete_due
from claimgw.clock import rung_or_after
from claimgw.errors import Conflict, StoreUnavailable
from claimgw.store import books, chores
from claimgw.store.ledger import Ledger, ledger
from claimgw.store.retention import Kind

_log = structlog.get_logger(__name__)

LEDGER, RETENTION = "ledger", "retention"
_RETENTION_SECONDS = 3600.0
# A look at the books takes at most this share of the time, however many there are.
_SHARE = 0.05


class Upkeep:
    """Does what is due until it is told to stop. `days`: how long each kind is kept; None: for ever."""

    def __init__(self, parts: Parts, *, ledger_seconds: float, days: Mapping[Kind, int | None]) -> None:
        self._parts = parts
        self._ledger_seconds = ledger_seconds
        self._days = days
        self._ended = asyncio.Event()
        self._due: dict[str, float] = {}

    async def run(self) -> None:
        """See whether something is due, and wait. A database that is away is waited for."""
        while not self._ended.is_set():
            await rung_or_after(self._ended, self._parts.clock, min(self._ledger_seconds, _RETENTION_SECONDS))
            if not self._ended.is_set():
                await self._look_until_stopped()

    def stop(self) -> None:
        """Begin nothing more, and break off what is under way: each step of it is whole by itself."""
        self._ended.set()

    async def _look_until_stopped(self) -> None:
        tasks = asyncio.create_task(self.look()), asyncio.create_task(self._ended.wait())
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def look(self) -> None:
        """Do what is due and nobody else does."""
        for name, work in ((LEDGER, self._balance), (RETENTION, self._delete)):
            try:
                await work()
            except Conflict:
                _log.info("another process is at it", action=name)
            except StoreUnavailable as fault:
                _log.warning("upkeep has to wait", action=name, fault=str(fault))
            except Exception as fault:
                # A bug's text may quote a message.
                _log.error("upkeep failed", action=name, fault=type(fault).__name__)

    async def _balance(self) -> None:
        if await self._take(LEDGER, self._ledger_seconds):
            clock = self._parts.clock
            begun = clock.monotonic()
            await balance(self._parts)
            took = clock.monotonic() - begun
            self._due[LEDGER] = max(self._due[LEDGER], clock.monotonic() + took / _SHARE)

    async def _delete(self) -> None:
        wanted = any(days is not None for days in self._days.values())
        if not wanted or not await self._take(RETENTION, _RETENTION_SECONDS):
            return
        for report in await delete_due(self._parts.database, self._parts.clock, self._days):
            _log.info(
                "what was kept long enough is deleted",
                action=RETENTION,
                kind=report.kind.value,
                deleted=report.due,
                bytes=report.bytes,
                moving=report.moving,
                oldest=report.oldest.isoformat() if report.oldest else None,
            )

    async def _take(self, name: str, seconds: float) -> bool:
        """Whether it is due, and this process does it: it has done it last, or whoever did is gone."""
        monotonic = self._parts.clock.monotonic()
        if monotonic < self._due.get(name, 0.0):
            return False
        self._due[name] = monotonic + seconds
        lease = timedelta(seconds=2 * seconds)
        async with self._parts.database.write() as unit:
            return await chores.begin(unit, name, self._parts.node, self._parts.clock.now(), lease)


async def balance(parts: Parts) -> Ledger:
    """Look at the books, and let everybody know what was found."""
    async with parts.database.read() as unit:
        found = await ledger(unit)
    async with parts.database.write() as unit:
        await books.enter(unit, found, parts.clock.now())
    if not found.balances:
        _log.error("the books do not balance", action=LEDGER, wrong=found.wrong)
    return found
