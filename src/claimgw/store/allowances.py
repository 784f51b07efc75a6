"""How much of an insurer's rate have the nodes taken together? A row moves once a slice, not per call."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from claimgw.errors import Conflict
from claimgw.store.database import Unit
from claimgw.store.tables import allowance


@dataclass(frozen=True, slots=True)
class Allowance:
    """`taken` calls of what has run up since then."""

    licence: str
    since: datetime
    taken: int


async def find_allowance(unit: Unit, licence: str) -> Allowance | None:
    rows = await unit.execute(select(allowance).where(allowance.c.licence == licence))
    row = rows.one_or_none()
    return Allowance(**row._mapping) if row else None


async def write_allowance(unit: Unit, read: Allowance | None, new: Allowance) -> None:
    """Put `new` in the place of `read`. Raises Conflict if somebody was faster."""
    if read is None:
        try:
            await unit.execute(
                insert(allowance).values(licence=new.licence, since=new.since, taken=new.taken)
            )
        except IntegrityError as fault:
            raise Conflict("another node took a slice") from fault
        return
    done = await unit.execute(
        update(allowance)
        .where(
            allowance.c.licence == read.licence,
            allowance.c.since == read.since,
            allowance.c.taken == read.taken,
        )
        .values(since=new.since, taken=new.taken)
    )
    if done.rowcount != 1:
        raise Conflict("another node took a slice")
