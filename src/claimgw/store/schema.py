"""Does the database have the tables this release needs? Migrations, run forward, each in one transaction."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection

import claimgw
from claimgw.errors import ConfigurationError
from claimgw.store.database import Database


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
