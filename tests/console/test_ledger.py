"""Does the console show whether the books balance, and when what a message says was deleted?"""

import httpx
from sqlalchemy import delete, insert

from claimgw.clock import ManualClock
from claimgw.store.database import Database
from claimgw.store.records import State
from claimgw.store.tables import arrival, body, body_gone
from tests.console.seed import Seed


async def test_the_ledger_shows_both_sides_and_what_contradicts(
    viewer: httpx.AsyncClient, database: Database, clock: ManualClock
) -> None:
    seed = Seed(clock.now())
    seed.parties()
    held = seed.exchange(State.HELD, due=60)
    sent = seed.exchange(State.UNCONFIRMED, due=60)
    seed.attempt(sent, ago=300, closed=240, outcome="silent")
    posted = [
        {
            "sender": row["sender"],
            "bundle_id": row["bundle_id"],
            "header_id": row["header_id"],
            "digest": b"d" * 32,
            "message_id": row["id"],
        }
        for row in seed.rows["message"]
    ]
    await seed.write(database)
    async with database.write() as unit:
        await unit.execute(insert(arrival), posted)
    page = (await viewer.get("/console/ledger")).text
    assert "The books balance" in page
    assert page.count(f"/console/exchanges/{sent}") == 1
    async with database.write() as unit:
        await unit.execute(delete(body).where(body.c.message_id == held))
    clock.advance(60)
    page = (await viewer.get("/console/ledger")).text
    assert "1 difference" in page
    assert "a message without its bytes" in page
    assert held in page


async def test_a_stranger_signs_in_first(stranger: httpx.AsyncClient) -> None:
    assert (await stranger.get("/console/ledger")).status_code == 303


async def test_deleted_content_is_shown_with_its_day_and_no_button(
    operator: httpx.AsyncClient, database: Database, clock: ManualClock
) -> None:
    seed = Seed(clock.now())
    seed.parties()
    old = seed.exchange(State.ANSWERED, by="insurer")
    await seed.write(database)
    page = (await operator.get(f"/console/exchanges/{old}")).text
    assert "Show content" in page
    async with database.write() as unit:
        await unit.execute(delete(body).where(body.c.message_id == old))
        await unit.execute(insert(body_gone).values(message_id=old, gone_at=clock.now()))
    page = (await operator.get(f"/console/exchanges/{old}")).text
    assert "Show content" not in page
    assert f"content deleted {clock.now():%Y-%m-%d}" in page
