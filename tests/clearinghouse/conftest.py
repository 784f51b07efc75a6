"""What do the tests of this room get besides clock and databases? One database, where one is enough."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.postgres import Postgres


@pytest.fixture
def sqlite(tmp_path: Path, sqlite_template: Path) -> str:
    """The address of a migrated, embedded database: for what both kinds do alike."""
    return f"sqlite:///{shutil.copyfile(sqlite_template, tmp_path / 'claimgw.db')}"


@pytest_asyncio.fixture
async def postgresql(postgres: Postgres, postgres_template: str) -> AsyncIterator[str]:
    """The address of a migrated database of the other kind, where the test plays on SQLite elsewhere."""
    address = await postgres.create(template=postgres_template)
    yield address
    await postgres.drop(address)
