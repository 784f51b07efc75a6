"""Do the migrations make the tables that the code believes in?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, select, text, update

from claimgw.clock import ManualClock
from claimgw.errors import ConfigurationError
from claimgw.store.database import Database, Unit
from claimgw.store.records import State
from claimgw.store.schema import current, head, migrations_folder, serves, upgrade
from claimgw.store.tables import attempt, exchange, message, metadata, schema_floor
from tests.console.seed import INSURERS, Seed


def _back_to(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(migrations_folder()))
    config.attributes["connection"] = connection
    command.downgrade(config, revision)


def _differences(connection: Connection) -> list[Any]:
    return list(compare_metadata(MigrationContext.configure(connection), metadata))


async def test_a_fresh_database_stands_at_the_newest_revision(database: Database) -> None:
    assert await current(database) == head()


async def test_to_upgrade_again_changes_nothing(database: Database) -> None:
    await upgrade(database)
    assert await current(database) == head()


async def test_a_database_of_a_newer_release_is_left_alone(database: Database) -> None:
    async with database.write() as unit:
        await unit.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ConfigurationError, match="does not know"):
        await upgrade(database)
    assert await current(database) == "9999"


@pytest.mark.parametrize(("oldest", "may"), [(head(), True), ("9998", False)])
async def test_beside_a_newer_release_this_one_goes_on_if_the_newer_one_says_so(
    database: Database, oldest: str, may: bool
) -> None:
    async with database.write() as unit:
        await unit.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        await unit.execute(update(schema_floor).values(oldest=oldest))
    assert await serves(database) is may


async def test_from_the_oldest_release_that_may_go_on_every_migration_only_adds(database: Database) -> None:
    async with database.write() as unit:
        oldest = await unit.scalar(select(schema_floor.c.oldest))
        after = await unit.run_sync(_shape)
        await unit.run_sync(_back_to, oldest)
        before = await unit.run_sync(_shape)
    for table, columns in before.columns.items():
        assert columns.items() <= after.columns[table].items(), "a column went, or became another"
        new = after.columns[table].keys() - columns.keys()
        assert new <= after.optional[table], "a row that the older release writes lacks a column"
        assert after.strict[table] <= before.strict[table], "a row that the older release writes is refused"


@dataclass(frozen=True, slots=True)
class _Shape:
    """What an older release meets: columns and types, those it may leave out, what rows must obey."""

    columns: dict[str, dict[str, str]]
    optional: dict[str, set[str]]
    strict: dict[str, set[tuple[str, ...]]]


def _shape(connection: Connection) -> _Shape:
    seen = inspect(connection)
    shape = _Shape({}, {}, {})
    for table in seen.get_table_names():
        columns = seen.get_columns(table)
        keys = [tuple(key["column_names"]) for key in seen.get_unique_constraints(table)]
        indexes = [tuple(map(str, one["column_names"])) for one in seen.get_indexes(table) if one["unique"]]
        checks = [(check["sqltext"],) for check in seen.get_check_constraints(table)]
        references = [tuple(key["constrained_columns"]) for key in seen.get_foreign_keys(table)]
        shape.columns[table] = {column["name"]: str(column["type"]) for column in columns}
        shape.optional[table] = {
            column["name"] for column in columns if column["nullable"] or column["default"] is not None
        }
        shape.strict[table] = {*keys, *indexes, *checks, *references}
    return shape


async def test_the_migrations_make_exactly_the_tables_of_the_code(database: Database) -> None:
    async with database.read() as unit:
        assert await unit.run_sync(_differences) == []


async def test_a_database_of_the_release_before_is_brought_up_to_date_with_all_it_holds(
    database: Database, clock: ManualClock
) -> None:
    seed = Seed(clock.now())
    seed.parties()
    held = seed.exchange(State.HELD, next(iter(INSURERS)), ago=900, due=60, reason="silent")
    seed.attempt(held, ago=900, closed=850, outcome="silent")
    await seed.write(database)
    async with database.read() as unit:
        before = await _rows(unit)
    async with database.write() as unit:
        await unit.run_sync(_back_to, "0001")
    await upgrade(database)
    assert await current(database) == head()
    async with database.read() as unit:
        assert await unit.run_sync(_differences) == []
        assert await _rows(unit) == before
        if database.embedded:
            assert (await unit.execute(text("PRAGMA foreign_key_check"))).all() == []


async def _rows(unit: Unit) -> list[Sequence[Any]]:
    kept = (exchange, attempt, message)
    return [(await unit.execute(select(table).order_by(table.c.id))).all() for table in kept]
