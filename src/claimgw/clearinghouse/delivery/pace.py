"""How many messages may this process send an insurer now? It takes its share of the rate slice by slice."""

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from claimgw.access.lanes import Rate
from claimgw.access.participants import Participant
from claimgw.clearinghouse.delivery import rate
from claimgw.clock import Clock
from claimgw.errors import Conflict
from claimgw.store.allowances import find_allowance, write_allowance
from claimgw.store.database import Database

_TRIES = 5
_EARLIEST = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class _Slice:
    """What is left of it until it lapses; `next_at`: before that there is no more to be had."""

    left: int = 0
    lapses_at: datetime = _EARLIEST
    next_at: datetime = _EARLIEST
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class Pace:
    """The slices of this process, by insurer."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._slices: defaultdict[str, _Slice] = defaultdict(_Slice)

    async def take(self, insurer: Participant, wanted: int) -> int:
        """How many of the wanted may be sent now; they count as sent. Free of charge without a limit."""
        limit = insurer.settings.rate
        if limit.per_second is None:
            return wanted
        held = self._slices[insurer.licence]
        async with held.turn:
            now = self._clock.now()
            if held.lapses_at <= now:
                held.left = 0
            if held.left < wanted and held.next_at <= now:
                await self._fetch(held, insurer.licence, limit, now, wanted - held.left)
            granted = min(wanted, held.left)
            held.left -= granted
            return granted

    def give_back(self, insurer: Participant, unused: int) -> None:
        """Taken, and not needed."""
        if insurer.settings.rate.per_second is not None:
            self._slices[insurer.licence].left += unused

    def wait(self, insurer: Participant) -> float:
        """Seconds until there can be more for those who got less than they wanted."""
        wait = self._slices[insurer.licence].next_at - self._clock.now()
        return max(0.0, wait.total_seconds())

    async def _fetch(self, held: _Slice, licence: str, limit: Rate, now: datetime, wanted: int) -> None:
        for _ in range(_TRIES):
            try:
                async with self._database.write() as unit:
                    before = await find_allowance(unit, licence)
                    most = max(wanted, rate.slice_of(limit))
                    granted, after = rate.take(before, licence, limit, now, most)
                    if granted:
                        await write_allowance(unit, before, after)
            except Conflict:
                continue
            held.left += granted
            held.lapses_at = now + timedelta(seconds=rate.SLICE_SECONDS)
            held.next_at = rate.next_at(after, limit)
            return
