"""How do tests run the gateway for real? Its own processes on loopback, waited for and cleaned up."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

import httpx

from tests.insurers.peers import unused_port

T = TypeVar("T")

_START_SECONDS = 60.0

# Nothing is encrypted on loopback. httpx reads the system's authorities for each call all the same, which
# costs fifty times as much as the call.
PLAIN: dict[str, Any] = {"verify": False, "trust_env": False}


class Handle(Protocol):
    """What is held of a process that was begun, as `subprocess.Popen` has it."""

    @property
    def pid(self) -> int: ...

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def send_signal(self, number: signal.Signals, /) -> None: ...


Begin = Callable[[Sequence[str], Mapping[str, str], Path], Handle]


def executed(module: str) -> Begin:
    """In a new interpreter, as it is done from a shell."""

    def begin(command: Sequence[str], environment: Mapping[str, str], log: Path) -> Handle:
        with log.open("ab") as out:
            return subprocess.Popen(
                [sys.executable, "-m", module, *command],
                env={**os.environ, **environment},
                stdout=out,
                stderr=out,
            )

    return begin


_CLAIMGW = executed("claimgw")


@dataclass
class Process:
    """One process, of `claimgw` unless it is begun as another, and where it listens."""

    command: list[str]
    environment: dict[str, str]
    log: Path
    url: str
    health: str
    begin: Begin = _CLAIMGW
    handle: Handle = field(init=False)

    def start(self) -> None:
        self.handle = self.begin(self.command, self.environment, self.log)

    def ready(self) -> None:
        """Wait until it answers its health check, or say what it wrote instead."""
        if self.health:
            until(self._healthy, f"{self.command[0]} is ready; it wrote:\n{self.log.read_text()[-2000:]}")

    def _healthy(self) -> bool:
        if self.handle.poll() is not None:
            raise AssertionError(f"{self.command[0]} ended:\n{self.log.read_text()[-4000:]}")
        try:
            return httpx.get(self.health, timeout=2, **PLAIN).status_code == 200
        except httpx.TransportError:
            return False

    def kill(self) -> None:
        """kill -9: nothing of it can be done in order any more."""
        self.handle.send_signal(signal.SIGKILL)
        self.handle.wait()

    def stop(self) -> int:
        """SIGTERM, and its exit code."""
        if self.handle.poll() is None:
            self.handle.send_signal(signal.SIGTERM)
        try:
            return self.handle.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self.kill()
            raise


def until(found: Callable[[], T], what: str, seconds: float = _START_SECONDS, every: float = 0.02) -> T:
    """The first true value of the condition, looked at `every` so many seconds until the deadline."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := found():
            return value
        time.sleep(every)
    raise AssertionError(f"not within {seconds} s: {what}")


@contextmanager
def processes(*started: Process) -> Iterator[None]:
    """All of them running and ready; killed at the end if they still are."""
    try:
        for process in started:
            process.start()
        for process in started:
            process.ready()
        yield
    finally:
        for process in started:
            if hasattr(process, "handle") and process.handle.poll() is None:
                process.kill()


def server(address: str, folder: Path, name: str, *options: str, **environment: str) -> Process:
    """A gateway on that database."""
    port = unused_port()
    return Process(
        ["serve", "--host", "127.0.0.1", "--port", str(port), *options],
        {"CLAIMGW_DATABASE": address, "CLAIMGW_NODE": name, **environment},
        folder / f"{name}.log",
        f"http://127.0.0.1:{port}/$process-message",
        f"http://127.0.0.1:{port}/health/ready",
    )


def worker(address: str, folder: Path, name: str, **environment: str) -> Process:
    """A process that only delivers."""
    return Process(
        ["worker"],
        {"CLAIMGW_DATABASE": address, "CLAIMGW_NODE": name, **environment},
        folder / f"{name}.log",
        "",
        "",
    )


def sandbox(folder: Path, gateway: str, key: str, *licences: str) -> Process:
    """An insurer of its own, answering for those licences."""
    port = unused_port()
    return Process(
        ["sandbox", "--port", str(port), "--gateway", gateway, "--key", key, *licences],
        {},
        folder / "sandbox.log",
        f"http://127.0.0.1:{port}/$process-message",
        f"http://127.0.0.1:{port}/health",
    )
