"""Does an operator see which processes are at work?"""

import asyncio
from datetime import timedelta
from pathlib import Path

from claimgw.clock import SystemClock
from claimgw.store import nodes
from claimgw.store.database import Database
from claimgw.store.schema import upgrade
from tests.cli.console import Terminal


def test_processes_are_listed_with_the_age_of_their_last_beat(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'claimgw.db'}"
    asyncio.run(_join(address))
    terminal = Terminal(address)
    [listed] = terminal.read("nodes")
    assert 60 <= listed.pop("seconds_since_beat") < 90
    listed.pop("started_at")
    assert listed == {"name": "a#1", "role": "worker", "release": "1.0", "beats": 7, "open_attempts": 0}
    assert "a#1" in terminal.type("nodes")


async def _join(address: str) -> None:
    database, since = Database(address), SystemClock().now() - timedelta(seconds=60)
    await upgrade(database)
    async with database.write() as unit:
        await nodes.join(unit, nodes.Node("a#1", "worker", "1.0", since, 7, since))
    await database.close()
