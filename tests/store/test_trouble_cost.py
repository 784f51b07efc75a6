"""Does it cost the same to look for what is wrong, whatever waits and was answered? By the rows touched."""

from datetime import timedelta

from claimgw.store import troubles
from claimgw.store.database import Database
from tests.gateway import FALCON, HOSPITAL, register
from tests.store import test_lane_cost, test_mailbox_cost
from tests.store.test_mailbox_cost import FEW, MANY, NOW, record


async def test_a_look_for_what_is_wrong_touches_few_rows_whatever_waits(database: Database) -> None:
    await register(database, HOSPITAL)
    await register(database, FALCON)
    since = NOW - timedelta(seconds=899)
    async with database.write() as unit:
        await test_lane_cost.fill(unit)
        await test_mailbox_cost.fill(unit)
        exchanges = await unit.run_sync(lambda connection: record(connection, "exchange"))
        boxes = await unit.run_sync(record)
        assert await troubles.unusable_answers(unit, since, 0.2) == []
        assert not await troubles.usable(unit, FALCON, since)
        assert await troubles.endings_of_unusable(unit, FALCON, since) == []
        assert await troubles.dead_letters(unit) == []
        assert [provider for provider, _ in await troubles.oldest_waiting(unit, NOW)] == [HOSPITAL]
        touched = [said for one in (exchanges, boxes) for said in await unit.run_sync(one.touched)]
        # An insurer that is down is the one case in which it is counted.
        assert await troubles.waiting(unit, FALCON) == MANY
    assert len(touched) == 5
    assert [said for rows, said in touched if rows > FEW] == []
