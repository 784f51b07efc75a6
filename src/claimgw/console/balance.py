"""What did the last look at the books show? One look for all who ask, however many."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from claimgw.clock import Clock
from claimgw.store.database import Database
from claimgw.store.ledger import Ledger, ledger
from claimgw.store.participants import all_participants

_LEAST_SECONDS = 2.0
# Every row is looked at: the page never takes more than a tenth of one connection.
_REST = 10.0
LISTED, _IDS = 25, 5


@dataclass(frozen=True, slots=True)
class Balance:
    """The books at a moment; `names` of insurers, by licence."""

    books: Ledger
    names: dict[str, str]
    at: datetime


class Books:
    """The last balance, for all who look: kept for a while, or for ten times as long as it took."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._seen: Balance | None = None
        self._good_until = 0.0
        self._looking = asyncio.Lock()

    async def look(self) -> Balance:
        """Raises StoreUnavailable."""
        async with self._looking:
            began = self._clock.monotonic()
            if self._seen is None or began >= self._good_until:
                async with self._database.read() as unit:
                    names = {one.licence: one.name for one in await all_participants(unit)}
                    self._seen = Balance(await ledger(unit, most=_IDS), names, self._clock.now())
                took = self._clock.monotonic() - began
                self._good_until = began + took + max(_LEAST_SECONDS, took * _REST)
            return self._seen
