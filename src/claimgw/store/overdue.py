"""What has waited for too long, and do others of the same insurer get through meanwhile?"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, func, literal, literal_column, or_, select

from claimgw.messages.identifiers import LicenceKind
from claimgw.store.database import Unit
from claimgw.store.exchanges import as_exchange
from claimgw.store.lines import standing_at
from claimgw.store.records import Author, Exchange, State
from claimgw.store.tables import attempt, exchange, participant, redriven

_TRIED = (State.HELD, State.UNCONFIRMED)


async def lanes_waiting_since(unit: Unit, before: datetime) -> list[str]:
    """The insurers for which something waits since then: a look into the index for each."""
    query = select(participant.c.licence).where(
        participant.c.licence.like(f"{LicenceKind.PAYER}:%"), or_(*(_any(one, before) for one in _TRIED))
    )
    return [licence for (licence,) in await unit.execute(query)]


def _any(state: State, before: datetime) -> ColumnElement[bool]:
    # A value, not EXISTS: PostgreSQL might answer that by hashing all that is held.
    one = (
        select(literal(1))
        .select_from(exchange)
        .where(
            exchange.c.insurer == participant.c.licence,
            *_since(before),
            *standing_at(state),
        )
        .limit(1)
    )
    return one.correlate(participant).scalar_subquery().is_not(None)


async def waiting_since(unit: Unit, insurer: str, before: datetime, most: int) -> list[Exchange]:
    """What waits there for an attempt since then, oldest first; not what is in flight."""
    found: list[Exchange] = []
    for state in _TRIED:
        query = (
            select(exchange)
            .where(exchange.c.insurer == insurer, *_since(before), *standing_at(state))
            .order_by(exchange.c.created_at)
            .limit(most)
        )
        found += map(as_exchange, await unit.execute(query))
    return sorted(found, key=lambda held: (held.created_at, held.id))[:most]


def _since(before: datetime) -> tuple[ColumnElement[bool], ...]:
    """Accepted by then, and if it was sent again by an operator, that was by then too."""
    last = select(func.max(redriven.c.at)).where(redriven.c.exchange_id == exchange.c.id)
    again = last.correlate(exchange).scalar_subquery()
    return exchange.c.created_at <= before, func.coalesce(again, exchange.c.created_at) <= before


async def others_through(
    unit: Unit, apart: Exchange, outcomes: Collection[str], since: datetime, until: datetime
) -> bool:
    """Whether between the two another message of that insurer came to one of these ends."""
    rows = await unit.execute(
        select(exchange.c.id)
        .join(attempt, attempt.c.exchange_id == exchange.c.id)
        .where(
            exchange.c.insurer == apart.insurer,
            _by_insurer(),
            exchange.c.changed_at >= since,
            exchange.c.id != apart.id,
            attempt.c.closed_at.between(since, until),
            attempt.c.outcome.in_(outcomes),
        )
        .limit(1)
    )
    return rows.first() is not None


def _by_insurer() -> ColumnElement[bool]:
    # A literal: SQLite uses the partial index only if its words stand in the query.
    return exchange.c.answered_by == literal_column(f"'{Author.INSURER}'")
