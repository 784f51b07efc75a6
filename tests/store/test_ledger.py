"""Does the ledger notice whatever is missing or double? A gateway with a past, spoilt row by row."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest_asyncio
from sqlalchemy import ColumnElement, Table, delete, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from claimgw.clearinghouse.upkeep import Upkeep
from claimgw.ids import new_id
from claimgw.store.database import Unit, driver_url
from claimgw.store.ledger import Ledger, Standing, ledger
from claimgw.store.records import State
from claimgw.store.tables import arrival, attempt, body, exchange, mailbox, message, poll_item, statement
from tests.clearinghouse.scene import Scene, playing
from tests.clearinghouse.spoken import CLAIM, START, complete, deferred, fresh, hanging_up, polling
from tests.gateway import FALCON

_NEW = new_id(START + timedelta(days=1))
_answered = exchange.c.state == State.ANSWERED.value
_of_attempt = message.c.id.in_(select(attempt.c.answer_id))
_told = select(attempt.c.answer_id).where(attempt.c.answer_id.is_not(None))

# What is deleted: a row of the table, and where the difference is seen.
DELETED: list[tuple[Table, ColumnElement[bool], str]] = [
    (message, _of_attempt, "message"),
    (message, message.c.id.in_(select(exchange.c.id)), "message"),
    (body, body.c.message_id.in_(select(exchange.c.id)), "body"),
    (arrival, arrival.c.message_id.in_(select(exchange.c.id)), "arrival"),
    (exchange, _answered, "exchange"),
    (exchange, exchange.c.state == State.UNCONFIRMED.value, "exchange"),
    (attempt, attempt.c.answer_id.is_not(None), "attempt"),
    (attempt, attempt.c.answer_id.is_(None), "attempt"),
    (mailbox, mailbox.c.delivered_at.is_(None), "mailbox"),
    (mailbox, mailbox.c.delivered_at.is_not(None), "mailbox"),
    (poll_item, poll_item.c.position == 0, "poll_item"),
    (statement, statement.c.message_id.in_(_told), "statement"),
    (statement, statement.c.message_id.in_(select(mailbox.c.message_id)), "statement"),
]
# What is doubled: as much of the keys is changed as the constraints ask for. A message that is there twice is
# one without bytes of its own.
DOUBLED: list[tuple[Table, dict[str, Any], str]] = [
    (message, {"id": _NEW, "bundle_id": _NEW, "header_id": _NEW}, "body"),
    (body, {"message_id": _NEW}, "message"),
    (arrival, {"bundle_id": _NEW, "header_id": _NEW}, "arrival"),
    (exchange, {"id": _told.limit(1), "focal_value": "other"}, "exchange"),
    (attempt, {"id": _NEW, "number": 99}, "attempt"),
    (attempt, {"id": _NEW, "number": 2}, "attempt"),
    (mailbox, {"message_id": _told.limit(1)}, "mailbox"),
    (poll_item, {"position": 1}, "poll_item"),
    (statement, {"position": 1}, "statement"),
    (statement, {"message_id": select(attempt.c.exchange_id).limit(1)}, "statement"),
]


@pytest_asyncio.fixture
async def scene(address: str) -> AsyncIterator[Scene]:
    """A claim answered in its session, one by poll, one whose answer waits, one that may have arrived."""
    async with playing(address, complete, hanging_up) as scene:
        await scene.send(fresh(CLAIM))
        for fetched in (True, False):
            late = fresh(CLAIM)
            await scene.send(late)
            await scene.gateway.post(deferred(late), scene.insurer_key)
            if fetched:
                reply = await scene.gateway.post(polling(), scene.key)
                assert reply.status_code == 200
        await scene.send(fresh(CLAIM))
        yield scene


async def books(scene: Scene, insurer: str | None = None) -> Ledger:
    async with scene.gateway.database.read() as unit:
        return await ledger(unit, insurer)


@asynccontextmanager
async def spoiling(address: str) -> AsyncIterator[AsyncConnection]:
    """As a disk, a hand or a bug would: no reference is looked at. It is undone at the end."""
    engine = create_async_engine(driver_url(address))
    async with engine.connect() as connection:
        if connection.dialect.name != "sqlite":
            await connection.execute(text("SET session_replication_role = replica"))
        yield connection
        await connection.rollback()
    await engine.dispose()


async def seen_in(connection: AsyncConnection) -> Ledger:
    async def opening(_: AsyncExitStack) -> AsyncConnection:
        return connection

    async def asking(*_: Any) -> list[tuple[Any, ...]]:
        raise AssertionError("the ledger asks within its snapshot")

    async with AsyncExitStack() as stack:
        return await ledger(Unit(connection.dialect, stack, opening, asking))


async def test_sound_books_balance_and_name_what_is_not_acknowledged(scene: Scene) -> None:
    found = await books(scene)
    assert found.balances, found.differences
    assert found.lanes == {FALCON: Standing(accepted=4, answered=3, awaiting=1)}
    [sent] = found.unacknowledged
    assert (found.sent, sent.event, sent.insurer, sent.sent_at) == (1, "claim-request", FALCON, START)
    assert (await books(scene, "payer:INS-9999")).lanes == {}


async def test_what_the_last_look_found_fails_the_health_check_until_it_is_mended(scene: Scene) -> None:
    gateway, client = scene.gateway, scene.gateway.client
    upkeep = gateway.house.upkeep
    await upkeep.look()
    assert (await client.get("/health/ledger")).json() == {"status": "balanced"}
    async with gateway.database.write() as unit:
        [gone] = (await unit.execute(select(statement).limit(1))).mappings().all()
        await unit.execute(delete(statement).where(statement.c.message_id == gone["message_id"]))
    await upkeep.look()
    assert (await client.get("/health/ledger")).status_code == 200, "it is not looked again before its time"
    scene.clock.advance(301)
    await upkeep.look()
    told = await client.get("/health/ledger")
    assert told.status_code == 503
    assert told.json()["reason"].startswith("the books do not balance: statement: 1 (")
    assert "claimgw_ledger_differences 1.0" in (await client.get("/metrics")).text
    assert (await client.get("/health/ready")).status_code == 200
    async with gateway.database.write() as unit:
        await unit.execute(insert(statement).values(**gone))
    scene.clock.advance(301)
    await upkeep.look()
    assert (await client.get("/health/ledger")).json() == {"status": "balanced"}


async def test_one_process_looks_for_all_until_it_is_gone(scene: Scene) -> None:
    gateway, client = scene.gateway, scene.gateway.client
    another = Upkeep(replace(gateway.house.parts, node="another"), ledger_seconds=300, days={})
    await gateway.house.upkeep.look()
    async with gateway.database.write() as unit:
        await unit.execute(delete(statement))
    scene.clock.advance(300)
    await another.look()
    assert (await client.get("/health/ledger")).status_code == 200
    scene.clock.advance(300)
    await another.look()
    assert (await client.get("/health/ledger")).status_code == 503


async def test_every_deleted_row_is_noticed(scene: Scene, address: str) -> None:
    for table, where, seen in DELETED:
        key = list(table.primary_key.columns)
        async with spoiling(address) as connection:
            row = (await connection.execute(select(*key).where(where).limit(1))).one()
            await connection.execute(delete(table).where(*(column == row[n] for n, column in enumerate(key))))
            named(await seen_in(connection), seen, f"{where} deleted")


async def test_every_doubled_row_is_noticed(scene: Scene, address: str) -> None:
    for table, other, seen in DOUBLED:
        async with spoiling(address) as connection:
            await _double(connection, table, other)
            named(await seen_in(connection), seen, f"{table} doubled with other {', '.join(other)}")


async def _double(connection: AsyncConnection, table: Table, other: dict[str, Any]) -> None:
    keys = {
        name: value if isinstance(value, str | int) else await connection.scalar(value)
        for name, value in other.items()
    }
    # Of mailboxes and exchanges another one than that whose key it gets.
    rows = (await connection.execute(select(table))).mappings().all()
    row = next(row for row in rows if all(row[name] != value for name, value in keys.items()))
    await connection.execute(insert(table).values(**{**row, **keys}))


def named(found: Ledger, table: str, what: str) -> None:
    wrong = [one for one in found.differences if one.table == table]
    assert wrong, (what, found.differences)
    assert all(one.count and one.ids for one in wrong)
    assert found.wrong
    assert not found.balances
