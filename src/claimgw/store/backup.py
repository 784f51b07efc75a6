"""How is everything copied out of a database, and back into an empty one of either kind?

A backup is a database of the embedded kind: the same tables, so that one mechanism serves all four ways.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Table, func, insert, select, text

from claimgw.errors import ConfigurationError, Conflict
from claimgw.store import attempts
from claimgw.store.database import Database, Unit
from claimgw.store.pauses import EVERYWHERE, Pause, end_pause, set_pause
from claimgw.store.records import Attempt
from claimgw.store.schema import current, head, upgrade
from claimgw.store.tables import (
    body,
    chore,
    metadata,
    node,
    operator_session,
    registry_revision,
    schema_floor,
)

# Whoever was signed in signs in again: sessions are secrets, and short-lived. Processes are not restored.
_LEFT_BEHIND = frozenset({operator_session, node, chore})
# The number that counts changes may be there: somebody may have taken back what they entered. And so may a
# process that ended badly, and what the migrations wrote.
_NO_CONTENT = (registry_revision, node, schema_floor, chore)
# Rows held in memory at a time. A body may have 10 MB.
_ROWS, _BODIES = 500, 8
_MAGIC = b"SQLite format 3\x00"

# Told after every batch: the table, and how many of its rows are copied.
Told = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back: rows by table, and the attempts that were open, each with its insurer.

    An open attempt is *unknown*: its request may have reached the insurer, before the backup or after it.
    """

    rows: Mapping[str, int]
    open_attempts: tuple[tuple[Attempt, str], ...]


async def backup(database: Database, file: Path, told: Told) -> dict[str, int]:
    """Copy one moment of the database into a new file, readable by its owner only; rows by table.

    Others go on reading and writing meanwhile. Raises ConfigurationError if the file is there already or
    cannot be made.
    """
    unfinished = _reserve(file)
    copy = Database(f"sqlite:///{unfinished}")
    try:
        await upgrade(copy)
        async with database.read() as source, copy.write() as target:
            await _must_be_empty(target)
            rows = await _copy(source, target, told)
    except BaseException:
        await copy.close()
        unfinished.unlink()
        raise
    await copy.close()
    unfinished.rename(file)  # only now has it the name of a backup: it is whole
    return rows


async def restore(database: Database, file: Path, now: datetime, told: Told) -> Restored:
    """Copy a backup into an empty, migrated database, all of it or nothing; delivery is paused everywhere.

    Raises ConfigurationError if the file is no backup of this release, Conflict if the database holds
    anything.
    """
    copy = await _open(file)
    try:
        async with copy.read() as source, database.write() as target:
            await _must_be_empty(target)
            await _defer_references(target, embedded=database.embedded)
            rows = await _copy(source, target, told)
            await _settle_references(target, embedded=database.embedded)
            await _pause(target, file, now)
            return Restored(rows, tuple(await attempts.still_open(target)))
    finally:
        await copy.close()


def _reserve(file: Path) -> Path:
    """Where to write until the copy is whole: empty and private, for it will hold what patients entrust."""
    if file.exists():
        raise ConfigurationError(f"{file} is there already; a backup overwrites nothing")
    unfinished = file.with_name(file.name + ".part")
    try:
        os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError as fault:
        raise ConfigurationError(
            f"{unfinished} is there already: another backup is being written,"
            " or one broke off; remove it then"
        ) from fault
    except OSError as fault:
        raise ConfigurationError(f"{unfinished} cannot be made: {fault.strerror}") from fault
    return unfinished


async def _open(file: Path) -> Database:
    try:
        with file.open("rb") as opened:
            begins = opened.read(len(_MAGIC))
    except OSError as fault:
        raise ConfigurationError(f"{file} cannot be read: {fault.strerror}") from fault
    if begins != _MAGIC:
        raise ConfigurationError(f"{file} is no backup; 'claimgw db backup' makes them")
    copy = Database(f"sqlite:///{file}")
    stands = await current(copy)
    if stands != head():
        await copy.close()
        raise ConfigurationError(
            f"{file} stands at revision {stands or 'none'}, this release needs {head()}; bring a copy of it"
            f" up to date with 'claimgw --database sqlite:///COPY db upgrade' and restore that"
        )
    return copy


async def _copy(source: Unit, target: Unit, told: Told) -> dict[str, int]:
    """Table by table, those first that others refer to."""
    rows = {}
    for table in metadata.sorted_tables:
        if table in _LEFT_BEHIND:
            continue
        rows[table.name] = 0
        size = _BODIES if table is body else _ROWS
        # What refers to a row of the same table was made after it, and ids rise.
        rows_of = select(table).order_by(*table.primary_key.columns)
        stream = await source.stream(rows_of.execution_options(yield_per=size))
        async for batch in stream.mappings().partitions():
            await target.execute(insert(table), [dict(row) for row in batch])
            rows[table.name] += len(batch)
            told(table.name, rows[table.name])
    return rows


async def _must_be_empty(unit: Unit) -> None:
    for table in metadata.sorted_tables:
        if table not in _NO_CONTENT and await unit.scalar(select(func.count()).select_from(table)):
            raise Conflict(
                f"the database is not empty (there are rows in {table.name}); restore into a new one"
            )
    for table in _NO_CONTENT:
        await unit.execute(table.delete())


async def _defer_references(unit: Unit, *, embedded: bool) -> None:
    """Messages refer to messages, in no order that a copy could keep: let references be judged at the end."""
    if embedded:
        await unit.execute(text("PRAGMA defer_foreign_keys=ON"))
        return
    for table, name in _inward():
        await unit.execute(
            text(f'ALTER TABLE "{table.name}" ALTER CONSTRAINT "{name}" DEFERRABLE INITIALLY DEFERRED')
        )


async def _settle_references(unit: Unit, *, embedded: bool) -> None:
    """On SQLite the commit judges; on PostgreSQL it is done here, and the constraints are as they were."""
    if embedded:
        return
    await unit.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    for table, name in _inward():
        await unit.execute(text(f'ALTER TABLE "{table.name}" ALTER CONSTRAINT "{name}" NOT DEFERRABLE'))


def _inward() -> list[tuple[Table, str]]:
    """The references of tables to themselves, by the names that the migrations gave them."""
    return [
        (table, str(key.name))
        for table in metadata.sorted_tables
        for key in table.foreign_key_constraints
        if key.referred_table is table
    ]


async def _pause(unit: Unit, file: Path, now: datetime) -> None:
    await end_pause(unit, EVERYWHERE)
    reason = f"restored from {file.name} at {now:%Y-%m-%d %H:%M} UTC"
    await set_pause(unit, Pause(EVERYWHERE, reason[:250], now, "restore"))
