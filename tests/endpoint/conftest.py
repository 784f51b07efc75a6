"""What do the tests of this room get besides clock and databases? An open gateway, all registered."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.endpoint.doors import Doors, open_doors


@pytest.fixture
def sqlite(tmp_path: Path, sqlite_template: Path) -> str:
    """The address of a migrated, embedded database of the test's own."""
    return f"sqlite:///{shutil.copyfile(sqlite_template, tmp_path / 'claimgw.db')}"


@pytest_asyncio.fixture
async def doors(sqlite: str) -> AsyncIterator[Doors]:
    async with open_doors(sqlite) as opened:
        yield opened
