"""What is the world of these lives? Two providers, two insurers, a clock, and a gateway that may die."""

import asyncio
import json
from collections.abc import Awaitable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from typing import Any

from claimgw.clock import ManualClock
from claimgw.insurers.sandbox.control import Impossible
from claimgw.insurers.sandbox.insurer import GatewayAway
from claimgw.insurers.spi import Door
from claimgw.store import Database, attempts, messages, pauses
from tests.clearinghouse.lives.node import Node
from tests.clearinghouse.lives.offices import ANSWER_SECONDS, Office
from tests.clearinghouse.scene import DEADLINE
from tests.clearinghouse.spoken import START, nested
from tests.gateway import CLINIC, DESERT_ROSE, FALCON, HOSPITAL, register
from tests.insurers.peers import peer

PROVIDERS = (HOSPITAL, CLINIC)
INSURERS = (FALCON, DESERT_ROSE)
# Is offered again what a later poll has not confirmed.
CONFIRMING = (CLINIC,)
SESSION_SECONDS = 50.0


@dataclass(eq=False)
class Post:
    """A message a participant has posted. `told`: the body of the answer; None: none came, or none yet."""

    sender: str
    raw: bytes
    at: float
    told: bytes | None = None
    task: "asyncio.Task[bytes | None] | None" = None


@dataclass
class World:
    """Everything there is. Whatever is begun is waited for, until it is done or waits for the clock."""

    address: str
    clock: ManualClock = field(default_factory=lambda: ManualClock(START))
    keys: dict[str, str] = field(default_factory=dict)
    offices: dict[str, Office] = field(default_factory=dict)
    posts: list[Post] = field(default_factory=list)
    answered: list[Post] = field(default_factory=list)
    steps: "list[asyncio.Task[Any]]" = field(default_factory=list)
    deaths: int = 0
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    _births: int = 0

    async def begin(self) -> None:
        self.records = Database(self.address)
        self._stack.push_async_callback(self.records.close)
        for licence in PROVIDERS:
            confirms = {"confirms": True} if licence in CONFIRMING else {}
            self.keys[licence] = await register(self.records, licence, settings=confirms)
        for licence in INSURERS:
            office = Office(licence, self.clock, self._sender(licence), self._fuse)
            server = await self._stack.enter_async_context(peer(office.follow))
            self.offices[licence] = office
            limits = {"answer_seconds": ANSWER_SECONDS, "batch": True}
            self.keys[licence] = await register(
                self.records, licence, endpoint=server.address, settings=limits
            )
            self._stack.push_async_callback(office.sandbox.close)
        await self._bear()

    async def end(self) -> None:
        await self.node.bury()
        await self._stack.aclose()

    async def _bear(self) -> None:
        self._births += 1
        self.node = Node(f"node-{self._births}", self.address, self.clock)
        await self.node.start()

    def _fuse(self, statements: int) -> None:
        self.node.fuse = statements

    def _sender(self, licence: str) -> Door:
        async def send(raw: bytes) -> bytes:
            post = self.post(licence, raw)
            assert post.task is not None
            await asyncio.wait([post.task])
            if post.told is None:
                raise GatewayAway("its node has died")
            return post.told

        return send

    # What participants do

    def post(self, sender: str, raw: bytes) -> Post:
        """Begin to post a message."""
        made = Post(sender, raw, self.clock.monotonic())
        made.task = self.node.run(self._posted(made))
        self.posts.append(made)
        return made

    async def _posted(self, made: Post) -> bytes | None:
        response = await self.node.gateway.post(made.raw, self.keys[made.sender])
        assert response.status_code in (200, 403), (response.status_code, response.text[:500])
        made.told = response.content
        return made.told

    async def send(self, sender: str, raw: bytes) -> Post:
        """Post a message, and see how far it comes."""
        made = self.post(sender, raw)
        await self.settle()
        return made

    async def work(self) -> None:
        """The worker looks once."""
        self.steps.append(self.node.run(self.node.gateway.house.worker.look()))
        await self.settle()

    async def order(self, ordered: Awaitable[object]) -> None:
        """The hand on an insurer's sandbox orders something; what cannot be done is not."""

        async def given() -> None:
            with suppress(Impossible, GatewayAway):
                await ordered

        self.steps.append(asyncio.ensure_future(given()))
        await self.settle()

    async def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)
        await self.settle()

    async def pause(self, licence: str, *, on: bool) -> None:
        async with self.records.write() as unit:
            if on:
                await pauses.set_pause(unit, pauses.Pause(licence, "a test", self.clock.now(), "test"))
            else:
                await pauses.end_pause(unit, licence)
        await self.advance(6)

    async def kill(self) -> None:
        """The node dies now, whatever it is doing."""
        self.node.dead = True
        await self.settle()

    # Until nothing moves

    async def settle(self) -> None:
        """Wait until all that was begun is done, or waits for the clock; a dead node is replaced."""
        async with asyncio.timeout(DEADLINE):
            while True:
                for _ in range(10):
                    await asyncio.sleep(0)
                if self.node.dead:
                    await self.node.bury()
                    self.deaths += 1
                    await self._bear()
                elif not self._busy_posts() and not await self._busy_attempts():
                    break
                await asyncio.sleep(0.001)
        for step in self.steps:
            if not step.cancelled():
                step.result()
        self.steps.clear()
        for post in [post for post in self.posts if post.task and post.task.done()]:
            self.posts.remove(post)
            if post.task and not post.task.cancelled():
                post.task.result()
                self.answered.append(post)

    def _busy_posts(self) -> bool:
        return any(not step.done() for step in self.steps) or any(
            post.task and not post.task.done() and not self._may_wait(post.raw, post.at)
            for post in self.posts
        )

    def _may_wait(self, raw: bytes, since: float) -> bool:
        in_session = self.clock.monotonic() - since < SESSION_SECONDS
        return in_session and any(office.keeps_waiting(raw) for office in self.offices.values())

    async def _busy_attempts(self) -> bool:
        async with self.records.read() as unit:
            for made, _ in await attempts.still_open(unit):
                if made.node == self.node.gateway.house.parts.node:
                    raw = await messages.content(unit, made.exchange_id)
                    if not any(office.keeps_waiting(raw or b"") for office in self.offices.values()):
                        return True
        return False


def messages_of(poll_response: bytes) -> list[bytes]:
    """What a poll was given; nothing if it was refused."""
    code = json.loads(poll_response)["entry"][0]["resource"]["response"]["code"]
    return nested(poll_response) if code == "ok" else []
