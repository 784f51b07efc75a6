"""Can a database be brought up to date, saved and brought back by a person at a terminal?"""

import asyncio
from pathlib import Path

import pytest

from claimgw.clearinghouse.rows import begun
from claimgw.ids import new_id
from claimgw.store import attempts, messages, pauses
from claimgw.store.database import Database
from claimgw.store.exchanges import open_exchange
from claimgw.store.records import Attempt, Message, State
from claimgw.store.schema import head
from tests.cli.console import Terminal
from tests.gateway import BEGINNING, FALCON, HOSPITAL, register


@pytest.fixture
def terminal(address: str) -> Terminal:
    return Terminal(address)


async def left_open(address: str) -> str:
    """A database whose gateway died in the middle of an attempt; the exchange's id."""
    database = Database(address)
    await register(database, HOSPITAL)
    await register(database, FALCON)
    id_ = new_id(BEGINNING)
    async with database.write() as unit:
        await messages.keep(
            unit, Message(id_, HOSPITAL, FALCON, "claim-request", id_, id_, 2, BEGINNING), b"{}"
        )
        await open_exchange(
            unit,
            begun(
                id_,
                "claim-request",
                provider=HOSPITAL,
                insurer=FALCON,
                state=State.IN_FLIGHT,
                now=BEGINNING,
                due_at=BEGINNING,
                waiting=True,
            ),
        )
        await attempts.open_attempt(unit, Attempt(new_id(BEGINNING), id_, 1, "node-1", BEGINNING))
    await database.close()
    return id_


def test_a_new_database_is_brought_up_to_date_once(tmp_path: Path) -> None:
    terminal = Terminal(f"sqlite:///{tmp_path / 'new.db'}")
    assert terminal.type("db", "current", code=1).startswith("The database stands at revision none")
    assert f"stands at revision {head()}, after none" in terminal.type("db", "upgrade")
    assert "already" in terminal.type("db", "upgrade")
    assert terminal.read("db", "current") == {"current": head(), "needed": head()}


def test_a_backup_restored_elsewhere_stands_still_and_lists_what_is_unknown(
    terminal: Terminal, address: str, tmp_path: Path
) -> None:
    exchange = asyncio.run(left_open(address))
    file = tmp_path / "backup.db"
    assert terminal.read("db", "backup", str(file))["rows"]["message"] == 1
    elsewhere = Terminal(f"sqlite:///{tmp_path / 'elsewhere.db'}")
    restored = elsewhere.read("db", "restore", str(file))
    [opened] = restored["open_attempts"]
    assert (opened["exchange"], opened["insurer"], opened["attempt"]) == (exchange, FALCON, 1)
    assert elsewhere.read("delivery", "open-attempts") == restored["open_attempts"]
    assert exchange in elsewhere.type("delivery", "open-attempts")
    [held] = elsewhere.read("delivery", "pauses")
    assert held["scope"] == pauses.EVERYWHERE
    assert "restored from backup.db" in held["reason"]
    assert "goes on" in elsewhere.type("delivery", "resume")
    assert "Nothing is paused" in elsewhere.type("delivery", "pauses")


def test_nothing_is_overwritten(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "backup.db"
    terminal.type(
        "operators", "add", "noura", "--role", "admin", "--password-file", "-", stdin="long enough to be one"
    )
    terminal.type("db", "backup", str(file))
    assert "overwrites nothing" in terminal.type("db", "backup", str(file), code=2)
    assert "is not empty" in terminal.type("db", "restore", str(file), code=1)


def test_delivery_to_one_insurer_is_held_and_let_go(terminal: Terminal) -> None:
    terminal.type("participants", "add", FALCON, "--name", "Falcon", "--adapter", "sandbox")
    assert "is paused" in terminal.type("delivery", "pause", FALCON, "--reason", "maintenance")
    assert "paused already" in terminal.type("delivery", "pause", FALCON, code=1)
    [held] = terminal.read("delivery", "pauses")
    assert (held["scope"], held["reason"], held["by"]) == (FALCON, "maintenance", "command line")
    terminal.type("delivery", "pause")
    assert f"Still paused: {FALCON} (maintenance)" in terminal.type("delivery", "resume")
    assert "goes on" in terminal.type("delivery", "resume", FALCON)
    assert "is not paused" in terminal.type("delivery", "resume", FALCON, code=1)


def test_a_stranger_cannot_be_paused(terminal: Terminal) -> None:
    assert "is not registered" in terminal.type("delivery", "pause", "payer:INS-9", code=1)
    assert "no licence" in terminal.type("delivery", "pause", "INS-9", code=2)


def test_the_address_can_be_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAIMGW_DATABASE", "sqlite:////nowhere/at/all.db")
    typed = f"sqlite:///{tmp_path / 'typed.db'}"
    Terminal("sqlite:////nowhere/at/all.db").type("--database", typed, "db", "upgrade")
    assert (tmp_path / "typed.db").exists()
