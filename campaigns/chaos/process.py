"""How are processes of the gateway started, again and again? Forked from one that has all at hand."""

import asyncio
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import httpx

from campaigns.chaos.board import Board
from campaigns.chaos.points import Role
from tests.insurers.peers import unused_port
from tests.processes.forked import FORKING, PRELOAD
from tests.processes.running import PLAIN

FORKING.set_forkserver_preload([*PRELOAD, "campaigns.chaos.process", "campaigns.chaos.node"])
_START_SECONDS = 60.0
_EVERY_SECONDS = 0.02
# What a worker writes when it is ready; it has no door that could be asked.
_DELIVERS = b" delivers."


def new_board() -> Board:
    """A board of which processes started from here on can be given the cells."""
    return Board(FORKING.RawArray("i", [-1, 0, 0, -1]))


def _begin(command: Sequence[str], environment: Mapping[str, str], log: Path, cells: Any) -> None:
    from campaigns.chaos.node import run  # only where it has been read: the campaign itself needs no profiles

    run(command, environment, log, cells)


@dataclass
class Node:
    """One process, in all its lives. `died`: when each of them was killed, by this machine's watch."""

    role: Role
    environment: dict[str, str]
    log: Path
    board: Board
    port: int = field(default_factory=unused_port)
    died: list[float] = field(default_factory=list)
    _process: BaseProcess | None = None
    _lives: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/$process-message"

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.is_alive()

    async def start(self) -> None:
        """A new life, waited for until it is ready."""
        listening = ["--host", "127.0.0.1", "--port", str(self.port)] if self.role is Role.SERVE else []
        command = [self.role.value, *listening]
        given: Any = (command, self.environment, self.log, self.board.cells)
        self._process = FORKING.Process(target=_begin, args=given, daemon=True)
        self._process.start()
        self._lives += 1
        deadline = time.monotonic() + _START_SECONDS
        self.log.touch()
        async with httpx.AsyncClient(**PLAIN) as client:
            while not await self._ready(client):
                assert self.alive, f"{self.role} ended; it wrote:\n{self._written()}"
                assert time.monotonic() < deadline, f"{self.role} is not ready; it wrote:\n{self._written()}"
                await asyncio.sleep(_EVERY_SECONDS)

    async def _ready(self, client: httpx.AsyncClient) -> bool:
        if self.role is Role.WORKER:
            return self.log.read_bytes().count(_DELIVERS) == self._lives
        try:
            answer = await client.get(f"http://127.0.0.1:{self.port}/health/ready")
        except httpx.TransportError:
            return False
        return answer.status_code == 200

    def complaints(self) -> list[str]:
        """The errors that it has logged in all its lives: whatever fails here is not an error of its own."""
        lines = self.log.read_text().splitlines()
        return [line for line in lines if "[error" in line and "the store is away" not in line]

    def _written(self) -> str:
        return self.log.read_text()[-4000:]

    def kill(self) -> None:
        """kill -9."""
        assert self._process is not None
        self._process.kill()

    async def dead(self) -> None:
        """Return once this life has ended, and note when."""
        assert self._process is not None
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self._process.sentinel, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(self._process.sentinel)
        self._process.join()
        self.died.append(time.monotonic())
        assert self._process.exitcode == -signal.SIGKILL, f"{self.role} ended:\n{self._written()}"

    async def stop(self) -> int | None:
        """SIGTERM, and how it ended; None where it did not within a while."""
        assert self._process is not None
        self._process.terminate()
        await asyncio.to_thread(self._process.join, 15)
        return self._process.exitcode

    def end(self) -> None:
        """Let nothing be left of it."""
        if self._process is not None and self._process.is_alive():
            self._process.kill()
            self._process.join()
