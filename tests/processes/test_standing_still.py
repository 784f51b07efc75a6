"""What if the process beside a gateway stands still? Real processes, which do nothing but that."""

import asyncio
import os
import socket
import subprocess
import sys

import pytest

from claimgw.clearinghouse.beside.nursery import Child, Nursery
from claimgw.clearinghouse.beside.process import Beside
from claimgw.errors import StoreUnavailable

_SECONDS = 20
# It takes its time to open, says meanwhile that it is there, and is not heard of again once it has to work.
_STANDS_STILL = """
import asyncio, socket, sys, time
from claimgw.clearinghouse.beside.wire import Wire

async def work():
    async def opened(opening):
        await asyncio.sleep(0.5)
    async def there():
        pass
    async def do(task, args):
        time.sleep(3600)
    reader, writer = await asyncio.open_connection(sock=socket.socket(fileno=int(sys.argv[1])))
    await Wire(reader, writer, {"open": opened, "there": there, "do": do}).run()

asyncio.run(work())
"""


class StandsStill(Nursery):
    """Its children do; it keeps what is needed to see whether they live."""

    def __init__(self) -> None:
        self.born: list[subprocess.Popen[bytes]] = []

    def bear(self, line: socket.socket) -> Child:
        command = [sys.executable, "-c", _STANDS_STILL, str(line.fileno())]
        child = subprocess.Popen(command, pass_fds=(line.fileno(),))
        self.born.append(child)
        return Child(child.pid, os.pidfd_open(child.pid))


@pytest.mark.processes
async def test_a_process_that_stands_still_is_killed_and_the_next_message_gets_another() -> None:
    nursery = StandsStill()
    beside = Beside(None, {}, nursery, patience=0.2)
    async with asyncio.timeout(_SECONDS):
        for number in (1, 2):
            with pytest.raises(StoreUnavailable, match="send the same message again"):
                await beside.do("process")
            assert len(nursery.born) == number
        await beside.close(0)
    assert [child.wait(_SECONDS) for child in nursery.born] == [-9, -9]


@pytest.mark.processes
def test_a_nursery_that_does_not_answer_is_not_waited_for() -> None:
    ours, theirs = socket.socketpair()
    one, other = socket.socketpair()
    with ours, theirs, one, other:
        nursery = Nursery(ours, patience=0.1)
        with pytest.raises(OSError, match="timed out"):
            nursery.bear(one)
