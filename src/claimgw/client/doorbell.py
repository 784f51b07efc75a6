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


class Doorbell:
    """The gateway's stream of events; where it offers none, an interval in its place."""

    def __init__(self, client: httpx.AsyncClient, address: str, clock: Clock, interval: float) -> None:
        self._client = client
        self._address = address
        self._clock = clock
        self._interval = interval
        self._offered = True

    async def wait(self, seconds: float, *, in_vain: bool = False) -> None:
        """Return when it may be worth while to poll, at the latest after so many seconds.

        The stream rings at once while anything waits. `in_vain`: what waits is not what is looked for, so
        that an interval passes before the next look.
        """
        if in_vain or not self._offered:
            await self._clock.sleep(min(seconds, self._interval))
            return
        bell = asyncio.create_task(self._rung())
        limit = asyncio.create_task(self._clock.sleep(min(seconds, _LONGEST_WAIT)))
        try:
            await asyncio.wait({bell, limit}, return_when=asyncio.FIRST_COMPLETED)
            silent = bell.done() and not bell.result()
        finally:
            for task in (bell, limit):
                task.cancel()
            await asyncio.gather(bell, limit, return_exceptions=True)
        if silent:
            await self._clock.sleep(min(seconds, self._interval))

    async def _rung(self) -> bool:
        """Whether the stream rang; False if there is none, or it broke."""
        with suppress(httpx.TransportError):
            async with self._client.stream(
                "GET",
                self._address,
                headers={"Accept": _STREAM},
                timeout=httpx.Timeout(10.0, read=None),
            ) as response:
                kind = response.headers.get("content-type", "")
                if response.status_code != 200 or not kind.startswith(_STREAM):
                    # Whoever is too busy for a stream now may have one later.
                    self._offered = response.status_code in (429, 502, 503, 504)
                    return False
                async for line in response.aiter_lines():
                    name, _, value = line.partition(":")
                    if name == "event" and value.strip() == _EVENT:
                        return True
        return False
