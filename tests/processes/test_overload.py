"""Does a gateway hold when more come than it takes, and some mean harm? `make overload` is the long one."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from campaigns.overload.connection import Target
from campaigns.overload.hostile import ATTACKS
from campaigns.overload.storm import GOOD, Provider, claim_times, provider, storm
from claimgw.app import create_app
from claimgw.cli.serving import Gateway, Listener, gateway_config
from claimgw.settings import Settings
from claimgw.store import Database
from tests.gateway import FALCON, register

CONNECTIONS = 60


@asynccontextmanager
async def served(address: str) -> AsyncIterator[Target]:
    """As `claimgw serve` does it, in this process, and with room for a third of those who come."""
    settings = Settings(database=address, console=False, worker=False, beside=False, door_requests=20)
    app, listener = create_app(settings), Listener("127.0.0.1", 0)
    server = Gateway(gateway_config(app, settings), listener, None, lambda: app.state.house.close_down())
    serving = asyncio.create_task(server.run_until_stopped())
    async with asyncio.timeout(20):
        while not server.started:  # noqa: ASYNC110 # uvicorn has no event for it
            await asyncio.sleep(0.01)
    try:
        host, port = listener.socket.getsockname()[:2]
        yield Target(host, port, key="")
    finally:
        server.stop()
        await serving


@pytest.mark.processes
async def test_whoever_behaves_is_served_or_told_when_to_come_again(
    tmp_path: Path, sqlite_template: Path
) -> None:
    address = f"sqlite:///{shutil.copyfile(sqlite_template, tmp_path / 'claimgw.db')}"
    database = Database(address)
    await register(database, FALCON)
    keys = {licence: await register(database, f"provider:{licence}") for licence in ("PR-2001", "PR-2002")}
    await database.close()
    async with served(address) as target:
        providers: list[Provider] = [
            provider(Target(target.host, target.port, key), licence) for licence, key in keys.items()
        ]
        tally = await storm(providers, CONNECTIONS, 0.2, 2.0, seed=1, pause=1.0)
        ended = tally.ended[GOOD]
        assert set(ended) <= {"200", "429", "503"}
        assert ended["200"] > 0
        assert set(tally.connections) == {GOOD, *ATTACKS}
        assert len(await claim_times(providers[0], 3, seed=2)) == 3
