"""Where are large messages read and judged? In a second process, so that nobody waits for one of them.

It is started when it is first needed, does all that a message needs (its own connections to the database),
and hands over to this process what goes to insurers: their lines and their connections are here.
"""

import asyncio
import contextlib
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from subprocess import DEVNULL
from typing import Any, Protocol

import structlog
from prometheus_client.metrics_core import Metric

from claimgw.clearinghouse.beside.nursery import Nursery
from claimgw.clearinghouse.beside.wire import Handler, Wire
from claimgw.errors import StoreUnavailable

_log = structlog.get_logger(__name__)

# A process that has grown by more is let go when it is idle: Python seldom gives memory back. No message
# makes it grow so much by itself.
_MOST_MEGABYTES = 160
_END_SECONDS = 2.0
# The longest that its loop has ever stood still is 10 s: a batch of 10 MB, five programs to each core.
_PATIENCE_SECONDS = 60.0


class _Process(Protocol):
    @property
    def pid(self) -> int: ...

    async def wait(self) -> object: ...

    def kill(self) -> None: ...


@dataclass(slots=True)
class _Running:
    process: _Process
    wire: Wire
    serving: asyncio.Task[None]


class Beside:
    """The process beside this one. `opening` is what it needs to open the same house; it is pickled.

    Without a nursery it is started afresh, and has everything in memory once more. One that does not even
    say that it is there within so many seconds of `patience` is killed: it would hold up all large messages.
    """

    def __init__(
        self,
        opening: object,
        handlers: Mapping[str, Handler],
        nursery: Nursery | None = None,
        *,
        patience: float = _PATIENCE_SECONDS,
    ) -> None:
        self._opening = opening
        self._handlers = handlers
        self._nursery = nursery
        self._patience = patience
        self._running: _Running | None = None
        self._starting = asyncio.Lock()
        self._ending: set[asyncio.Task[None]] = set()
        # What each of them had counted when it was heard of last, those that have ended too.
        self._counted: dict[int, list[Metric]] = {}

    @property
    def counted(self) -> list[list[Metric]]:
        """What they have counted, each by itself."""
        return list(self._counted.values())

    async def do(self, task: str, *args: Any) -> Any:
        """Have it done there. Raises StoreUnavailable if the process ended before it answered."""
        async with self._starting:
            if self._running is None or self._running.wire.ended:
                self._forget()
                self._running = await self._start()
            running = self._running
        value, megabytes, self._counted[running.process.pid] = await self._ask(running, "do", task, args)
        if megabytes > _MOST_MEGABYTES and self._running is running:
            _log.info(
                "a process beside this one has grown, and is replaced", action="beside", megabytes=megabytes
            )
            self._forget()
        return value

    def close_down(self) -> None:
        """Let it hear that this process is to end, so that nobody waits there for an insurer either."""
        if self._running is not None:
            telling = asyncio.create_task(_tell(self._running.wire))
            self._ending.add(telling)
            telling.add_done_callback(self._ending.discard)

    async def close(self, seconds: float) -> None:
        """Let it finish what it does, for so long, and end it."""
        self._forget(seconds)
        await asyncio.gather(*self._ending)

    def _forget(self, seconds: float = 60.0) -> None:
        if self._running is not None:
            ending = asyncio.create_task(_end(self._running, seconds))
            self._ending.add(ending)
            ending.add_done_callback(self._ending.discard)
            self._running = None

    async def _start(self) -> _Running:
        ours, theirs = socket.socketpair()
        with theirs:
            process = await self._born(theirs)
        reader, writer = await asyncio.open_connection(sock=ours)
        wire = Wire(reader, writer, self._handlers)
        running = _Running(process, wire, asyncio.create_task(wire.run()))
        try:
            await self._ask(running, "open", self._opening)
        except BaseException:
            await _end(running, 0)
            raise
        return running

    async def _ask(self, running: _Running, name: str, *args: Any) -> Any:
        """What it answers, however long that takes, as long as it is there."""
        answer = asyncio.create_task(running.wire.call(name, *args))
        try:
            while not (await asyncio.wait([answer], timeout=self._patience))[0]:
                await self._look_after(running)
            return await answer
        finally:
            answer.cancel()

    async def _look_after(self, running: _Running) -> None:
        """If it does not even say that it is there, kill it: then whatever was asked of it has failed."""
        try:
            # One that has ended fails the call itself.
            with contextlib.suppress(StoreUnavailable):
                async with asyncio.timeout(self._patience):
                    await running.wire.call("there")
        except TimeoutError:
            _log.error("the process beside this one stands still, and is killed", action="beside")
            running.process.kill()

    async def _born(self, line: socket.socket) -> _Process:
        if self._nursery is not None:
            try:
                return await asyncio.to_thread(self._nursery.bear, line)
            except OSError:
                self._nursery = None
                _log.warning(
                    "the nursery is gone, or has no room; a process is started afresh", action="beside"
                )
        return await _executed(line)


async def _executed(line: socket.socket) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "claimgw",
        "beside",
        str(line.fileno()),
        pass_fds=(line.fileno(),),
        stdin=DEVNULL,
        # Signals of the terminal are for this process, which ends the other in its time.
        start_new_session=True,
    )


async def _tell(wire: Wire) -> None:
    with contextlib.suppress(StoreUnavailable):
        await wire.call("close_down")


async def _end(running: _Running, seconds: float) -> None:
    """Wait so long for what it does, close the line, and wait for its end."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await running.wire.idle()
    await running.wire.close()
    running.serving.cancel()
    await asyncio.gather(running.serving, return_exceptions=True)
    try:
        async with asyncio.timeout(_END_SECONDS):
            await running.process.wait()
    except TimeoutError:
        running.process.kill()
        await running.process.wait()
