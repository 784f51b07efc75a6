"""Do both databases keep the promises of a unit of work?"""

import pytest
from sqlalchemy import func, insert, select, text

from claimgw.errors import StoreUnavailable
from claimgw.store.database import Database, Unit
from claimgw.store.schema import current
from claimgw.store.tables import registry_revision
from tests.postgres import Postgres


async def _count(unit: Unit) -> int:
    return (await unit.execute(select(func.count()).select_from(registry_revision))).scalar_one()


async def _write_and_fail(database: Database) -> None:
    async with database.write() as unit:
        await unit.execute(insert(registry_revision).values(id=1, revision=7))
        raise ZeroDivisionError


async def test_what_a_unit_wrote_is_there_afterwards_and_for_others(address: str, database: Database) -> None:
    async with database.write() as unit:
        await unit.execute(insert(registry_revision).values(id=1, revision=7))
    other = Database(address)
    async with other.read() as unit:
        assert await _count(unit) == 1
    await other.close()


async def test_a_unit_that_raises_leaves_nothing_behind(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        await _write_and_fail(database)
    async with database.read() as unit:
        assert await _count(unit) == 0


async def test_a_database_that_is_away_is_said_to_be_unavailable() -> None:
    away = Database("postgresql://nobody@/none?host=/nowhere")
    with pytest.raises(StoreUnavailable):
        async with away.read() as unit:
            await _count(unit)
    await away.close()


async def test_a_database_that_does_not_exist_is_said_to_be_unavailable(postgres: Postgres) -> None:
    address = await postgres.create()
    await postgres.drop(address)
    gone = Database(address)
    with pytest.raises(StoreUnavailable, match="3D000"):
        await current(gone)
    await gone.close()


async def test_a_unit_whose_connection_is_cut_is_undone_and_the_next_one_works(postgres: Postgres) -> None:
    address = await postgres.create()
    database = Database(address)
    with pytest.raises(StoreUnavailable):
        await _cut_own_connection(database)
    assert await current(database) is None
    await database.close()
    await postgres.drop(address)


async def _cut_own_connection(database: Database) -> None:
    async with database.write() as unit:
        await unit.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
