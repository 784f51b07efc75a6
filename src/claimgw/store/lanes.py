"""Which lanes have something due, and what is next in one? Neither costs more because more is held."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, or_, select, update

from claimgw.store.database import Unit
from claimgw.store.exchanges import as_exchange
from claimgw.store.lines import standing_at
from claimgw.store.records import UNDELIVERED, Exchange, State
from claimgw.store.tables import exchange

_UNDELIVERED = [state.value for state in UNDELIVERED]
# Waits that end when a lane comes to a stand: of what failed shortly before, hardly ever more. What has been
# due for longer than that has its place by now, and is not looked through.
_MOST_RECALLED, _LATELY = 1000, timedelta(hours=1)


async def lanes_due(unit: Unit, now: datetime) -> list[str]:
    """The insurers for which something is due.

    From one insurer to the next through the index: a plain DISTINCT would read everything that is held.
    """
    first = select(func.min(exchange.c.insurer).label("insurer")).where(exchange.c.due_at.is_not(None))
    lane = first.cte("lane", recursive=True)
    following = (
        select(func.min(exchange.c.insurer))
        .where(exchange.c.due_at.is_not(None), exchange.c.insurer > lane.c.insurer)
        .correlate(lane)
        .scalar_subquery()
    )
    lane = lane.union_all(select(following).where(lane.c.insurer.is_not(None)))
    due_there = (
        select(exchange.c.id)
        .where(exchange.c.insurer == lane.c.insurer, exchange.c.due_at <= now, _on_its_turn())
        .correlate(lane)
    )
    rows = await unit.execute(select(lane.c.insurer).where(due_there.exists()))
    return [insurer for (insurer,) in rows]


async def due(unit: Unit, insurer: str, now: datetime, most: int) -> list[Exchange]:
    """What is due in one lane, oldest first; of one case nothing before what it is about."""
    query = (
        select(exchange)
        .where(exchange.c.insurer == insurer, exchange.c.due_at <= now, _on_its_turn())
        .order_by(exchange.c.due_at, exchange.c.id)
        .limit(most)
    )
    return [as_exchange(row) for row in await unit.execute(query)]


async def unchecked(unit: Unit, insurer: str, now: datetime, most: int) -> list[Exchange]:
    """Large claims for that insurer that are due to be looked into, oldest first."""
    query = (
        select(exchange)
        .where(exchange.c.insurer == insurer, *standing_at(State.UNCHECKED), exchange.c.due_at <= now)
        .order_by(exchange.c.created_at)
        .limit(most)
    )
    return [as_exchange(row) for row in await unit.execute(query)]


async def in_flight(unit: Unit, insurer: str, now: datetime, until: datetime) -> int:
    """How many attempts are open there whose provider does not wait for them, whoever makes them.

    `until` is no earlier than any lease of an attempt that begins now.
    """
    rows = await unit.execute(
        select(func.count()).where(
            exchange.c.insurer == insurer,
            exchange.c.due_at > now,
            exchange.c.due_at <= until,
            exchange.c.state == State.IN_FLIGHT.value,
            exchange.c.waiting.is_(False),
        )
    )
    return int(rows.scalar_one())


async def end_waits(unit: Unit, insurer: str, now: datetime) -> None:
    """Put what waits, or lately waited, for its own next attempt back in its place in the lane."""
    waiting = (
        select(exchange.c.id)
        .where(
            exchange.c.insurer == insurer,
            exchange.c.due_at > now - _LATELY,
            exchange.c.due_at > exchange.c.created_at,
            exchange.c.state == State.HELD.value,
        )
        .order_by(exchange.c.due_at, exchange.c.id)
        .limit(_MOST_RECALLED)
    )
    await unit.execute(
        update(exchange)
        .where(exchange.c.id.in_(waiting), exchange.c.state == State.HELD.value)
        .values(due_at=exchange.c.created_at, revision=exchange.c.revision + 1)
    )


def _on_its_turn() -> ColumnElement[bool]:
    """Not while the insurer may still lack what the request is about: its claim, its original.

    What is only to be checked may be checked at any time.
    """
    earlier = exchange.alias("earlier")
    # A value, not NOT EXISTS: PostgreSQL would answer that by hashing every exchange there is.
    standing = (
        select(earlier.c.state)
        .where(earlier.c.id == exchange.c.about_id)
        .correlate(exchange)
        .scalar_subquery()
    )
    return or_(
        exchange.c.about_id.is_(None),
        exchange.c.state == State.UNCHECKED.value,
        standing.not_in(_UNDELIVERED),
    )
