"""How is a process born that has read all definitions already? Forked from one that does nothing else.

A process that serves cannot be forked: it has threads, and a loop that runs. So one is forked from it before
all that, waits, and forks whatever is asked of it. What nobody has changed since, most of the definitions,
is in memory once for all of them.
"""

import asyncio
import gc
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_PID_BYTES = 8
_PATIENCE_SECONDS = 10.0

Work = Callable[[socket.socket], None]


class Child:
    """A process that the nursery has forked. Its handle stands for no other, even when it has ended."""

    def __init__(self, pid: int, handle: int) -> None:
        self.pid = pid
        self._handle = handle

    async def wait(self) -> None:
        """Return when it has ended; to be called once."""
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self._handle, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(self._handle)
        os.close(self._handle)

    def kill(self) -> None:
        signal.pidfd_send_signal(self._handle, signal.SIGKILL)


class Nursery:
    """The end of this process. `line` leads to the other, which ends when it is closed."""

    def __init__(self, line: socket.socket, *, patience: float = _PATIENCE_SECONDS) -> None:
        self._line = line
        self._line.settimeout(patience)

    def bear(self, line: socket.socket) -> Child:
        """A new process that has this socket. Raises OSError if there is none: use another way from then on.

        What came too late would be taken for the answer to the next one who asks.
        """
        socket.send_fds(self._line, [b"."], [line.fileno()])
        told, handles, _, _ = socket.recv_fds(self._line, _PID_BYTES, 1)
        if not handles:
            raise ChildProcessError("the nursery bears no children")
        return Child(int.from_bytes(told), handles[0])


@contextmanager
def nursery(work: Work) -> Iterator[Nursery | None]:
    """One whose children do `work` with the socket they are given, and end; None where it cannot be had.

    To be opened while no thread runs and no file is open that others wait to see closed.
    """
    if not hasattr(os, "pidfd_open"):  # Linux has it; elsewhere a fork is not safe, or there is none
        yield None
        return
    # What is there by now is not looked at by the collector of any of them: to look at it is to copy it.
    gc.collect()
    gc.freeze()
    ours, theirs = socket.socketpair()
    if os.fork() == 0:
        ours.close()
        _serve(theirs, work)
    theirs.close()
    with ours:
        yield Nursery(ours)


def _serve(line: socket.socket, work: Work) -> None:
    """Until the other end is closed. Never returns: above stands what belongs to the other process."""
    os.setsid()  # signals of the terminal are for the other, which ends this one in its time
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, signal.SIG_IGN)
    while True:
        asked, lines, _, _ = socket.recv_fds(line, 1, 1)
        if not asked:
            os._exit(0)
        try:
            pid, handle = _forked(line, lines[0], work)
        except OSError:
            line.send(bytes(_PID_BYTES))
        else:
            socket.send_fds(line, [pid.to_bytes(_PID_BYTES)], [handle])
            os.close(handle)
        os.close(lines[0])


def _forked(line: socket.socket, given: int, work: Work) -> tuple[int, int]:
    pid = os.fork()
    if pid:
        return pid, os.pidfd_open(pid)
    line.close()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        work(socket.socket(fileno=given))
    except BaseException:
        sys.excepthook(*sys.exc_info())
        os._exit(1)
    os._exit(0)
