"""Which process does what only one is to do for all?"""

from datetime import datetime, timedelta

from sqlalchemy import or_
from sqlalchemy.dialects import postgresql, sqlite

from claimgw.store.database import Unit
from claimgw.store.tables import chore


async def begin(unit: Unit, name: str, node: str, now: datetime, lease: timedelta) -> bool:
    """Whether this node does it: it did so last, or whoever did began a lease ago."""
    dialect = sqlite if unit.dialect.name == "sqlite" else postgresql
    begun = {"begun_at": now, "node": node}
    taken = await unit.execute(
        dialect.insert(chore)
        .values(name=name, **begun)
        .on_conflict_do_update(
            index_elements=["name"],
            set_=begun,
            where=or_(chore.c.node == node, chore.c.begun_at <= now - lease),
        )
    )
    return taken.rowcount == 1
