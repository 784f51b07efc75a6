"""Does the command say by its exit code, its table and its JSON whether the books balance?"""

import asyncio
import shutil
from pathlib import Path

from claimgw.clock import SystemClock
from claimgw.store.database import Database
from claimgw.store.records import State
from tests.cli.console import Terminal
from tests.console.seed import Seed


def test_a_difference_is_named_and_is_an_exit_code(tmp_path: Path, sqlite_template: Path) -> None:
    terminal = Terminal(f"sqlite:///{shutil.copyfile(sqlite_template, tmp_path / 'claimgw.db')}")
    assert "The books balance." in terminal.type("ledger")
    sent = asyncio.run(_unannounced(tmp_path / "claimgw.db"))
    told = terminal.type("ledger", code=1)
    assert "arrival: 1 a message was posted, and its ids are not noted as used (payer:INS-2001)" in told
    assert f"  {sent}\n" in told
    assert "Sent, not acknowledged: 1" in told
    assert "The books do not balance." in told
    assert "The books balance." in terminal.type("ledger", "--insurer", "payer:INS-2002")


async def _unannounced(file: Path) -> str:
    """A request that may have arrived, and whose own arrival is missing."""
    database = Database(f"sqlite:///{file}")
    seed = Seed(SystemClock().now())
    seed.parties()
    sent = seed.exchange(State.UNCONFIRMED, due=60)
    await seed.write(database)
    await database.close()
    return sent
