"""Does an operator see what is wrong, what was, and what to do?"""

import asyncio
from datetime import timedelta
from pathlib import Path

from claimgw.clock import SystemClock
from claimgw.store.alerts import Kind, end_alert, raise_alert
from claimgw.store.database import Database
from claimgw.store.schema import upgrade
from tests.cli.console import Terminal


def test_what_is_wrong_is_listed_with_what_to_do_and_can_be_ended_by_hand(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'claimgw.db'}"
    asyncio.run(_seed(address))
    terminal = Terminal(address)
    [disk] = terminal.read("alerts")
    assert (disk["kind"], disk["subject"], disk["ended_at"]) == ("disk", "db-1:/var", None)
    assert "a full disk stops the database" in terminal.type("alerts")
    assert [one["kind"] for one in terminal.read("alerts", "--all")] == ["disk", "insurer-down"]
    terminal.type("alerts", "--end", disk["id"])
    assert terminal.read("alerts") == []
    assert "is no present alert" in terminal.type("alerts", "--end", disk["id"], code=1)
    assert "Nothing is wrong." in terminal.type("alerts")


async def _seed(address: str) -> None:
    database, now = Database(address), SystemClock().now()
    await upgrade(database)
    async with database.write() as unit:
        await raise_alert(unit, Kind.INSURER_DOWN, "payer:INS-2001", "Falcon is down.", {}, now)
        await end_alert(unit, Kind.INSURER_DOWN, "payer:INS-2001", now)
        await raise_alert(unit, Kind.DISK, "db-1:/var", "Little room.", {}, now + timedelta(seconds=1))
    await database.close()
