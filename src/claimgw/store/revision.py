"""Has the registry changed since it was last read? One number, moved on by every change."""

from sqlalchemy import select, text

from claimgw.store.database import Unit
from claimgw.store.tables import registry_revision

# Word for word the same in SQLite and PostgreSQL.
_MOVE_ON = text(
    "INSERT INTO registry_revision (id, revision) VALUES (1, 1)"
    " ON CONFLICT (id) DO UPDATE SET revision = registry_revision.revision + 1"
)


async def revision(unit: Unit) -> int:
    """The registry's present revision; 0 before the first change."""
    return (await unit.execute(select(registry_revision.c.revision))).scalar_one_or_none() or 0


async def move_on(unit: Unit) -> None:
    """Say that the registry changes in this unit. Call it before the change itself.

    The lock of this one row makes changes of the registry wait for each other, so that what is looked up
    afterwards in the same unit is still true when it is written.
    """
    await unit.execute(_MOVE_ON)
