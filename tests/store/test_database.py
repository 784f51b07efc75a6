"""Do both databases keep the promises of a unit of work?"""

import pytest
from sqlalchemy import func, insert, select

from claimgw.errors import StoreUnavailable
from claimgw.store.database import Database, Unit
from claimgw.store.tables import registry_revision


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
