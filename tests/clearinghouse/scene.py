"""On which stage do the tests of delivery play? A provider, the whole gateway, an insurer with a script."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from claimgw.clock import ManualClock
from claimgw.store import attempts, exchanges, lanes, participants
from claimgw.store.records import Attempt, Exchange
from tests.clearinghouse.spoken import (
    START,
    Json,
    Play,
    acknowledging,
    asking,
    complete,
    nested,
    opened,
    polling,
    says,
)
from tests.gateway import FALCON, HOSPITAL, Gateway, register, running
from tests.insurers.peers import Talk, peer

FALCON_NAME = "Falcon Insurance"
GRACE = 300.0
# How long a condition over real sockets may take on a loaded machine.
DEADLINE = 10.0


@dataclass
class Insurer:
    """A server on a real socket. The plays are followed in turn, the last one for ever."""

    plays: list[Play]
    on_notice: Play = field(default_factory=lambda: says(acknowledging))
    received: list[bytes] = field(default_factory=list)
    notices: list[bytes] = field(default_factory=list)
    said: list[bytes] = field(default_factory=list)

    async def follow(self, talk: Talk) -> None:
        while True:
            body = (await talk.request()).partition(b"\r\n\r\n")[2]
            notice = opened(body).header["eventCoding"]["code"] == "error-notice"
            (self.notices if notice else self.received).append(body)
            play = self.on_notice if notice else self.plays[min(len(self.received), len(self.plays)) - 1]
            if (spoken := await play(talk, body)) is not None:
                self.said.append(spoken)


@dataclass
class Scene:
    """Everything a test holds in hand. The worker is idle until `work` is called."""

    gateway: Gateway
    clock: ManualClock
    insurer: Insurer
    address: str
    key: str
    insurer_key: str

    async def send(self, raw: bytes) -> tuple[bytes, Json]:
        """The provider posts: the body of the answer, and its tree."""
        response = await self.gateway.post(raw, self.key)
        assert response.status_code == 200, response.text
        return response.content, json.loads(response.content)

    async def tell(self, raw: bytes, key: str | None = None) -> tuple[bytes, Json]:
        """The insurer posts a message of its own."""
        response = await self.gateway.post(raw, key or self.insurer_key)
        assert response.status_code == 200, response.text
        return response.content, json.loads(response.content)

    async def poll(self, raw: bytes | None = None, *, key: str | None = None) -> list[bytes]:
        """What the provider gets from a poll, each message as the bytes it was nested as."""
        raw = raw or polling(asking("count", valuePositiveInt=100))
        response = await self.gateway.post(raw, key or self.key)
        assert response.status_code == 200, response.text
        return nested(response.content)

    async def exchange(self, raw: bytes) -> Exchange:
        """The exchange of a request."""
        envelope = opened(raw)
        named = envelope.focal_identifier
        assert envelope.focal is not None
        assert named is not None
        focal = (envelope.focal.type, named.system, named.value)
        async with self.gateway.database.read() as unit:
            found = await exchanges.by_focals(unit, [focal], provider=str(envelope.sender), insurer=None)
        return found[-1]

    async def attempts(self, raw: bytes) -> list[Attempt]:
        held = await self.exchange(raw)
        async with self.gateway.database.read() as unit:
            return await attempts.of_exchange(unit, held.id)

    async def notices(self) -> list[Exchange]:
        """The exchanges of error-notices to the insurer that are due, whatever the time."""
        async with self.gateway.database.read() as unit:
            due = await lanes.due(unit, FALCON, datetime(2100, 1, 1, tzinfo=UTC), 100)
        return [held for held in due if held.event == "error-notice"]

    async def move(self, endpoint: str, **settings: Any) -> None:
        """The insurer is registered anew, at another address, and every node knows."""
        async with self.gateway.database.write() as unit:
            known = await participants.find_participant(unit, FALCON)
            assert known is not None
            moved = replace(known, endpoint=endpoint, settings={**known.settings, **settings})
            await participants.change_participant(unit, moved, self.clock.now())
        self.clock.advance(3)

    async def abandoned(self, raw: bytes) -> None:
        """Send to an insurer that hangs, until the attempt's lease ends: as if its node were killed."""
        session = asyncio.create_task(self.gateway.post(raw, self.key))
        await until(lambda: self._taken(raw))
        self.clock.advance(66)
        await session
        assert await self.gateway.house.worker.look() == 0

    async def _taken(self, raw: bytes) -> bool:
        return raw in self.insurer.received

    async def work(self) -> int:
        """The worker looks once, and what it takes up is done; how many attempts that were."""
        started = await self.gateway.house.worker.look()
        await until(self._idle)
        return started

    async def _idle(self) -> bool:
        async with self.gateway.database.read() as unit:
            return not await attempts.still_open(unit)


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    """Wait for a condition; fail after the deadline."""
    async with asyncio.timeout(DEADLINE):
        while not await true():  # noqa: ASYNC110 - sockets and databases set no event
            await asyncio.sleep(0.002)


@asynccontextmanager
async def playing(
    address: str,
    *plays: Play,
    endpoint: str | None = None,
    on_notice: Play | None = None,
    participant: Json | None = None,
    name: str = FALCON_NAME,
    **settings: Any,
) -> AsyncIterator[Scene]:
    """The stage. `endpoint` stands for the insurer's address; `participant` holds settings of the insurer."""
    clock = ManualClock(START)
    insurer = Insurer(list(plays) or [complete])
    if on_notice is not None:
        insurer.on_notice = on_notice
    async with (
        peer(insurer.follow) as server,
        running(
            address, clock=clock, worker=False, console=False, **{"complete_history": True, **settings}
        ) as gateway,
    ):
        key = await register(gateway.database, HOSPITAL, name="Al Waha Hospital")
        insurer_key = await register(
            gateway.database,
            FALCON,
            name=name,
            endpoint=endpoint or server.address,
            settings={"grace_seconds": GRACE, **(participant or {})},
        )
        yield Scene(gateway, clock, insurer, server.address, key, insurer_key)
