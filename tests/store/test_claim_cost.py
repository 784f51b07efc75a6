"""Does a claim cost its database the same whatever came before it? By the rows that are read."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import ScalarSelect, func, insert, literal_column, select, text

from claimgw.errors import Conflict
from claimgw.ids import new_id
from claimgw.store import attempts, probes
from claimgw.store.database import Database, Unit
from claimgw.store.glance import Glance, Mentioned, glance
from claimgw.store.prepared import Prepared
from claimgw.store.tables import attempt, exchange, history_start, imported, message, relation, statement
from tests.gateway import FALCON, HOSPITAL

NOW = datetime(2026, 11, 1, 8, tzinfo=UTC)
MANY = 2000
FEW = 60
ATTEMPTS = [new_id(NOW) for _ in range(MANY)]
NOTHING = Glance(
    used=False,
    requests=False,
    relations=False,
    statements=False,
    authorizations=False,
    imported=False,
    since=date(2026, 1, 1),
)


def mentioned(name: str) -> Mentioned:
    """A message all of whose values begin so."""
    return Mentioned(
        sender=HOSPITAL,
        bundle_id=f"{name}-bundle",
        header_id=f"{name}-header",
        provider=HOSPITAL,
        insurer=FALCON,
        among=HOSPITAL,
        requests=[f"{name}-claim"],
        relations=[f"{name}-invoice", f"{name}-episode"],
        statements=[f"{name}-answer"],
        authorizations=[f"{name}-authorization"],
    )


async def fill(unit: Unit) -> None:
    """Requests of one provider, all under way, with all that a message may mention."""
    ids = [new_id(NOW) for _ in range(MANY)]
    pair = {"provider": HOSPITAL, "insurer": FALCON}
    await unit.execute(
        insert(message),
        [
            {"id": one, "bundle_id": f"{one}-bundle", "header_id": f"{one}-header", "sender": HOSPITAL}
            | {"receiver": FALCON, "event": "claim-request", "size": 1, "received_at": NOW}
            for one in ids
        ],
    )
    state = {"state": "in-flight", "waiting": True, "due_at": NOW, "revision": 1}
    await unit.execute(
        insert(exchange),
        [
            {**pair, **state, "id": one, "event": "claim-request", "focal_value": f"{one}-claim"}
            | {"focal_type": "Claim", "focal_system": "urn:c", "created_at": NOW, "changed_at": NOW}
            for one in ids
        ],
    )
    await unit.execute(
        insert(relation),
        [
            {"exchange_id": one, "kind": kind, "system": "urn:r", "value": f"{one}-{kind}"}
            for one in ids
            for kind in ("invoice", "episode")
        ],
    )
    await unit.execute(
        insert(attempt),
        [
            {"id": own, "exchange_id": one, "number": 1, "node": "here", "opened_at": NOW}
            for own, one in zip(ATTEMPTS, ids, strict=True)
        ],
    )
    await unit.execute(
        insert(statement),
        [
            {**pair, "message_id": one, "position": 0, "event": "claim-response", "value": f"{one}-answer"}
            | {"authorization": f"{one}-authorization", "by_gateway": False}
            for one in ids
        ],
    )
    await unit.execute(
        insert(imported),
        [
            {**pair, "type": "Claim", "system": "urn:c", "value": f"{one}-before", "event": "claim-request"}
            | {"standing": "answered", "imported_at": NOW}
            for one in ids
        ],
    )
    if unit.dialect.name == "postgresql":
        await unit.execute(select(func.pg_stat_force_next_flush()))


async def begun(database: Database) -> None:
    """The work of one claim is asked for while the tables are empty: whatever is planned once is planned."""
    async with database.write() as unit:
        await unit.execute(insert(history_start), [_BEGINNING])
    async with database.read() as unit:
        assert await glance(unit, mentioned("first")) == NOTHING
    with pytest.raises(Conflict):
        await close(database, new_id(NOW))


_BEGINNING: dict[str, Any] = {
    "provider": HOSPITAL,
    "insurer": FALCON,
    "since": NOTHING.since,
    "set_by": "",
    "set_at": NOW,
}


async def close(database: Database, attempt_id: str) -> None:
    async with database.write() as unit:
        attempts.close(unit, attempt_id, at=NOW, outcome="complete", detail="", answer_id=None)


async def test_a_claim_is_looked_up_and_settled_by_few_rows_even_if_all_was_planned_on_empty_tables(
    database: Database,
) -> None:
    await begun(database)
    async with database.write() as unit:
        await fill(unit)
    before = await rows_read(database)
    async with database.read() as unit:
        assert await glance(unit, mentioned("new")) == NOTHING
    await close(database, ATTEMPTS[-1])
    assert await rows_read(database) - before <= FEW


async def test_sqlite_walks_through_no_table_for_a_claim(database: Database) -> None:
    if not database.embedded:
        return  # it is asked for the rows themselves, above
    said: list[tuple[str, Sequence[Any]]] = []
    async with database.read() as unit:
        probes.listeners.append(lambda *told: said.append(told))
        await glance(unit, mentioned("new"))
        probes.listeners.pop()
        [(question, given)] = said
        plan = await unit.run_sync(
            lambda connection: connection.exec_driver_sql(
                f"EXPLAIN QUERY PLAN {question}", tuple(given)
            ).all()
        )
    steps = [row.detail for row in plan]
    assert sum("USING INDEX" in step or "USING COVERING INDEX" in step for step in steps) == 9
    assert [step for step in steps if step.startswith("SCAN") and "VIRTUAL" not in step] == [
        "SCAN CONSTANT ROW"
    ]


async def rows_read(database: Database) -> int:
    """By all that was asked of the driver's own connections so far; 0 on SQLite, which does not count."""
    if database.embedded:
        return 0
    async with database.read() as unit:
        await unit.ask(_TELL)
        [(of_tables, of_indexes)] = await unit.ask(_READ)
    return int(of_tables + of_indexes)


def _sum(counted: str, told_by: str) -> ScalarSelect[Any]:
    return select(func.sum(literal_column(counted))).select_from(text(told_by)).scalar_subquery()


# A session tells what it has read only now and then, unless it is told to.
_TELL = Prepared(select(func.pg_stat_force_next_flush()))
_READ = Prepared(
    select(_sum("seq_tup_read", "pg_stat_user_tables"), _sum("idx_tup_read", "pg_stat_user_indexes"))
)
