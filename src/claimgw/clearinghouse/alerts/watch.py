"""Who looks for what is wrong, and tells people of it once? One loop in each process that delivers."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import assert_never

import structlog

from claimgw.clearinghouse.alerts.channels import Channel
from claimgw.clearinghouse.alerts.collect import collect
from claimgw.clearinghouse.alerts.decide import Change, Over, Wrong, changes
from claimgw.clearinghouse.alerts.figures import Thresholds
from claimgw.clearinghouse.alerts.news import REMEDY, Message, News, due
from claimgw.clearinghouse.parts import Parts
from claimgw.errors import StoreUnavailable
from claimgw.store import alerts, chores

_log = structlog.get_logger(__name__)

_CHORE = "alerts"
# Longer than all channels take to hear one message: then the process that was telling counts as dead.
_LEASE = timedelta(seconds=60)
# Between tries while a channel does not take a message; nobody holds the others up.
_WAITS = (5.0, 30.0, 120.0, 600.0, 1800.0)


class Alerts:
    """Looks at an interval in seconds. Every process notes what is wrong, one of them tells people.

    What was told is noted afterwards: a process that dies in between leaves it to another to tell it again,
    under the same id.
    """

    def __init__(
        self, parts: Parts, limits: Thresholds, channels: Sequence[Channel], *, look_seconds: float
    ) -> None:
        self._parts = parts
        self._limits = limits
        self._channels = channels
        self._look_seconds = look_seconds
        # What is in the log already, though nobody else could be told yet.
        self._logged: set[tuple[str, bool]] = set()
        self._again: set[asyncio.Task[None]] = set()
        self._failures = 0
        self._rests_until = 0.0

    async def run(self) -> None:
        """Look until cancelled. A database that is away is waited for.

        Whoever is being told at that moment is told again by another process, or after the next start.
        """
        try:
            while True:
                try:
                    await self.look()
                except StoreUnavailable as fault:
                    _log.warning("nobody can look for what is wrong", action="alert", fault=str(fault))
                except Exception as fault:
                    # A bug in one look must not be the end of all alerts. Its text may quote.
                    _log.error("a look for what is wrong failed", action="alert", fault=type(fault).__name__)
                await self._parts.clock.sleep(self._look_seconds)
        finally:
            await self.close()

    async def close(self) -> None:
        """Tell nobody more. What a channel has not taken, though another has, is lost to that channel."""
        under_way = list(self._again)
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        for channel in self._channels:
            await channel.close()

    async def look(self) -> int:
        """Note what is wrong and what is over, and tell what is new; how many news that were."""
        now = self._parts.clock.now()
        registry = await self._parts.registry.current()
        async with self._parts.database.read() as unit:
            known = await alerts.open_alerts(unit)
            figures = await collect(unit, registry, known, self._limits, now)
        changed = changes(figures, known, self._limits, now)
        if changed:
            await self._note(changed)
        return await self._tell(now)

    async def _note(self, changed: Sequence[Change]) -> None:
        async with self._parts.database.write() as unit:
            for change in changed:
                match change:
                    case Wrong(kind, subject, text, since, detail):
                        await alerts.raise_alert(unit, kind, subject, text, detail, since)
                    case Over(kind, subject, at):
                        await alerts.end_alert(unit, kind, subject, at)
                    case _:
                        assert_never(change)

    async def _tell(self, now: datetime) -> int:
        if self._parts.clock.monotonic() < self._rests_until:
            return 0
        calm = timedelta(seconds=self._limits.calm_seconds)
        async with self._parts.database.read() as unit:
            if not due(await alerts.open_alerts(unit), now, calm):
                return 0
        async with self._parts.database.write() as unit:
            if not await chores.begin(unit, _CHORE, self._parts.node, now, _LEASE):
                return 0
            # Once more: whoever told before may have noted it since.
            news = due(await alerts.open_alerts(unit), now, calm)
        if not news or not await self._said(Message(news, now)):
            return 0
        async with self._parts.database.write() as unit:
            await alerts.note_told(
                unit,
                [one.alert.id for one in news if not one.ended],
                [one.alert for one in news if one.ended],
                now,
            )
        self._logged.clear()
        return len(news)

    async def _said(self, message: Message) -> bool:
        """Whether anybody took it, or there is nobody but the log."""
        for one in message.news:
            self._write_down(one)
        heard = await asyncio.gather(*(channel.tell(message) for channel in self._channels))
        failed = [channel for channel, said in zip(self._channels, heard, strict=True) if said]
        for channel, said in zip(self._channels, heard, strict=True):
            if said:
                _log.warning("alerts were not taken", action="alert", by=channel.name, heard=said)
        if failed and len(failed) == len(self._channels):
            wait = _WAITS[min(self._failures, len(_WAITS) - 1)]
            self._failures += 1
            self._rests_until = self._parts.clock.monotonic() + wait
            return False
        self._failures = 0
        for channel in failed:
            task = asyncio.create_task(self._tell_again(channel, message))
            self._again.add(task)
            task.add_done_callback(self._again.discard)
        return True

    def _write_down(self, news: News) -> None:
        if (news.alert.id, news.ended) in self._logged:
            return
        self._logged.add((news.alert.id, news.ended))
        say = _log.info if news.ended else _log.warning
        say(
            news.text,
            action="alert",
            alert=news.alert.id,
            kind=news.alert.kind.value,
            subject=news.alert.subject,
            **({} if news.ended else {"do": REMEDY[news.alert.kind]}),
        )

    async def _tell_again(self, channel: Channel, message: Message) -> None:
        """Others have it, and this channel may be back soon."""
        heard = ""
        for wait in _WAITS:
            await self._parts.clock.sleep(wait)
            heard = await channel.tell(message)
            if not heard:
                return
        _log.error("alerts were not taken, and are lost there", action="alert", by=channel.name, heard=heard)
