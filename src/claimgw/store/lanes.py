"""Which lanes have something due, and what is next in one? Neither costs more because more is held."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    String,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    update,
)

from claimgw.store.database import Unit
from claimgw.store.exchanges import as_exchange
from claimgw.store.lines import standing_at
from claimgw.store.prepared import Prepared
from claimgw.store.records import UNDELIVERED, Exchange, State
from claimgw.store.tables import attempt, exchange
from claimgw.store.tables.columns import Instant, Licence

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


@dataclass(frozen=True, slots=True)
class Front:
    """What is due in one lane, oldest first, each with the number of its attempts so far.

    `in_flight`: how many attempts are open there whose provider does not wait for them, whoever makes them.
    Both as they were at one moment: whoever takes the first of them by then has taken it from all others.
    """

    in_flight: int
    due: Sequence[tuple[Exchange, int]]


async def front(unit: Unit, insurer: str, now: datetime, until: datetime, most: int) -> Front:
    """As of now. `until` is no earlier than any lease of an attempt that begins now."""
    rows = await unit.ask(_FRONT, insurer=insurer, now=now, until=until, most=most)
    due = [(as_exchange(columns), made) for *columns, made, _ in rows]
    return Front(rows[0][-1] if rows else 0, due)


async def unchecked(unit: Unit, insurer: str, now: datetime, most: int) -> list[Exchange]:
    """Large claims for that insurer that are due to be looked into, oldest first."""
    query = (
        select(exchange)
        .where(exchange.c.insurer == insurer, *standing_at(State.UNCHECKED), exchange.c.due_at <= now)
        .order_by(exchange.c.created_at)
        .limit(most)
    )
    return [as_exchange(row) for row in await unit.execute(query)]


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
        exchange.c.state == _named(State.UNCHECKED),
        standing.not_in([_named(state) for state in UNDELIVERED]),
    )


def _named(state: State) -> ColumnElement[str]:
    return literal_column(f"'{state}'", String)


def _front() -> Select[Any]:
    now, until = bindparam("now", type_=Instant), bindparam("until", type_=Instant)
    lane = exchange.c.insurer == bindparam("insurer", type_=Licence)
    made = select(func.count()).where(attempt.c.exchange_id == exchange.c.id).correlate(exchange)
    flying = exchange.alias("flying")
    in_flight = select(func.count()).where(
        flying.c.insurer == bindparam("insurer", type_=Licence),
        flying.c.due_at > now,
        flying.c.due_at <= until,
        flying.c.state == _named(State.IN_FLIGHT),
        flying.c.waiting.is_(False),
    )
    return (
        select(exchange, made.scalar_subquery().label("made"), in_flight.scalar_subquery().label("in_flight"))
        .where(lane, exchange.c.due_at <= now, _on_its_turn())
        .order_by(exchange.c.due_at, exchange.c.id)
        .limit(bindparam("most", type_=Integer))
        # For SQLite SQLAlchemy would add one, as a parameter without a name.
        .offset(literal_column("0"))
    )


_FRONT = Prepared(_front())
