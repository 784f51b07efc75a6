"""What time is it, and has it come? The only reader of the clock; everything else is handed the time."""

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Alarm(Protocol):
    """What has been set to ring."""

    def cancel(self) -> object:
        """Do not ring; nothing happens if it has rung."""


class Clock(Protocol):
    """Wall time, elapsed time and waiting, so that a test can hold all three."""

    def now(self) -> datetime:
        """The present, aware and in UTC."""

    def monotonic(self) -> float:
        """Seconds that never run backwards, for deadlines inside one process."""

    async def sleep(self, seconds: float) -> None:
        """Return once that many seconds have gone by."""

    def ring(self, seconds: float, bell: Callable[[], object]) -> Alarm:
        """Call that once so many seconds have gone by; a fifth of the cost of a task that sleeps."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def ring(self, seconds: float, bell: Callable[[], object]) -> Alarm:
        return asyncio.get_running_loop().call_later(seconds, bell)


class ManualClock:
    """A clock that stands still until it is advanced. Shipped, because adapters' authors need it too."""

    def __init__(self, start: datetime) -> None:
        self._now = start
        self._elapsed = 0.0
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._elapsed

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        await self._waiter(seconds)

    def ring(self, seconds: float, bell: Callable[[], object]) -> Alarm:
        waiter = self._waiter(seconds)
        waiter.add_done_callback(lambda rung: None if rung.cancelled() else bell())
        if seconds <= 0:
            waiter.set_result(None)
        return waiter

    def _waiter(self, seconds: float) -> asyncio.Future[None]:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._elapsed + seconds, next(self._order), waiter))
        return waiter

    def advance(self, seconds: float) -> None:
        """Move time forward and wake, in order, all who slept no longer than that."""
        self._now += timedelta(seconds=seconds)
        self._elapsed += seconds
        while self._sleepers and self._sleepers[0][0] <= self._elapsed:
            _, _, waiter = heapq.heappop(self._sleepers)
            if not waiter.done():
                waiter.set_result(None)


async def rung_or_after(bell: asyncio.Event, clock: Clock, seconds: float) -> None:
    """Return as soon as the bell is rung, and after that many seconds at the latest."""
    waits = [asyncio.create_task(bell.wait()), asyncio.create_task(clock.sleep(seconds))]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)
