"""How is a process of the gateway started quickly? Forked from one that has read and compiled everything."""

import multiprocessing
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import replace
from multiprocessing.process import BaseProcess
from pathlib import Path

from tests.processes.running import Process

# There is one server to fork from in a process: who adds to what it reads names these too.
PRELOAD = ["tests.processes.prepared", "tests.processes.forked"]
FORKING = multiprocessing.get_context("forkserver")
FORKING.set_forkserver_preload(PRELOAD)


class Forked:
    """A process that was forked, as `subprocess` shows one."""

    def __init__(self, process: BaseProcess) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
        return self._process.exitcode

    def send_signal(self, number: signal.Signals) -> None:
        if self._process.exitcode is None:
            os.kill(self.pid, number)


def forked(process: Process) -> Process:
    """The same, but forked whenever it is started. What only a new interpreter has must not matter."""
    return replace(process, begin=_fork)


def _fork(command: Sequence[str], environment: Mapping[str, str], log: Path) -> Forked:
    log.touch()  # whoever waits for the process may look before it writes
    process = FORKING.Process(target=_begin, args=(command, environment, log), daemon=True)
    process.start()
    return Forked(process)


def _begin(command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
    from tests.processes.prepared import run  # it has been read there; whoever starts one needs no profiles

    run(command, environment, log)
