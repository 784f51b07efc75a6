"""Does the database have the tables this release needs? Migrations, run forward, each in one transaction."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, select

import claimgw
from claimgw.errors import ConfigurationError
from claimgw.store.database import Database
from claimgw.store.tables import schema_floor


def migrations_folder() -> Path:
    """Inside the wheel, or at the top of a checkout (an editable install ships no copy)."""
    package = Path(claimgw.__file__).resolve().parent
    inside = package / "migrations"
    return inside if inside.is_dir() else package.parents[1] / "migrations"


@cache
def head() -> str:
    """The newest revision this release knows."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    assert revision is not None
    return revision


async def current(database: Database) -> str | None:
    """The revision the database stands at; None where no table is yet."""
    async with database.read() as unit:
        return await unit.run_sync(_current)


async def serves(database: Database) -> bool:
    """Whether the tables are those of this release, or of a newer one beside which it may go on.

    docs/decisions/0022 says when it may.
    """
    async with database.read() as unit:
        revision = await unit.run_sync(_current)
        if revision is None or revision <= head():
            return revision == head()
        oldest = await unit.scalar(select(schema_floor.c.oldest))
        return oldest is not None and oldest <= head()


async def make_ready(database: Database) -> None:
    """An embedded database gets its tables; a shared one must have them, for an operator decides when.

    Raises ConfigurationError if it has others, StoreUnavailable if it is away.
    """
    if await serves(database):
        return
    if not database.embedded:
        stands = await current(database) or "none"
        raise ConfigurationError(
            f"the database stands at revision {stands}, this release needs {head()}; run 'claimgw db upgrade'"
        )
    await upgrade(database)


async def upgrade(database: Database) -> None:
    """Bring the database to the newest revision; nothing happens if it stands there.

    Raises ConfigurationError if a newer release has been at work on it.
    """
    async with database.write() as unit:
        await unit.run_sync(_upgrade)


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _upgrade(connection: Connection) -> None:
    if _current(connection) == head():
        return  # Alembic would load every migration to come to that
    config = _config()
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as fault:
        raise ConfigurationError(
            "the database stands at a revision that this release does not know; run the release that made it"
        ) from fault


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(migrations_folder()))
    config.set_main_option("path_separator", "os")
    return config
