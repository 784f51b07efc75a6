"""How fast is what was held delivered, once the insurer is back? Against the real-time rate before."""

import asyncio
import time
from contextlib import ExitStack

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from benchmarks.backlog import ask
from benchmarks.effort import Effort
from benchmarks.load import Order
from benchmarks.messages import TOLD
from benchmarks.round import Course, ordered
from benchmarks.sheet import Cell, Goal, Sheet, least
from benchmarks.stage import Contender, insurer, prepare, serving, site
from claimgw.clock import SystemClock
from claimgw.store import Database, pauses
from claimgw.store.database import driver_url
from claimgw.store.pauses import EVERYWHERE, Pause
from tests.gateway import FALCON

COLUMNS = ("", "held", "claims/s while draining", "claims/s in real time before", "share")
_HELD = "SELECT count(*) FROM exchange WHERE state = 'held'"
_OPEN = "SELECT count(*) FROM exchange WHERE state IN ('held', 'in-flight', 'unconfirmed')"
# To count costs something too.
_LOOK_SECONDS = 0.2
# Numbers of the claims that are held; the real-time ones before them are far below.
_FIRST = 500_000_000


def drain(effort: Effort) -> list[Sheet]:
    """Delivery is paused, claims come in and are held; then it goes on."""
    rows: list[tuple[Cell, ...]] = []
    goals: list[Goal] = []
    for kind in effort.kinds:
        with ExitStack() as stack:
            where, insurer_url = stack.enter_context(site(kind)), stack.enter_context(insurer())
            address = where.database()
            (key,) = asyncio.run(prepare(address, {FALCON: insurer_url}))
            served = stack.enter_context(serving(where, address, key))
            (before,) = Course(where, effort).run([served])
            held = _held(address, served, effort)
            rate = round(asyncio.run(_drained(address, held)), 1)
        share = round(rate / before.rate, 2)
        rows.append((f"claimgw, {kind.value}", held, rate, before.rate, share))
        goals.append(least(f"{kind.value}: share of the real-time rate", share, 0.8))
    return [Sheet("drain", "Draining after an outage", COLUMNS, tuple(rows), tuple(goals))]


def _held(address: str, served: Contender, effort: Effort) -> int:
    """Let so many claims be held; how many are."""
    asyncio.run(_pause(address))
    order = Order(
        list(served.urls), served.key, effort.connections, 3600, _FIRST, proof=TOLD, most=effort.outage
    )
    # Until every process knows of the pause the first claims still go through.
    ordered(order)
    return int(asyncio.run(ask(address, _HELD)))


async def _drained(address: str, held: int) -> float:
    """Claims per second, from the first that leaves to the last."""
    await _go_on(address)
    engine = create_async_engine(driver_url(address))

    async def left() -> int:
        await asyncio.sleep(_LOOK_SECONDS)
        async with engine.connect() as connection:
            return int(await connection.scalar(text(_OPEN)))

    while (some := await left()) == held:
        continue
    began = time.perf_counter()
    while await left():
        continue
    taken = time.perf_counter() - began
    await engine.dispose()
    return some / taken


async def _pause(address: str) -> None:
    database = Database(address)
    async with database.write() as unit:
        await pauses.set_pause(unit, Pause(EVERYWHERE, "a benchmark", SystemClock().now(), "benchmark"))
    await database.close()


async def _go_on(address: str) -> None:
    database = Database(address)
    async with database.write() as unit:
        await pauses.end_pause(unit, EVERYWHERE)
    await database.close()
