"""How is a `claimgw` process started beside this one, waited for and stopped?"""

import asyncio
import os
import socket
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from claimgw.clock import SystemClock
from claimgw.errors import ClaimgwError

_START_SECONDS = 30.0
_STOP_SECONDS = 15.0
_LOOK_SECONDS = 0.05


class Late(ClaimgwError):
    """What was waited for did not come."""


async def until(condition: Callable[[], Awaitable[bool]], what: str, seconds: float) -> None:
    """Wait until the condition holds. Raises Late, naming what was waited for."""
    clock = SystemClock()
    deadline = clock.monotonic() + seconds
    while not await condition():
        if clock.monotonic() > deadline:
            raise Late(f"not within {seconds:g} s: {what}")
        await clock.sleep(_LOOK_SECONDS)


def free_port() -> int:
    """A port on loopback that nobody had a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Program:
    """One process. `health` is a URL that answers 200 once it is ready; `log` takes what it writes."""

    name: str
    words: list[str]
    settings: dict[str, str]
    health: str
    log: Path
    _process: asyncio.subprocess.Process | None = field(default=None, init=False)

    async def start(self) -> None:
        """Start it, and wait until it is ready. Raises Late."""
        # Of the caller's settings none may come in: their database is not for playing.
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("CLAIMGW_")}
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "claimgw",
                *self.words,
                env=inherited | self.settings,
                # Ctrl-C at the terminal is for this process, which then stops the others in order.
                start_new_session=True,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        async with httpx.AsyncClient(trust_env=False, timeout=2) as client:
            await until(lambda: self._is_ready(client), f"{self.name} is ready", _START_SECONDS)

    async def stop(self) -> None:
        """Stop it gracefully, or else at once."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    async def ended(self) -> None:
        """Return when it has ended, of itself or not."""
        assert self._process is not None
        await self._process.wait()

    async def _is_ready(self, client: httpx.AsyncClient) -> bool:
        assert self._process is not None
        if self._process.returncode is not None:
            raise Late(f"{self.name} ended by itself; see {self.log}")
        try:
            return (await client.get(self.health)).status_code == 200
        except httpx.TransportError:
            return False
