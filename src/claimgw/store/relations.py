"""What do requests have in common: an episode, an invoice, an encounter, a batch, a patient?"""

from collections.abc import Iterable, Sequence

from sqlalchemy import insert, select, tuple_

from claimgw.store.database import Unit
from claimgw.store.exchanges import as_exchange
from claimgw.store.records import Exchange
from claimgw.store.tables import exchange, relation

Relation = tuple[str, str, str]  # kind, system, value


async def relate(unit: Unit, exchange_id: str, relations: Iterable[Relation]) -> None:
    """Keep what a request names; each once."""
    rows = [
        {"exchange_id": exchange_id, "kind": kind, "system": system, "value": value}
        for kind, system, value in relations
    ]
    if rows:
        await unit.execute(insert(relation), rows)


async def naming(
    unit: Unit, provider: str, relations: Sequence[Relation], *, events: Sequence[str], most: int
) -> list[tuple[Relation, Exchange]]:
    """The newest requests of a provider, of these events, that name any of these; `most` in all."""
    if not relations:
        return []
    query = (
        select(relation.c.kind, relation.c.system, relation.c.value, exchange)
        .join(exchange, exchange.c.id == relation.c.exchange_id)
        .where(
            tuple_(relation.c.kind, relation.c.system, relation.c.value).in_(list(relations)),
            exchange.c.provider == provider,
            exchange.c.event.in_(events),
        )
        .order_by(relation.c.exchange_id.desc())
        .limit(most)
    )
    return [((row[0], row[1], row[2]), as_exchange(row[3:])) for row in await unit.execute(query)]


async def of_exchange(unit: Unit, exchange_id: str) -> list[Relation]:
    """What one request names."""
    rows = await unit.execute(
        select(relation.c.kind, relation.c.system, relation.c.value)
        .where(relation.c.exchange_id == exchange_id)
        .order_by(relation.c.kind, relation.c.system, relation.c.value)
    )
    return [(row.kind, row.system, row.value) for row in rows]


async def by_value(unit: Unit, provider: str, kind: str, value: str, most: int) -> list[Exchange]:
    """The requests of a provider that name this value, in whatever system, newest first."""
    query = (
        select(exchange)
        .distinct()
        .join(relation, relation.c.exchange_id == exchange.c.id)
        .where(relation.c.value == value, relation.c.kind == kind, exchange.c.provider == provider)
        .order_by(exchange.c.id.desc())
        .limit(most)
    )
    return [as_exchange(row) for row in await unit.execute(query)]
