"""Which insurers are taken for down, as all nodes know it? A row is written when that changes only."""

from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from claimgw.errors import Conflict
from claimgw.store.database import Unit
from claimgw.store.tables import breaker

_LONGEST_REASON = 250


class Position(StrEnum):
    """Of a circuit breaker."""

    CLOSED = "closed"  # messages go through
    OPEN = "open"  # nothing is sent
    HALF_OPEN = "half-open"  # one probe is under way


@dataclass(frozen=True, slots=True)
class Circuit:
    """One insurer's breaker. `since`: when it opened, or closed; a probe does not change it.

    `probe_at`: from then on somebody may probe; while a probe is under way, when its node counts as dead.
    `opened` counts how often it opened, `revision` every change; 0: it is not in the store yet.
    """

    licence: str
    state: Position
    since: datetime
    reason: str = ""
    opened: int = 0
    probe_at: datetime | None = None
    prober: str | None = None
    revision: int = 0


async def find_circuit(unit: Unit, licence: str) -> Circuit | None:
    rows = await unit.execute(select(breaker).where(breaker.c.licence == licence))
    row = rows.one_or_none()
    return _as_circuit(row._mapping) if row else None


async def all_circuits(unit: Unit) -> list[Circuit]:
    """Of every insurer that was ever taken for down."""
    rows = await unit.execute(select(breaker).order_by(breaker.c.licence))
    return [_as_circuit(row._mapping) for row in rows]


async def write_circuit(unit: Unit, new: Circuit) -> None:
    """Write what follows from revision `new.revision - 1`. Raises Conflict if somebody was faster."""
    values = {**asdict(new), "state": new.state.value, "reason": new.reason[:_LONGEST_REASON]}
    if new.revision == 1:
        try:
            await unit.execute(insert(breaker).values(values))
        except IntegrityError as fault:
            raise Conflict("the breaker was changed by another node") from fault
        return
    done = await unit.execute(
        update(breaker)
        .where(breaker.c.licence == new.licence, breaker.c.revision == new.revision - 1)
        .values(values)
    )
    if done.rowcount != 1:
        raise Conflict("the breaker was changed by another node")


def _as_circuit(values: Any) -> Circuit:
    return Circuit(**{**values, "state": Position(values["state"])})
