"""Does everything come back from a backup, whichever kind of database it came from and goes to?"""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import Table, insert, make_url, select

from claimgw.clock import SystemClock
from claimgw.errors import ConfigurationError, Conflict
from claimgw.ids import new_id
from claimgw.store import Unit, attempts, exchanges, pauses, schema
from claimgw.store.backup import backup, restore
from claimgw.store.database import Database
from claimgw.store.records import Attempt, State
from claimgw.store.tables import (
    attempt,
    body,
    message,
    metadata,
    operator,
    operator_session,
    pause,
    registry_revision,
)
from tests.gateway import CLINIC, DESERT_ROSE, EXAMPLES, FALCON, HOSPITAL, register, running
from tests.postgres import Postgres

_CLAIM = ("Claim", "http://alwaha.example/identifiers/claim", "CLM-2026-03101")
_REQUESTS = sorted(
    file for event in ("claim", "priorauth", "poll") for file in EXAMPLES.glob(f"{event}-request*.json")
)
NOW = datetime(2026, 11, 20, 21, 5, tzinfo=UTC)


def quiet(_table: str, _rows: int) -> None:
    """Nobody watches."""


@pytest_asyncio.fixture(params=["sqlite", "postgresql"])
async def empty(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    sqlite_template: Path,
    postgres: Postgres,
    postgres_template: str,
) -> AsyncIterator[Database]:
    """Another migrated, empty database, once of each kind, to restore into."""
    if request.param == "sqlite":
        address = f"sqlite:///{shutil.copyfile(sqlite_template, tmp_path / 'empty.db')}"
    else:
        address = await postgres.create(template=postgres_template)
    opened = Database(address)
    yield opened
    await opened.close()
    if request.param == "postgresql":
        await postgres.drop(address)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def past(lasting_address: str) -> str:
    """A database with a past, once of each kind, to be copied: to live through it takes half a second."""
    await _live(lasting_address)
    return lasting_address


@pytest_asyncio.fixture
async def origin(past: str, tmp_path: Path, postgres: Postgres) -> AsyncIterator[Database]:
    """A copy of it for one test."""
    lived = str(make_url(past).database)
    if past.startswith("sqlite"):
        address = f"sqlite:///{shutil.copyfile(lived, tmp_path / 'origin.db')}"
    else:
        address = await postgres.create(template=lived)
    opened = Database(address)
    yield opened
    await opened.close()
    if not past.startswith("sqlite"):
        await postgres.drop(address)


async def _live(address: str) -> None:
    """A gateway that has had every example request, with an operator signed in and an attempt still open."""
    async with running(address, worker=False) as gateway:
        keys = {licence: await register(gateway.database, licence) for licence in (HOSPITAL, CLINIC)}
        for licence in (FALCON, DESERT_ROSE):
            await register(gateway.database, licence)
        for file in _REQUESTS:
            raw = file.read_bytes()
            sender = json.loads(raw)["entry"][0]["resource"]["source"]["endpoint"]
            await gateway.post(raw, keys[CLINIC if "nakheel" in sender else HOSPITAL])
        async with gateway.database.write() as unit:
            await _leave_open(unit)
            await unit.execute(
                insert(operator).values(name="noura", role="admin", password_hash="x", created_at=NOW)
            )
            await unit.execute(
                insert(operator_session).values(
                    digest=b"s" * 32, operator="noura", created_at=NOW, expires_at=NOW
                )
            )


async def _leave_open(unit: Unit) -> None:
    [exchange] = await exchanges.by_focals(unit, [_CLAIM], provider=HOSPITAL, insurer=None)
    await exchanges.change(unit, exchange, state=State.IN_FLIGHT, due_at=NOW, changed_at=NOW)
    await attempts.open_attempt(unit, Attempt(new_id(NOW), exchange.id, 2, "node-1", NOW))


def files(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.glob("backup*"))


async def rows(database: Database, table: Table) -> list[dict[str, Any]]:
    async with database.read() as unit:
        found = [dict(row) for row in (await unit.execute(select(table))).mappings()]
    return sorted(found, key=repr)


async def test_everything_comes_back_in_either_kind(
    origin: Database, empty: Database, tmp_path: Path
) -> None:
    copied = await backup(origin, tmp_path / "backup.db", quiet)
    restored = await restore(empty, tmp_path / "backup.db", NOW, quiet)
    assert restored.rows == copied
    assert copied["message"] == copied["body"] >= 24
    for table in metadata.sorted_tables:
        if table in (operator_session, pause, registry_revision):
            continue
        assert await rows(empty, table) == await rows(origin, table), table.name


async def test_messages_come_back_byte_for_byte(origin: Database, empty: Database, tmp_path: Path) -> None:
    await backup(origin, tmp_path / "backup.db", quiet)
    await restore(empty, tmp_path / "backup.db", NOW, quiet)
    kept = {row["content"] for row in await rows(empty, body)}
    assert {file.read_bytes() for file in _REQUESTS} <= kept


async def test_after_a_restore_delivery_is_paused_and_open_attempts_are_listed(
    origin: Database, empty: Database, tmp_path: Path
) -> None:
    await backup(origin, tmp_path / "backup.db", quiet)
    restored = await restore(empty, tmp_path / "backup.db", NOW, quiet)
    [(opened, insurer)] = restored.open_attempts
    assert (opened.number, opened.node, insurer) == (2, "node-1", FALCON)
    async with empty.read() as unit:
        [held] = await pauses.all_pauses(unit)
    assert held.scope == pauses.EVERYWHERE
    assert held.reason == "restored from backup.db at 2026-11-20 21:05 UTC"


async def test_sessions_of_operators_stay_behind(origin: Database, empty: Database, tmp_path: Path) -> None:
    copied = await backup(origin, tmp_path / "backup.db", quiet)
    await restore(empty, tmp_path / "backup.db", NOW, quiet)
    assert "operator_session" not in copied
    assert await rows(empty, operator_session) == []
    assert [row["name"] for row in await rows(empty, operator)] == ["noura"]


async def test_a_restored_gateway_goes_on_where_it_stood(origin: Database, tmp_path: Path) -> None:
    """The answer on record is given to a repeat, and ids stay used."""
    await backup(origin, tmp_path / "backup.db", quiet)
    database = Database(f"sqlite:///{tmp_path / 'new.db'}")
    await schema.upgrade(database)
    await restore(database, tmp_path / "backup.db", SystemClock().now(), quiet)
    await database.close()
    async with running(f"sqlite:///{tmp_path / 'new.db'}", worker=False, open=True) as gateway:
        raw = (EXAMPLES / "claim-request-vision.json").read_bytes()
        assert json.loads((await gateway.post(raw)).content)["entry"][1]["resource"]["outcome"] == "complete"
        async with gateway.database.read() as unit:
            assert len(await attempts.still_open(unit)) == 1


async def test_a_snapshot_is_one_moment_while_others_write(origin: Database, tmp_path: Path) -> None:
    writing: list[asyncio.Task[None]] = []

    async def write() -> None:
        async with origin.write() as unit:
            [any_row, *_] = (await unit.execute(select(message))).mappings()
            new = {**any_row, "id": new_id(NOW), "exchange_id": None, "replies_to": None}
            await unit.execute(insert(message).values(**new))
            await unit.execute(insert(body).values(message_id=new["id"], content=b"{}"))

    def meanwhile(table: str, _rows: int) -> None:
        if table == "message":
            writing.append(asyncio.create_task(write()))

    copied = await backup(origin, tmp_path / "backup.db", meanwhile)
    await asyncio.gather(*writing)
    assert copied["message"] == copied["body"]
    assert len(await rows(origin, body)) == copied["body"] + len(writing)


async def test_a_backup_overwrites_nothing_and_is_private(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "backup.db"
    await backup(database, file, quiet)
    assert file.stat().st_mode & 0o777 == 0o600
    assert files(tmp_path) == ["backup.db"]
    before = file.read_bytes()
    with pytest.raises(ConfigurationError, match="overwrites nothing"):
        await backup(database, file, quiet)
    assert file.read_bytes() == before


async def test_a_backup_that_breaks_off_leaves_nothing(database: Database, tmp_path: Path) -> None:
    def break_off(_table: str, _rows: int) -> None:
        raise RuntimeError("the disk is full")

    async with database.write() as unit:
        await unit.execute(
            insert(operator).values(name="noura", role="admin", password_hash="x", created_at=NOW)
        )
    with pytest.raises(RuntimeError):
        await backup(database, tmp_path / "backup.db", break_off)
    assert files(tmp_path) == []


async def test_a_restore_into_what_holds_anything_is_refused(database: Database, tmp_path: Path) -> None:
    await backup(database, tmp_path / "backup.db", quiet)
    async with database.write() as unit:
        await unit.execute(
            insert(operator).values(name="noura", role="admin", password_hash="x", created_at=NOW)
        )
    with pytest.raises(Conflict, match="rows in operator"):
        await restore(database, tmp_path / "backup.db", NOW, quiet)
    assert await rows(database, pause) == []


async def test_a_restore_that_breaks_off_leaves_the_database_empty(
    origin: Database, empty: Database, tmp_path: Path
) -> None:
    await backup(origin, tmp_path / "backup.db", quiet)

    def break_off(table: str, _rows: int) -> None:
        if table == attempt.name:
            raise RuntimeError("the machine went down")

    with pytest.raises(RuntimeError):
        await restore(empty, tmp_path / "backup.db", NOW, break_off)
    assert await rows(empty, message) == []
    assert (await restore(empty, tmp_path / "backup.db", NOW, quiet)).rows["message"] > 0


async def test_what_is_no_backup_is_said_to_be_none(database: Database, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("nothing of the kind")
    with pytest.raises(ConfigurationError, match="is no backup"):
        await restore(database, tmp_path / "note.txt", NOW, quiet)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        await restore(database, tmp_path / "nowhere.db", NOW, quiet)
    other = Database(f"sqlite:///{tmp_path / 'other.db'}")
    async with other.write() as unit:
        await unit.flush()
    await other.close()
    with pytest.raises(ConfigurationError, match="stands at revision none"):
        await restore(database, tmp_path / "other.db", NOW, quiet)
