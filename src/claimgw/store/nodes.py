"""Which processes are at work, how often has each beaten, and what did one leave open?"""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import delete, func, insert, select, update

from claimgw.store.database import Unit
from claimgw.store.exchanges import as_exchange
from claimgw.store.records import Attempt, Exchange
from claimgw.store.tables import attempt, exchange, node

# As many attempts are taken over in one go, a few seconds' work; the rest with the next beat.
_MOST = 500


@dataclass(frozen=True, slots=True)
class Node:
    """A process. `beat` counts; `beaten_at` is by its own clock, and only for people to read."""

    name: str
    role: str
    release: str
    started_at: datetime
    beat: int
    beaten_at: datetime


async def join(unit: Unit, new: Node) -> None:
    """Let the others know of a process."""
    await unit.execute(insert(node).values(**asdict(new)))


async def move_on(unit: Unit, name: str, at: datetime) -> bool:
    """Beat once; False if the process has been swept meanwhile."""
    done = await unit.execute(
        update(node).where(node.c.name == name).values(beat=node.c.beat + 1, beaten_at=at)
    )
    return done.rowcount == 1


async def all_nodes(unit: Unit) -> list[Node]:
    """The oldest first."""
    rows = await unit.execute(select(node).order_by(node.c.started_at, node.c.name))
    return [Node(**row._mapping) for row in rows]


async def count(unit: Unit, role: str, since: datetime) -> int:
    """How many processes of that role have beaten since then, by their own clocks."""
    query = select(func.count()).where(node.c.role == role, node.c.beaten_at >= since)
    return int((await unit.execute(query)).scalar_one())


async def leave(unit: Unit, name: str) -> None:
    """The process ends."""
    await unit.execute(delete(node).where(node.c.name == name))


async def sweep(unit: Unit, dead: Node) -> bool:
    """Forget a process that beats no more; False if it has beaten since it was read."""
    done = await unit.execute(delete(node).where(node.c.name == dead.name, node.c.beat == dead.beat))
    return done.rowcount == 1


async def left_open(
    unit: Unit, names: Collection[str], before: datetime | None = None
) -> list[tuple[Attempt, Exchange]]:
    """Attempts that these processes have open, each with its exchange; the oldest 500, opened before then."""
    query = (
        select(attempt, exchange)
        .join(exchange, exchange.c.id == attempt.c.exchange_id)
        .where(attempt.c.closed_at.is_(None), attempt.c.node.in_(names))
        .order_by(attempt.c.opened_at)
        .limit(_MOST)
    )
    rows = await unit.execute(query.where(attempt.c.opened_at < before) if before else query)
    width = len(attempt.c)
    return [
        (Attempt(**dict(zip(attempt.c.keys(), row[:width], strict=True))), as_exchange(row[width:]))
        for row in rows
    ]


async def open_by_node(unit: Unit) -> dict[str, int]:
    """How many attempts each process has open; those with none are left out."""
    rows = await unit.execute(
        select(attempt.c.node, func.count()).where(attempt.c.closed_at.is_(None)).group_by(attempt.c.node)
    )
    return {row[0]: row[1] for row in rows}
