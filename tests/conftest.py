"""What does every test get? A clock that stands still, and a fresh migrated database of either kind."""

import gc
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio
from fastapi.dependencies import models
from sqlalchemy import make_url

from claimgw.clock import ManualClock
from claimgw.store.database import Database
from claimgw.store.schema import upgrade
from tests.postgres import Postgres, memory, running_postgres


def pytest_configure() -> None:
    """Let what tests write be in memory, if there is any: on a disk every commit waits for it."""
    place = memory()
    if place is not None:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(place))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones first, so that at the end no worker of pytest-xdist waits for another."""
    long = {"processes", "browser"}
    items.sort(key=lambda item: long.isdisjoint(mark.name for mark in item.iter_markers()))


def pytest_collection_finish() -> None:
    """What has been imported stays, and apps come and go: to look for garbage took a seventh of the run."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)


@pytest.fixture(autouse=True, scope="module")
def _apps_are_let_go() -> Iterator[None]:
    """FastAPI remembers functions, each app hangs on its own, and the garbage collector looks at them all."""
    yield
    for one in vars(models).values():
        if hasattr(one, "cache_clear"):
            one.cache_clear()


@pytest.fixture
def clock() -> ManualClock:
    """It is 2026-11-01, 08:00 UTC, until a test advances it."""
    return ManualClock(datetime(2026, 11, 1, 8, tzinfo=UTC))


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server for this process of the run; each worker of pytest-xdist has its own."""
    with running_postgres() as server:
        yield server


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def postgres_template(postgres: Postgres) -> AsyncIterator[str]:
    """The name of a migrated database that nobody is connected to: to copy it is quicker than to migrate."""
    address = await postgres.create()
    await _migrate(address)
    yield str(make_url(address).database)
    await postgres.drop(address)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file to copy."""
    file = tmp_path_factory.mktemp("sqlite") / "template.db"
    await _migrate(f"sqlite:///{file}")
    return file


@pytest_asyncio.fixture(params=["sqlite", "postgresql"])
async def address(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    sqlite_template: Path,
    postgres: Postgres,
    postgres_template: str,
) -> AsyncIterator[str]:
    """The address of a migrated, empty database, once of each kind: for tests that open it more than once."""
    if request.param == "sqlite":
        yield f"sqlite:///{shutil.copyfile(sqlite_template, tmp_path / 'claimgw.db')}"
        return
    address = await postgres.create(template=postgres_template)
    yield address
    await postgres.drop(address)


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["sqlite", "postgresql"])
async def lasting_address(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    sqlite_template: Path,
    postgres: Postgres,
    postgres_template: str,
) -> AsyncIterator[str]:
    """As `address`, but the same one for a whole module: for what is entered once and then only looked at."""
    if request.param == "sqlite":
        file = tmp_path_factory.mktemp("lasting") / "claimgw.db"
        yield f"sqlite:///{shutil.copyfile(sqlite_template, file)}"
        return
    address = await postgres.create(template=postgres_template)
    yield address
    await postgres.drop(address)


@pytest_asyncio.fixture
async def database(address: str) -> AsyncIterator[Database]:
    """A migrated, empty database, once of each kind. `address` is where a second node finds it."""
    opened = Database(address)
    yield opened
    await opened.close()


async def _migrate(address: str) -> None:
    database = Database(address)
    await upgrade(database)
    await database.close()
