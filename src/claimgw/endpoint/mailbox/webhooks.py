"""Whose webhook is told that its mailbox is not empty, and what if nobody takes the notice?"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx
import structlog

from claimgw.access.participants import Participant
from claimgw.access.webhooks import signed
from claimgw.clearinghouse.parts import Parts
from claimgw.clock import rung_or_after
from claimgw.errors import StoreUnavailable
from claimgw.ids import derived_id
from claimgw.messages.encode import encode
from claimgw.store import mailbox, notices
from claimgw.store.notices import Notice

_log = structlog.get_logger(__name__)

# After the first try; then nobody tries until the provider is told anew.
_WAITS = (5.0, 30.0, 120.0)
_ANSWER_SECONDS = 10.0
# One provider whose server hangs must not keep all others waiting, nor may all of them fill the machine.
_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class _Telling:
    """One notice: to whom, under which id, which message was the newest."""

    provider: str
    address: str
    secret: str
    notice: str
    at: datetime

    def body(self) -> bytes:
        """Nothing of any message, and no count."""
        return encode({"type": "mailbox.not-empty", "provider": self.provider, "at": self.at.isoformat()})


class Webhooks:
    """Looks at an interval in seconds, and at once when woken. Several processes may: one of them tells.

    A provider is told once, until it has polled what waited then; and again after `again_seconds`. A process
    that dies between taking a notice and sending it leaves the provider untold until then.
    """

    def __init__(self, parts: Parts, *, look_seconds: float, again_seconds: float) -> None:
        self._database = parts.database
        self._registry = parts.registry
        self._clock = parts.clock
        self._look_seconds = look_seconds
        self._again = timedelta(seconds=again_seconds)
        self._bell = asyncio.Event()
        self._stopping = False
        self._telling: dict[str, asyncio.Task[None]] = {}
        self._room = asyncio.Semaphore(_AT_ONCE)
        self._client: httpx.AsyncClient | None = None

    def wake(self) -> None:
        """Something may have come in."""
        self._bell.set()

    async def run(self) -> None:
        """Look until told to stop. A database that is away is waited for."""
        while not self._stopping:
            self._bell.clear()
            try:
                await self.look()
            except StoreUnavailable as fault:
                _log.warning("nobody can be told of its mailbox", action="notify", fault=str(fault))
            await rung_or_after(self._bell, self._clock, self._look_seconds)

    async def stop(self) -> None:
        """Tell nobody more; a notice that is cut off is given again after a while."""
        self._stopping = True
        self._bell.set()
        under_way = list(self._telling.values())
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()

    async def look(self) -> int:
        """Begin to tell whom it is due; how many those are."""
        participants = (await self._registry.current()).participants
        listed = {key: one for key, one in participants.items() if one.settings.webhook and not one.blocked}
        if not listed:
            return 0
        now = self._clock.now()
        async with self._database.read() as unit:
            newest = await mailbox.newest_waiting(unit, listed.keys() - self._telling.keys(), now)
            before = await notices.last_notices(unit, newest.keys())
        begun = [
            await self._begin(listed[provider], told_of, before.get(provider), now)
            for provider, told_of in newest.items()
            if is_due(before.get(provider), now, self._again)
        ]
        return sum(begun)

    async def _begin(self, provider: Participant, told_of: str, before: Notice | None, now: datetime) -> bool:
        async with self._database.write() as unit:
            if not await notices.take(unit, provider.licence, told_of, before=before, now=now):
                return False
        settings = provider.settings
        assert settings.webhook is not None
        assert settings.webhook_secret is not None
        notice = derived_id("mailbox-notice", provider.licence, now.isoformat())
        telling = _Telling(provider.licence, settings.webhook, settings.webhook_secret, notice, now)
        task = asyncio.create_task(self._tell(telling))
        self._telling[provider.licence] = task
        task.add_done_callback(lambda _: self._telling.pop(provider.licence))
        return True

    async def _tell(self, telling: _Telling) -> None:
        for wait in (0.0, *_WAITS):
            if wait:
                await self._clock.sleep(wait)
                if not await self._still_waits(telling.provider):
                    return
            heard = await self._post(telling)
            if heard == "":
                return
            _log.info("a webhook did not take a notice", action="notify", to=telling.provider, heard=heard)
        _log.warning("a webhook took no notice", action="notify", to=telling.provider)

    async def _still_waits(self, provider: str) -> bool:
        try:
            async with self._database.read() as unit:
                return bool(await mailbox.newest_waiting(unit, [provider], self._clock.now()))
        except StoreUnavailable:
            return True

    async def _post(self, telling: _Telling) -> str:
        """What was heard instead of a 2xx; "" if it was one. The body of the answer is nobody's business."""
        body = telling.body()
        headers: Mapping[str, str] = {
            "content-type": "application/json",
            **signed(telling.secret, telling.notice, self._clock.now(), body),
        }
        if self._client is None:
            # Made when first needed: it reads the authorities of the system. Proxies of the environment
            # and cookies are not for it, and a redirect would lead to where no operator has looked.
            self._client = httpx.AsyncClient(trust_env=False, follow_redirects=False)
        try:
            async with (
                self._room,
                asyncio.timeout(_ANSWER_SECONDS),
                self._client.stream("POST", telling.address, content=body, headers=headers) as answer,
            ):
                return "" if answer.is_success else str(answer.status_code)
        except (httpx.HTTPError, TimeoutError) as fault:
            return type(fault).__name__


def is_due(before: Notice | None, now: datetime, again: timedelta) -> bool:
    """Whether a provider for whom something waits is to be told."""
    return before is None or before.heeded or before.told_at + again <= now
