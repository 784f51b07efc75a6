"""Where does the process beside a gateway come from, and what if that is gone? The real command."""

import asyncio
import os
import shutil
import signal
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from benchmarks.messages import claim
from campaigns.overload.connection import Target, answer, connected
from campaigns.overload.memory import family
from claimgw.store import Database
from tests.gateway import FALCON, HOSPITAL, register
from tests.processes.running import processes, server, until

LARGE = claim(60, faulty=True)


@pytest.mark.processes
async def test_it_is_forked_and_forked_again_and_started_afresh_without_a_nursery(
    tmp_path: Path, sqlite_template: Path
) -> None:
    address = f"sqlite:///{shutil.copyfile(sqlite_template, tmp_path / 'claimgw.db')}"
    database = Database(address)
    await register(database, FALCON)
    key = await register(database, HOSPITAL)
    await database.close()
    gateway = server(address, tmp_path, "forking")
    with processes(gateway):
        where = urlsplit(gateway.url)
        target = Target(str(where.hostname), where.port or 80, key)

        def others() -> list[tuple[int, int]]:
            return family(gateway.handle.pid)[1:]

        async def judged() -> list[int]:
            """The process that a large message was judged in."""
            async with connected(target) as (reader, writer):
                head = target.head(len(LARGE)).replace(b"$process-message", b"$validate")
                writer.write(head + LARGE)
                assert (await answer(reader)).status == "200"
            return [pid for generation, pid in others() if generation == 2]

        [(_, nursery)] = others()
        [forked] = await judged()
        assert await judged() == [forked]
        os.kill(forked, signal.SIGKILL)
        await asyncio.to_thread(until, lambda: others() == [(1, nursery)], "it has ended")
        [again] = await judged()
        assert again != forked
        os.kill(again, signal.SIGKILL)
        os.kill(nursery, signal.SIGKILL)
        await asyncio.to_thread(until, lambda: not _alive(nursery), "the nursery has ended")
        assert await judged() == []
        [afresh] = [pid for _, pid in others() if _alive(pid)]
        assert await asyncio.to_thread(gateway.stop) == 0
        assert not _alive(afresh)


def _alive(pid: int) -> bool:
    """Whether it runs; one that has ended and nobody has asked about does not."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
