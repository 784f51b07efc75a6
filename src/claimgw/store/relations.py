"""What do requests have in common: an episode, an invoice, an encounter, a batch, a patient?"""

from collections.abc import Iterable, Sequence

from sqlalchemy import select, tuple_

from claimgw.store.database import Unit
from claimgw.store.exchanges import as_exchange
from claimgw.store.records import Exchange
from claimgw.store.tables import exchange, message, relation

Relation = tuple[str, str, str]  # kind, system, value
_MOST_SHARED = 500


async def relate(unit: Unit, exchange_id: str, relations: Iterable[Relation]) -> None:
    """Keep what a request names; each once."""
    rows = [
        {"exchange_id": exchange_id, "kind": kind, "system": system, "value": value}
        for kind, system, value in relations
    ]
    unit.put(relation, rows)


async def naming(
    unit: Unit, provider: str, relations: Sequence[Relation], *, most: int
) -> list[tuple[Relation, Exchange, str]]:
    """The newest requests of a provider that name any of these, with their header ids; `most` in all."""
    if not relations:
        return []
    of = relation.c
    query = (
        select(of.kind, of.system, of.value, message.c.header_id, exchange)
        .join(exchange, exchange.c.id == of.exchange_id)
        .join(message, message.c.id == of.exchange_id)
        .where(
            # The values alone first: they are what the index has.
            of.value.in_({value for _, _, value in relations}),
            tuple_(of.kind, of.system, of.value).in_(list(relations)),
            exchange.c.provider == provider,
        )
        .order_by(of.exchange_id.desc())
        .limit(most)
    )
    rows = await unit.execute(query)
    return [((row[0], row[1], row[2]), as_exchange(row[4:]), row[3]) for row in rows]


async def shared(unit: Unit, provider: str, kind: str, exchange_ids: Sequence[str]) -> list[Relation]:
    """What any of these names that another request of their provider names too; at most 500."""
    mine, theirs = relation.alias("mine"), relation.alias("theirs")
    query = (
        select(mine.c.kind, mine.c.system, mine.c.value)
        .distinct()
        .join(theirs, (theirs.c.value == mine.c.value) & (theirs.c.kind == mine.c.kind))
        .join(exchange, exchange.c.id == theirs.c.exchange_id)
        .where(
            mine.c.exchange_id.in_(exchange_ids),
            mine.c.kind == kind,
            theirs.c.system == mine.c.system,
            theirs.c.exchange_id != mine.c.exchange_id,
            exchange.c.provider == provider,
        )
        .limit(_MOST_SHARED)
    )
    return [(row.kind, row.system, row.value) for row in await unit.execute(query)]


async def of_exchanges(unit: Unit, exchange_ids: Sequence[str]) -> dict[str, list[Relation]]:
    """What each of these requests names; one that names nothing is missing."""
    found: dict[str, list[Relation]] = {}
    if exchange_ids:
        rows = await unit.execute(select(relation).where(relation.c.exchange_id.in_(exchange_ids)))
        for row in rows:
            found.setdefault(row.exchange_id, []).append((row.kind, row.system, row.value))
    return found
