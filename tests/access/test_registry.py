"""Is the registry in memory never more than 5 s behind the database, and cheap to ask?"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import update

from claimgw.access.callers import Caller, Stranger, Unusable, caller_by_digest
from claimgw.access.registry import Registry
from claimgw.clock import ManualClock
from claimgw.errors import StoreUnavailable
from claimgw.store.credentials import Credential, CredentialKind, add_credential, revoke_credential
from claimgw.store.database import Database
from claimgw.store.participants import Service, add_participant, add_service, block_participant
from claimgw.store.pauses import EVERYWHERE, Pause, end_pause, set_pause
from claimgw.store.tables import participant
from tests.access.registered import NOW, insurer, provider, tpa
from tests.postgres import Postgres

KEY = Credential(
    id="019a3f00-0000-7000-8000-000000000001",
    kind=CredentialKind.KEY,
    label="middleware",
    digest=b"\x01" * 32,
    licences=frozenset({"provider:PR-1001", "provider:PR-1002"}),
    created_at=NOW,
)


@pytest.fixture
async def filled(database: Database) -> Database:
    async with database.write() as unit:
        for record in (provider(), provider("PR-1002"), insurer(), tpa()):
            await add_participant(unit, record)
        await add_service(
            unit, Service("payer:TPA-3001", "payer:INS-2001", date(2026, 1, 1), date(2026, 6, 30))
        )
        await add_service(unit, Service("payer:TPA-3001", "payer:INS-2001", date(2026, 11, 1), None))
        await add_credential(unit, KEY)
    return database


@pytest.fixture
async def elsewhere(address: str, filled: Database) -> AsyncIterator[Database]:
    """The same database as another node reaches it."""
    other = Database(address)
    yield other
    await other.close()


async def test_what_is_registered_can_be_looked_up(filled: Database, clock: ManualClock) -> None:
    registry = await Registry(filled, clock).current()
    found = registry.participant("payer:INS-2001")
    assert found is not None
    assert found.name == "Some name"
    assert registry.participant("payer:NONE") is None
    assert registry.credential(KEY.digest) == KEY
    assert registry.paused("payer:INS-2001") is None
    assert registry.faults == ()


@pytest.mark.parametrize(
    ("day", "served"),
    [
        (date(2025, 12, 31), False),
        (date(2026, 1, 1), True),
        (date(2026, 6, 30), True),
        (date(2026, 7, 1), False),
        (date(2026, 11, 1), True),
        (date(2036, 1, 1), True),
    ],
)
async def test_a_tpa_serves_an_insurer_from_the_first_day_to_the_last(
    filled: Database, clock: ManualClock, day: date, served: bool
) -> None:
    registry = await Registry(filled, clock).current()
    assert registry.serves("payer:TPA-3001", "payer:INS-2001", day) is served
    assert not registry.serves("payer:INS-2001", "payer:TPA-3001", day)


async def test_a_revoked_key_is_refused_on_every_node_within_five_seconds(
    filled: Database, elsewhere: Database, clock: ManualClock
) -> None:
    nodes = [Registry(filled, clock), Registry(elsewhere, clock)]
    for node in nodes:
        assert caller_by_digest(KEY.digest, await node.current(), NOW) == Caller(KEY.licences, KEY.id)
    async with filled.write() as unit:
        await revoke_credential(unit, KEY.id, NOW)
    clock.advance(4.9)
    for node in nodes:
        assert caller_by_digest(KEY.digest, await node.current(), NOW) == Stranger(Unusable.REVOKED, KEY.id)


async def test_a_key_that_expires_needs_no_look_at_the_database(filled: Database, clock: ManualClock) -> None:
    registry = await Registry(filled, clock).current()
    expiring = replace(KEY, expires_at=NOW)
    known = replace(registry, credentials={KEY.digest: expiring})
    assert caller_by_digest(KEY.digest, known, NOW) == Stranger(Unusable.EXPIRED, KEY.id)


async def test_blocks_and_pauses_reach_other_nodes_too(
    filled: Database, elsewhere: Database, clock: ManualClock
) -> None:
    node = Registry(elsewhere, clock)
    await node.current()
    everywhere = Pause(EVERYWHERE, "after a restore", NOW, "restore")
    lane = Pause("payer:INS-2001", "maintenance", NOW, "noura")
    async with filled.write() as unit:
        await block_participant(unit, "provider:PR-1001", "unpaid", NOW)
        await set_pause(unit, everywhere)
        await set_pause(unit, lane)
    clock.advance(2)
    registry = await node.current()
    blocked = registry.participant("provider:PR-1001")
    assert blocked is not None
    assert blocked.blocked
    assert registry.paused("payer:TPA-3001") == everywhere
    async with filled.write() as unit:
        await end_pause(unit, EVERYWHERE)
    clock.advance(2)
    registry = await node.current()
    assert registry.paused("payer:TPA-3001") is None
    assert registry.paused("payer:INS-2001") == lane


async def test_within_two_seconds_the_database_is_not_asked(filled: Database, clock: ManualClock) -> None:
    node = Registry(filled, clock)
    before = await node.current()
    async with filled.write() as unit:
        await revoke_credential(unit, KEY.id, NOW)
    clock.advance(1.9)
    assert await node.current() is before


async def test_without_a_change_the_snapshot_is_kept(filled: Database, clock: ManualClock) -> None:
    node = Registry(filled, clock)
    before = await node.current()
    clock.advance(60)
    assert await node.current() is before


async def test_many_who_ask_at_once_cost_one_load(filled: Database, clock: ManualClock) -> None:
    node = Registry(filled, clock)
    first, *others = await asyncio.gather(*(node.current() for _ in range(50)))
    assert all(other is first for other in others)


async def test_one_who_hangs_up_does_not_end_the_look_for_the_rest(
    filled: Database, clock: ManualClock
) -> None:
    node = Registry(filled, clock)
    impatient = asyncio.create_task(node.current())
    patient = asyncio.create_task(node.current())
    await asyncio.sleep(0)
    impatient.cancel()
    assert (await patient).participant("payer:INS-2001") is not None
    assert impatient.cancelled()


async def test_a_row_spoilt_by_hand_leaves_out_only_itself(filled: Database, clock: ManualClock) -> None:
    async with filled.write() as unit:
        await unit.execute(
            update(participant)
            .filter_by(licence="payer:INS-2001")
            .values(settings={"answer_seconds": "soon"})
        )
    registry = await Registry(filled, clock).current()
    assert registry.participant("payer:INS-2001") is None
    assert registry.participant("payer:TPA-3001") is not None
    assert registry.faults == (
        "payer:INS-2001: answer_seconds: Input should be a valid number, unable to parse string as a number",
    )


@pytest.fixture
async def breakable(postgres: Postgres, postgres_template: str) -> AsyncIterator[tuple[Database, str]]:
    """A database that the test may take away, and its address."""
    address = await postgres.create(template=postgres_template)
    database = Database(address)
    yield database, address
    await database.close()
    await postgres.drop(address)


async def test_without_its_database_a_node_goes_on_for_five_seconds_and_no_longer(
    breakable: tuple[Database, str], postgres: Postgres, clock: ManualClock
) -> None:
    database, address = breakable
    node = Registry(database, clock)
    before = await node.current()
    await postgres.drop(address)
    clock.advance(4.9)
    assert await node.current() is before
    clock.advance(0.2)
    endings = await asyncio.gather(*(node.current() for _ in range(20)), return_exceptions=True)
    assert {type(ending) for ending in endings} == {StoreUnavailable}
