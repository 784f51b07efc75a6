"""Does a look at the lanes cost the same whatever they hold, and nothing for those that hold nothing?"""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, text

from claimgw.ids import new_id
from claimgw.store import lanes, probes
from claimgw.store.database import Database, Unit
from claimgw.store.tables import exchange, message
from tests.gateway import FALCON, HOSPITAL
from tests.store.test_mailbox_cost import FEW, MANY, Recorded, record

NOW = datetime(2026, 11, 1, 8, tzinfo=UTC)
LATER = NOW + timedelta(seconds=75)
IDLE = 500


async def fill(unit: Unit) -> None:
    """One lane with MANY that are all due at the same moment, and lanes whose only request is answered."""
    held = [(FALCON, "held", NOW - timedelta(days=1)) for _ in range(MANY)]
    ended = [(f"payer:IDLE-{number}", "answered", None) for number in range(IDLE)]
    rows = [(new_id(NOW), *row) for row in [*held, *ended]]
    whole: dict[str, Any] = {"event": "claim-request", "sender": HOSPITAL, "bundle_id": "b", "header_id": "h"}
    own = [{"id": one, "receiver": insurer, "received_at": NOW, "size": 1} for one, insurer, _, _ in rows]
    await unit.execute(insert(message), [{**whole, **row} for row in own])
    whole = {"event": "claim-request", "provider": HOSPITAL, "created_at": NOW, "changed_at": NOW}
    await unit.execute(
        insert(exchange),
        [
            {**whole, "id": one, "insurer": insurer, "state": state, "due_at": due, "waiting": False}
            | {"revision": 1}
            for one, insurer, state, due in rows
        ],
    )
    await unit.execute(text("ANALYZE"))


def recorded(connection: Connection) -> Recorded:
    return record(connection, "exchange")


async def test_a_look_touches_few_rows_whatever_is_held_and_however_many_lanes_there_are(
    database: Database,
) -> None:
    async with database.write() as unit:
        await fill(unit)
        found = await unit.run_sync(recorded)
        assert await lanes.lanes_due(unit, NOW) == [FALCON]
        due = [held.id for held in await lanes.due(unit, FALCON, NOW, 4)]
        assert await lanes.unchecked(unit, FALCON, NOW, 4) == []
        # It stands outside of the transaction and sees nothing of it; what it asks is explained in it.
        probes.listeners.append(lambda said, given: found.statements.append((said, tuple(given))))
        await lanes.front(unit, FALCON, NOW, LATER, 4)
        probes.listeners.pop()
        touched = await unit.run_sync(found.touched)
    assert due == sorted(due)
    assert len(touched) == 4
    assert [said for rows, said in touched if rows > FEW] == []
