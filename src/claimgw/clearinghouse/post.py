"""How is a signed notice posted to somebody's webhook, and what is heard?"""

import asyncio

import httpx

from claimgw.access.webhooks import signed
from claimgw.clock import Clock

_ANSWER_SECONDS = 10.0


class Post:
    """One client for all notices of a process. Proxies of the environment are not for it, and a redirect
    would lead to where no operator has looked. At most `at_once` are under way.
    """

    def __init__(self, clock: Clock, at_once: int) -> None:
        self._clock = clock
        self._room = asyncio.Semaphore(at_once)
        self._client: httpx.AsyncClient | None = None

    async def send(self, address: str, secret: str, notice: str, body: bytes) -> str:
        """What was heard instead of a 2xx; "" if it was one. The body of the answer is nobody's business."""
        signature = signed(secret, notice, self._clock.now(), body)
        headers = {"content-type": "application/json", **signature}
        if self._client is None:
            # Made when first needed: it reads the authorities of the system.
            self._client = httpx.AsyncClient(trust_env=False, follow_redirects=False)
        try:
            async with (
                self._room,
                asyncio.timeout(_ANSWER_SECONDS),
                self._client.stream("POST", address, content=body, headers=headers) as answer,
            ):
                return "" if answer.is_success else str(answer.status_code)
        except (httpx.HTTPError, TimeoutError) as fault:
            return type(fault).__name__

    async def close(self) -> None:
        """Let go of the connections."""
        if self._client is not None:
            await self._client.aclose()
