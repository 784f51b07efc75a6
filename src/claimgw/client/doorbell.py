"""How does a provider learn that something waits, without asking again and again? Server-sent events."""

import asyncio
from contextlib import suppress

import httpx

from claimgw.clock import Clock

PATH = "/mailbox/events"
_EVENT = "mailbox"
_STREAM = "text/event-stream"
# A stream may break without a sign; so often the mailbox is looked at anyway.
_LONGEST_WAIT = 60.0
_CONNECT_SECONDS = 10.0


class Doorbell:
    """The gateway's stream of events; where it offers none, an interval in its place."""

    def __init__(self, client: httpx.AsyncClient, address: str, clock: Clock, interval: float) -> None:
        self._client = client
        self._address = address
        self._clock = clock
        self._interval = interval
        self._offered = True
        self._rung_by = ""

    async def wait(self, seconds: float, *, in_vain: bool = False) -> None:
        """Return when it may be worth while to poll, at the latest after so many seconds.

        The stream rings at once while anything waits. `in_vain`: what it rang for last was not there.
        An interval passes then, and it rings only for something else, if the gateway knows Last-Event-ID.
        """
        if in_vain or not self._offered:
            pause = min(seconds, self._interval)
            await self._clock.sleep(pause)
            seconds -= pause
        if self._offered and seconds > 0 and not await self._listened(seconds, in_vain):
            await self._clock.sleep(min(seconds, self._interval))

    async def _listened(self, seconds: float, in_vain: bool) -> bool:
        """Whether it could be waited at the stream, until it rang or the time was over."""
        opened = asyncio.Event()
        bell = asyncio.create_task(self._rung(self._rung_by if in_vain else "", opened))
        limit = asyncio.create_task(self._limit(seconds, opened))
        try:
            await asyncio.wait({bell, limit}, return_when=asyncio.FIRST_COMPLETED)
            return not bell.done() or bell.result()
        finally:
            for task in (bell, limit):
                task.cancel()
            await asyncio.gather(bell, limit, return_exceptions=True)

    async def _limit(self, seconds: float, opened: asyncio.Event) -> None:
        """The time to wait for a stream; an interval, while something in between holds it back."""
        pause = min(seconds, self._interval)
        await self._clock.sleep(pause)
        if opened.is_set():
            await self._clock.sleep(min(seconds, _LONGEST_WAIT) - pause)

    async def _rung(self, last: str, opened: asyncio.Event) -> bool:
        """Whether the stream rang; False if there is none, or it broke."""
        headers = {"Accept": _STREAM} | ({"Last-Event-ID": last} if last else {})
        timeout = httpx.Timeout(_CONNECT_SECONDS, read=None)
        with suppress(httpx.TransportError):
            async with self._client.stream(
                "GET", self._address, headers=headers, timeout=timeout
            ) as response:
                kind = response.headers.get("content-type", "")
                if response.status_code == 200 and kind.startswith(_STREAM):
                    opened.set()
                    return await self._heard(response)
                # Whoever is too busy for a stream now may have one later.
                self._offered = response.status_code in (429, 502, 503, 504)
        return False

    async def _heard(self, response: httpx.Response) -> bool:
        """Whether an event came before the stream ended. A blank line ends an event."""
        event: dict[str, str] = {}
        async for line in response.aiter_lines():
            if not line and event.get("event") == _EVENT:
                self._rung_by = event.get("id", "")
                return True
            name, _, value = line.partition(":")
            event = {**event, name: value.strip()} if line else {}
        return False
