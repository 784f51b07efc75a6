"""Does a poll cost the same whatever waits, was delivered or is unconfirmed? By the rows that are touched."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, event, insert, text

from claimgw.ids import new_id
from claimgw.store import mailbox, offers, probes
from claimgw.store.database import Database, Unit
from claimgw.store.delivered import Place, deliveries
from claimgw.store.mailbox import Selection
from claimgw.store.offers import Offer
from claimgw.store.tables import mailbox as box
from claimgw.store.tables import message
from tests.gateway import FALCON, HOSPITAL, register

NOW = datetime(2026, 11, 1, 8, tzinfo=UTC)
MANY = 3000
# What one statement may touch, with what it passes by.
FEW = 60
COUNT = 10
MINE, OTHER = new_id(NOW), new_id(NOW)
POLL = new_id(NOW)
_EARLY, _LATE = NOW - timedelta(seconds=900), NOW + timedelta(seconds=240)

# The rows of a kind came at one moment: only an index in the right order spares a sort of them all.
KINDS: list[dict[str, Any]] = [
    {"event": "claim-response"},
    {"event": "claim-response", "delivered_at": _EARLY, "confirmed_at": _EARLY, "poll_id": POLL},
    {"event": "claim-response", "delivered_at": _EARLY, "reserved_until": _LATE, "client": OTHER},
    {"event": "claim-response", "delivered_at": _EARLY, "reserved_until": _EARLY, "client": OTHER},
]


async def fill(unit: Unit) -> None:
    """A mailbox with MANY messages of each kind, and two of an event that is rare."""
    kinds = [kind for kind in KINDS for _ in range(MANY)] + [{"event": "communication-request"}] * 2
    ids = [new_id(NOW) for _ in kinds]
    whole = {"sender": FALCON, "receiver": HOSPITAL, "bundle_id": "b", "header_id": "h", "size": 1}
    event_of = [{"id": one, "event": kind["event"]} for one, kind in zip(ids, kinds, strict=True)]
    rows = [*event_of, {"id": POLL, "event": "poll-request"}]
    await unit.execute(insert(message), [{**whole, **row, "received_at": _EARLY} for row in rows])
    none = dict.fromkeys(("delivered_at", "confirmed_at", "reserved_until", "client", "poll_id"))
    about = {"about_system": "urn:claims"}
    await unit.execute(
        insert(box),
        [
            {**none, **about, **kind, "message_id": one, "about_value": one, "provider": HOSPITAL}
            | {"size": 1, "queued_at": _EARLY}
            for one, kind in zip(ids, kinds, strict=True)
        ],
    )
    await unit.execute(text("ANALYZE"))


@dataclass
class Recorded:
    """What was said to the database about that table."""

    statements: list[tuple[str, Any]]
    table: str = "mailbox"

    def touched(self, connection: Connection) -> list[tuple[int, str]]:
        """Rows that each statement touches, and what it says; on SQLite none, or MANY for a scan or sort."""
        return [(_touched(connection, self.table, said, given), said) for said, given in self.statements]


def record(connection: Connection, table: str = "mailbox") -> Recorded:
    """From now on, until the connection is closed."""
    found = Recorded([], table)

    @event.listens_for(connection, "before_cursor_execute")
    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, _x: Any, many: bool) -> None:
        if not many and table in statement and not statement.startswith("EXPLAIN"):
            found.statements.append((statement, parameters))

    return found


def _touched(connection: Connection, table: str, said: str, given: Any) -> int:
    if connection.dialect.name == "sqlite":
        steps = [row.detail for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {said}", given)]
        bad = [step for step in steps if step.startswith((f"SCAN {table}", "SCAN message"))]
        return MANY if bad or any("USE TEMP B-TREE FOR ORDER BY" in step for step in steps) else 0
    told = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {said}", given).scalar_one()
    [plan] = json.loads(told) if isinstance(told, str) else told
    return _rows(plan["Plan"])


def _rows(node: dict[str, Any]) -> int:
    """Of the largest step."""
    own = (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
    return max([int(own), *map(_rows, node.get("Plans", []))])


def selection(**asked: Any) -> Callable[[Unit], Awaitable[object]]:
    return lambda unit: mailbox.waiting(unit, HOSPITAL, Selection(COUNT, **asked), NOW)


async def poll(unit: Unit) -> None:
    """All that one poll does to the mailbox, and what it confirms."""
    found = await mailbox.waiting(unit, HOSPITAL, Selection(COUNT), NOW)
    given = [Offer(entry, 0) for entry in found]
    ids = [entry.message_id for entry in found]
    await offers.reserve(unit, POLL, given, now=NOW, until=_LATE)
    await offers.of_poll(unit, POLL)
    await offers.renew(unit, POLL, ids, until=_LATE)
    await offers.deliver(unit, POLL, ids, client=MINE, now=NOW, again=_LATE)
    await offers.confirm_earlier(unit, HOSPITAL, POLL, client=MINE, polled_at=NOW, now=NOW)
    await offers.confirm(unit, POLL, NOW)


async def asking(unit: Unit) -> None:
    """What is asked between polls: the tag, the doorbell, what was delivered."""
    assert await mailbox.newest_waiting(unit, [HOSPITAL], NOW)
    await deliveries(unit, HOSPITAL, begin=_EARLY, end=NOW, after=Place(_EARLY, MINE), most=COUNT)


RARE = frozenset({"communication-request"})
COMMON = frozenset({"claim-response"})


WORK = [
    poll,
    asking,
    selection(include=COMMON),
    selection(include=RARE),
    selection(exclude=RARE),
    selection(exclude=COMMON),
    selection(received_from=_EARLY, received_to=NOW),
    selection(about=("urn:claims", "another")),
]


async def test_a_poll_touches_few_rows_whatever_it_asks_for(database: Database) -> None:
    await register(database, HOSPITAL)
    async with database.write() as unit:
        await fill(unit)
        recorded = await unit.run_sync(record)
        for work in WORK:
            await work(unit)
        touched = await unit.run_sync(recorded.touched)
    assert len(touched) > 2 * len(WORK)
    assert [said for rows, said in touched if rows > FEW] == []


async def test_that_something_waits_is_known_from_few_rows(database: Database) -> None:
    await register(database, HOSPITAL)
    async with database.write() as unit:
        await fill(unit)
    asked: list[tuple[str, Any]] = []
    async with database.read() as unit:
        probes.listeners.append(lambda said, given: asked.append((said, tuple(given))))
        assert await mailbox.any_waiting(unit, HOSPITAL, NOW)
        probes.listeners.pop()
        [(rows, _)] = await unit.run_sync(Recorded(asked).touched)
    assert rows <= FEW
