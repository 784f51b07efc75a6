"""Where does delivery stand still because somebody said so?"""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select

from claimgw.store.database import Unit
from claimgw.store.revision import move_on
from claimgw.store.tables import pause

EVERYWHERE = "*"


@dataclass(frozen=True, slots=True)
class Pause:
    """`scope` is a licence, or EVERYWHERE. `by` names the operator, or the part of the gateway."""

    scope: str
    reason: str
    since: datetime
    by: str


async def set_pause(unit: Unit, new: Pause) -> bool:
    """Hold delivery. False if it is held there already; that pause stays as it is."""
    await move_on(unit)
    if (await unit.execute(select(pause.c.scope).filter_by(scope=new.scope))).one_or_none() is not None:
        return False
    await unit.execute(insert(pause).values(**asdict(new)))
    return True


async def end_pause(unit: Unit, scope: str) -> bool:
    """Let delivery go on. False if it was not held there."""
    await move_on(unit)
    return (await unit.execute(delete(pause).filter_by(scope=scope))).rowcount == 1


async def all_pauses(unit: Unit) -> list[Pause]:
    """The oldest first."""
    rows = await unit.execute(select(pause).order_by(pause.c.since, pause.c.scope))
    return [Pause(row.scope, row.reason, row.since, row.by) for row in rows]
