"""Whose webhook is told that its mailbox is not empty, and what if nobody takes the notice?"""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from claimgw.access.participants import ParticipantSettings
from claimgw.clearinghouse.post import Post
from claimgw.clock import Clock, rung_or_after
from claimgw.errors import ConfigurationError, StoreUnavailable
from claimgw.ids import derived_id
from claimgw.messages.encode import encode
from claimgw.store import Database, Unit, mailbox, notices
from claimgw.store.notices import Notice
from claimgw.store.participants import ParticipantRecord, all_participants
from claimgw.store.revision import revision

_log = structlog.get_logger(__name__)

# After the first try; then nobody tries until the provider is told anew.
_WAITS = (5.0, 30.0, 120.0)
# One provider whose server hangs must not keep all others waiting, nor may all of them fill the machine.
_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class _Hook:
    """Where a provider is told, and what the notice is signed with."""

    provider: str
    address: str
    secret: str = field(repr=False)


class Webhooks:
    """Looks at an interval in seconds, and at once when woken. Several processes may: one of them tells.

    A provider is told once, until it has polled what waited then; and again after `again_seconds`. A process
    that dies between taking a notice and sending it leaves the provider untold until then.
    """

    def __init__(
        self, database: Database, clock: Clock, *, look_seconds: float, again_seconds: float
    ) -> None:
        self._database = database
        self._clock = clock
        self._look_seconds = look_seconds
        self._again = timedelta(seconds=again_seconds)
        self._bell = asyncio.Event()
        self._stopping = False
        self._listed: tuple[int, dict[str, _Hook]] = (0, {})
        self._telling: dict[str, asyncio.Task[None]] = {}
        self._post = Post(clock, _AT_ONCE)

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
        await self._let_go()

    def stop(self) -> None:
        """Tell nobody more; a notice that is cut off is given again after a while."""
        self._stopping = True
        self._bell.set()

    async def look(self) -> int:
        """Begin to tell whom it is due; how many those are."""
        now = self._clock.now()
        async with self._database.read() as unit:
            hooks = await self._hooks(unit)
            if not hooks:
                return 0
            newest = await mailbox.newest_waiting(unit, hooks.keys() - self._telling.keys(), now)
            before = await notices.last_notices(unit, newest.keys(), now)
        begun = [
            await self._begin(hooks[provider], told_of, before.get(provider), now)
            for provider, told_of in newest.items()
            if is_due(before.get(provider), now, self._again)
        ]
        return sum(begun)

    async def _let_go(self) -> None:
        under_way = list(self._telling.values())
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        await self._post.close()

    async def _hooks(self, unit: Unit) -> dict[str, _Hook]:
        """Who has a webhook; read anew when the registry has changed."""
        present = await revision(unit)
        if self._listed[0] != present:
            rows = await all_participants(unit)
            self._listed = present, {hook.provider: hook for hook in map(_hook, rows) if hook}
        return self._listed[1]

    async def _begin(self, hook: _Hook, told_of: str, before: Notice | None, now: datetime) -> bool:
        async with self._database.write() as unit:
            if not await notices.take(unit, hook.provider, told_of, before=before, now=now):
                return False
        task = asyncio.create_task(self._tell(hook, now))
        self._telling[hook.provider] = task
        task.add_done_callback(lambda _: self._telling.pop(hook.provider))
        return True

    async def _tell(self, hook: _Hook, at: datetime) -> None:
        # Nothing of any message, and no count.
        body = encode({"type": "mailbox.not-empty", "provider": hook.provider, "at": at.isoformat()})
        notice = derived_id("mailbox-notice", hook.provider, at.isoformat())
        for wait in (0.0, *_WAITS):
            await self._clock.sleep(wait)
            if wait and not await self._still_waits(hook.provider):
                return
            heard = await self._post.send(hook.address, hook.secret, notice, body)
            if heard == "":
                return
            _log.info("a webhook did not take a notice", action="notify", to=hook.provider, heard=heard)
        _log.warning("a webhook took no notice", action="notify", to=hook.provider)

    async def _still_waits(self, provider: str) -> bool:
        try:
            async with self._database.read() as unit:
                return bool(await mailbox.newest_waiting(unit, [provider], self._clock.now()))
        except StoreUnavailable:
            return True


def is_due(before: Notice | None, now: datetime, again: timedelta) -> bool:
    """Whether a provider for whom something waits is to be told."""
    return before is None or before.heeded or before.told_at + again <= now


def _hook(record: ParticipantRecord) -> _Hook | None:
    """None without a webhook, while it is blocked, and for a row spoilt by hand, which the registry logs."""
    try:
        settings = ParticipantSettings.read(record.settings)
    except ConfigurationError:
        return None
    if settings.webhook is None or settings.webhook_secret is None or record.blocked_at is not None:
        return None
    return _Hook(record.licence, settings.webhook, settings.webhook_secret)
