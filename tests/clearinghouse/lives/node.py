"""What is one process of the gateway, that can be killed between any two statements to its database?"""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, event

from claimgw.clock import ManualClock
from claimgw.store import probes
from tests.gateway import Gateway, running

# A little more than the longest step of the clock: what is tried on both sides of one is given up.
GIVE_UP_SECONDS = 95_000.0

_present: ContextVar["Node | None"] = ContextVar("node", default=None)


class Killed(asyncio.CancelledError):
    """The process is dead. As a cancellation, since nothing in the house may handle either."""


@dataclass
class Node:
    """The whole app. `fuse`: statements and commits until it dies; None: it lives on.

    What it starts is known by the context it runs in: its tasks end with it, and from its death on
    it reaches the database no more. What it has not committed by then is undone, as by a real death.
    """

    name: str
    address: str
    clock: ManualClock
    fuse: int | None = None
    dead: bool = False
    tasks: set[asyncio.Task[Any]] = field(default_factory=set)
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    _gateway: Gateway | None = None

    @property
    def gateway(self) -> Gateway:
        assert self._gateway is not None
        return self._gateway

    async def start(self) -> None:
        with self._inside():
            self._gateway = await self._stack.enter_async_context(
                running(
                    self.address,
                    clock=self.clock,
                    worker=False,
                    console=False,
                    complete_history=True,
                    node=self.name,
                    give_up_seconds=GIVE_UP_SECONDS,
                    most_tries=2,
                )
            )

    def run(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Begin something in this process; it dies with it."""
        with self._inside():
            return asyncio.get_running_loop().create_task(work)

    async def bury(self) -> None:
        """Let nothing be left of it."""
        self.dead = True
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        with suppress(asyncio.CancelledError):
            await self._stack.aclose()

    @contextmanager
    def _inside(self) -> Iterator[None]:
        token = _present.set(self)
        try:
            yield
        finally:
            _present.reset(token)

    def burn(self) -> None:
        """One statement or commit is to be made now."""
        if self.fuse is not None:
            self.fuse -= 1
        self.dead = self.dead or (self.fuse is not None and self.fuse < 0)
        if self.dead:
            raise Killed(self.name)


def _burn(*_: Any) -> None:
    if (node := _present.get()) is not None:
        node.burn()


def _born(loop: asyncio.AbstractEventLoop, work: Any, context: Any = None) -> asyncio.Task[Any]:
    task: asyncio.Task[Any] = asyncio.Task(work, loop=loop, context=context)
    # A driver that closes a connection has to finish, or the file stays locked.
    driver = getattr(work, "__qualname__", "").startswith("AsyncAdapt")
    if not driver and (node := _present.get()) is not None:
        node.tasks.add(task)
        task.add_done_callback(node.tasks.discard)
    return task


@contextmanager
def mortality(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """As long as it lasts, nodes can die."""
    loop.set_task_factory(_born)
    for what in ("before_cursor_execute", "commit"):
        event.listen(Engine, what, _burn)
    probes.listeners.append(_burn)
    try:
        yield
    finally:
        probes.listeners.remove(_burn)
        for what in ("before_cursor_execute", "commit"):
            event.remove(Engine, what, _burn)
        loop.set_task_factory(None)
