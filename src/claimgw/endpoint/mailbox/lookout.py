"""What waits for the providers that listen here? One look for all open streams of this process."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import structlog

from claimgw.clock import Clock, rung_or_after
from claimgw.errors import StoreUnavailable
from claimgw.store import Database, mailbox

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Seen:
    """Look `number`: the newest message that waits, by provider, for those that were `asked` about."""

    number: int
    asked: frozenset[str]
    newest: Mapping[str, str]


class Lookout:
    """Looks at an interval in seconds, and at once when woken; not at all while nobody listens."""

    def __init__(self, database: Database, clock: Clock, *, seconds: float) -> None:
        self._database = database
        self._clock = clock
        self._seconds = seconds
        self._listening: Counter[str] = Counter()
        self._seen = Seen(0, frozenset(), {})
        self._bell = asyncio.Event()
        self._looked = asyncio.Event()
        self._stopping = False

    @contextmanager
    def listening(self, providers: frozenset[str]) -> Iterator[int]:
        """Include these in every look until the block ends; the first comes at once.

        Gives the number of the last look, which may be old: nobody may have listened for a long time.
        """
        self._listening.update(providers)
        self.wake()
        try:
            yield self._seen.number
        finally:
            self._listening.subtract(providers)
            self._listening += Counter()  # those at zero go

    async def after(self, number: int) -> Seen:
        """The first look later than that one, as soon as it is made."""
        while self._seen.number <= number:
            await self._looked.wait()
        return self._seen

    def wake(self) -> None:
        """Something may have come in."""
        self._bell.set()

    async def run(self) -> None:
        """Look until told to stop. A database that is away is waited for."""
        while not self._stopping:
            self._bell.clear()
            if self._listening:
                self._announce(await self._look())
                await rung_or_after(self._bell, self._clock, self._seconds)
            else:
                await self._bell.wait()

    def stop(self) -> None:
        self._stopping = True
        self._bell.set()

    async def _look(self) -> Seen:
        asked, number = frozenset(self._listening), self._seen.number + 1
        try:
            async with self._database.read() as unit:
                newest = await mailbox.newest_waiting(unit, asked, self._clock.now())
        except StoreUnavailable as fault:
            _log.warning("the mailboxes cannot be looked at", action="look", fault=str(fault))
            return Seen(number, frozenset(), {})
        return Seen(number, asked, newest)

    def _announce(self, seen: Seen) -> None:
        looked, self._looked = self._looked, asyncio.Event()
        self._seen = seen
        looked.set()
