"""What does the gateway look like now? One look for all who watch, however many tabs are open."""

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError

from claimgw.access.hours import Hours
from claimgw.clearinghouse.delivery.hours import Closed, next_change, sentence, standing
from claimgw.clock import Clock
from claimgw.conformance.severity import day_began
from claimgw.store.database import Database
from claimgw.store.overview import Overview, overview
from claimgw.store.standing import Lane

_LEAST_SECONDS = 1.0
# The console never takes more than a tenth of one connection, however slow the database has become.
_REST = 10.0


@dataclass(frozen=True, slots=True)
class Told:
    """What is said of an insurer's hours; `opens`: when, if it is closed now and that is known."""

    sentence: str
    closed: bool
    opens: datetime | None


@dataclass(frozen=True, slots=True)
class Seen:
    """`tag` is the same as long as nothing has changed but the time. `hours`: by licence, of those
    that have any.
    """

    overview: Overview
    at: datetime
    tag: str
    hours: Mapping[str, Told]


class Watch:
    """The last look, kept for a second, or for ten times as long as it took."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._seen: Seen | None = None
        self._good_until = 0.0
        self._looking = asyncio.Lock()

    async def look(self) -> Seen:
        """Raises StoreUnavailable."""
        async with self._looking:
            began = self._clock.monotonic()
            if self._seen is None or began >= self._good_until:
                self._seen = await self._fresh()
                took = self._clock.monotonic() - began
                self._good_until = began + took + max(_LEAST_SECONDS, took * _REST)
            return self._seen

    def forget(self) -> None:
        """The next look is a new one: somebody has just changed something and wants to see it."""
        self._seen = None

    async def _fresh(self) -> Seen:
        now = self._clock.now()
        async with self._database.read() as unit:
            found = await overview(unit, now=now, day_began=day_began(now))
        hours = {lane.licence: told for lane in found.lanes if (told := _told(lane, now))}
        seen = repr((found, hours)).encode()
        return Seen(found, now, hashlib.blake2b(seen, digest_size=12).hexdigest(), hours)


def _told(lane: Lane, now: datetime) -> Told | None:
    try:
        hours = Hours.model_validate(lane.hours or {})
    except ValidationError:
        return None  # spoilt by hand; the registry leaves this insurer out, and says so
    if hours.always:
        return None
    held = standing(hours, now)
    closed = isinstance(held, Closed)
    return Told(sentence(hours, now), closed, next_change(held) if closed else None)
