"""What does a process do that is started while its database is away?"""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest
from sqlalchemy import make_url
from structlog.testing import capture_logs

from claimgw.cli.awaited import database_is_there
from claimgw.errors import ConfigurationError, NotLetIn, StoreUnavailable
from claimgw.store.database import Database
from claimgw.store.schema import upgrade
from tests.clearinghouse.scene import until as until_true
from tests.postgres import Postgres
from tests.processes.running import until

AWAY = "postgresql://nobody@/none?host=/nowhere"
_SECONDS = 20


async def made(postgres: Postgres) -> str:
    address = await postgres.create()
    database = Database(address)
    await upgrade(database)
    await database.close()
    return address


async def test_a_shared_database_that_is_away_is_waited_for_and_that_is_said_once(postgres: Postgres) -> None:
    address = await made(postgres)
    url = make_url(address)
    if "host" not in url.query:
        pytest.skip("the server that was given listens on no socket that could appear later")

    async def complains() -> bool:
        return bool(said)

    with tempfile.TemporaryDirectory() as folder, capture_logs() as said:
        later = url.set(query={"host": folder}).render_as_string(hide_password=False)
        waiting = asyncio.create_task(database_is_there(later, asyncio.Event()))
        async with asyncio.timeout(_SECONDS):
            await until_true(complains)
            (Path(folder) / ".s.PGSQL.5432").symlink_to(f"{url.query['host']}/.s.PGSQL.5432")
            assert await waiting
    [line] = said
    assert (line["log_level"], line["event"]) == ("warning", "this process waits for its database")
    await postgres.drop(address)


async def test_whoever_waits_can_be_told_to_stop() -> None:
    stop = asyncio.Event()
    waiting = asyncio.create_task(database_is_there(AWAY, stop))
    asyncio.get_running_loop().call_soon(stop.set)
    async with asyncio.timeout(_SECONDS):
        assert not await waiting


async def test_a_name_that_is_not_known_is_not_waited_for(postgres: Postgres) -> None:
    address = await postgres.create()
    for wrong in (make_url(address).set(database="no_such"), make_url(address).set(username="no_such")):
        with pytest.raises(NotLetIn):
            await database_is_there(wrong.render_as_string(hide_password=False), asyncio.Event())
    with pytest.raises(ConfigurationError, match="claimgw db upgrade"):
        await database_is_there(address, asyncio.Event())
    await postgres.drop(address)


async def test_a_file_that_cannot_be_opened_is_not_waited_for() -> None:
    threads = set(threading.enumerate())
    with pytest.raises(StoreUnavailable):
        await database_is_there("sqlite:////nowhere/claimgw.db", asyncio.Event())
    left = set(threading.enumerate()) - threads
    assert not [thread for thread in left if "_connection_worker_thread" in thread.name]


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_a_process_that_waits_ends_in_order(command: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "claimgw", command],
            env={**os.environ, "CLAIMGW_DATABASE": AWAY},
            stdout=output,
            stderr=output,
        )
    try:
        until(lambda: "waits for its database" in log.read_text(), f"{command} waits", seconds=_SECONDS)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=_SECONDS) == 0, log.read_text()
    finally:
        process.kill()
        process.wait()
    assert "Traceback" not in log.read_text()
