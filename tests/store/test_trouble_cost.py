"""What does a look for what is wrong count, and does it cost the same whatever waits? By the rows touched."""

from datetime import timedelta

from claimgw.ids import new_id
from claimgw.store import messages, troubles
from claimgw.store.database import Database
from claimgw.store.records import Message
from claimgw.store.troubles import Unusable
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


async def test_refused_answers_count_from_a_moment_on_with_the_codes_that_fit(database: Database) -> None:
    await register(database, FALCON)
    codes = [f"BV-{number:05}" for number in range(40)]
    async with database.write() as unit:
        for second in range(3):
            at = NOW + timedelta(seconds=second)
            name = new_id(at)
            kept = Message(name, FALCON, HOSPITAL, "claim-response", name, name, 2, at)
            await messages.keep(unit, kept, b"{}")
            troubles.note_refused(unit, kept, codes[second : second + 1] if second else codes)
    async with database.read() as unit:
        since = NOW - timedelta(seconds=1)
        told = await troubles.codes_of_refused(unit, FALCON, since)
        assert told == ["BV-00002", "BV-00001", ", ".join(codes[:25])]
        assert await troubles.unusable_answers(unit, since, 0.2) == [Unusable(FALCON, 3, 0)]
        later = NOW + timedelta(seconds=1)
        assert await troubles.unusable_answers(unit, later, 0.2) == [Unusable(FALCON, 1, 0)]
