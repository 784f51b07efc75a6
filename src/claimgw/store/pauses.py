"""Where does delivery stand still, or is a lane drained, because somebody said so?"""

from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import delete, insert, select

from claimgw.store.database import Unit
from claimgw.store.revision import move_on
from claimgw.store.tables import pause

EVERYWHERE = "*"


class PauseKind(StrEnum):
    """What stands still."""

    HOLD = "hold"  # delivery; what comes in is accepted, and held
    DRAIN = "drain"  # acceptance; what is held is delivered


@dataclass(frozen=True, slots=True)
class Pause:
    """`scope` is a licence, or EVERYWHERE. `by` names the operator, or the part of the gateway."""

    scope: str
    reason: str
    since: datetime
    by: str
    kind: PauseKind = PauseKind.HOLD


async def set_pause(unit: Unit, new: Pause) -> bool:
    """Hold or drain. False if just that is done there already; then it stays as it is."""
    await move_on(unit)
    ended = delete(pause).where(pause.c.scope == new.scope, pause.c.kind != new.kind.value)
    await unit.execute(ended)
    if (await unit.execute(select(pause.c.scope).filter_by(scope=new.scope))).one_or_none() is not None:
        return False
    await unit.execute(insert(pause).values(**{**asdict(new), "kind": new.kind.value}))
    return True


async def end_pause(unit: Unit, scope: str) -> bool:
    """Let delivery, or acceptance, go on. False if neither was held there."""
    await move_on(unit)
    return (await unit.execute(delete(pause).filter_by(scope=scope))).rowcount == 1


async def all_pauses(unit: Unit) -> list[Pause]:
    """The oldest first."""
    rows = await unit.execute(select(pause).order_by(pause.c.since, pause.c.scope))
    return [Pause(row.scope, row.reason, row.since, row.by, PauseKind(row.kind)) for row in rows]
