"""What does it cost to take up what is due in a lane, however much is held there? In process, in turn."""

import asyncio
import statistics
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack

import uvloop
from sqlalchemy import update

from benchmarks.backlog import Backlog, fill_lane
from benchmarks.effort import Effort
from benchmarks.messages import Sent, numbers, template
from benchmarks.polls import sizes_of
from benchmarks.sheet import Cell, Goal, Sheet, most
from benchmarks.stage import Site, prepare, site
from claimgw.clearinghouse.delivery.nodes import Role
from claimgw.clearinghouse.delivery.take_up import take_up
from claimgw.clock import SystemClock
from claimgw.house import House, open_house
from claimgw.settings import Settings
from claimgw.store import Database, lanes
from claimgw.store.records import State
from claimgw.store.tables import exchange
from claimgw.telemetry import logs
from tests.gateway import FALCON, HOSPITAL

COLUMNS = ("", "ms to see which lanes are due", "ms to take up four")
# So often in a round, so many at once.
_TIMES, _ROOM = 25, 4
_FLAT = 1.2


def pick_up(effort: Effort) -> list[Sheet]:
    """With as much held as is taken up, and with more and more; each lane in a database of its own."""
    rows: list[tuple[Cell, ...]] = []
    goals: list[Goal] = []
    sizes = sizes_of(effort, _TIMES * _ROOM)[1:]
    for kind in effort.kinds:
        with site(kind) as where:
            addresses = [_filled(where, size, sizes[0]) for size in sizes]
            found = uvloop.run(_taken_up(addresses, effort.rounds))
        rows += [(f"{size:,} held, {kind.value}", *each) for size, each in zip(sizes, found, strict=True)]
        times = round(found[-1][1] / found[0][1], 2)
        goals.append(
            most(f"{kind.value}: with {sizes[-1]:,} held, times that with {sizes[0]:,}", times, _FLAT)
        )
    return [Sheet("pick-up", "Pick-up", COLUMNS, tuple(rows), tuple(goals))]


def _filled(where: Site, size: int, bodies: int) -> str:
    address = where.database()
    # Nobody calls it: what is measured ends before the call.
    asyncio.run(prepare(address, {FALCON: "http://127.0.0.1:9/$process-message"}))
    content = template(Sent.CLAIM).numbered(next(numbers(1)))
    asyncio.run(fill_lane(address, Backlog(HOSPITAL, FALCON, "claim-request", size, bodies, content), 1))
    return address


async def _taken_up(addresses: Sequence[str], rounds: int) -> list[tuple[float, float]]:
    """For each address the median of looking, and that of taking up, in milliseconds."""
    logs.configure("text", "warning")
    looked: list[list[float]] = [[] for _ in addresses]
    taken: list[list[float]] = [[] for _ in addresses]
    async with AsyncExitStack() as stack:
        houses = [
            await stack.enter_async_context(open_house(Settings(database=address), SystemClock(), Role.SERVE))
            for address in addresses
        ]
        for turn in range(rounds + 1):
            for house, looks, takes in zip(houses, looked, taken, strict=True):
                for _ in range(_TIMES):
                    look, take = await _once(house)
                    if turn:  # the first round warms up
                        looks.append(look)
                        takes.append(take)
    return [
        (round(statistics.median(looks), 2), round(statistics.median(takes), 2))
        for looks, takes in zip(looked, taken, strict=True)
    ]


async def _once(house: House) -> tuple[float, float]:
    parts = house.parts
    insurer = (await parts.registry.current()).participant(FALCON)
    began = time.perf_counter()
    async with parts.database.read() as unit:
        busy = await lanes.lanes_due(unit, parts.clock.now())
    looked = time.perf_counter()
    taken = await take_up(parts, FALCON, insurer, _ROOM, at_once=_ROOM)
    ended = time.perf_counter()
    assert busy == [FALCON], "nothing was due"
    assert len(taken.claimed) == _ROOM, "nothing was taken up"
    await _put_away(parts.database, [one.exchange.id for one in taken.claimed])
    return 1000 * (looked - began), 1000 * (ended - looked)


async def _put_away(database: Database, ids: Sequence[str]) -> None:
    """Out of the way before the next time; by their ids, for a look for them would read all that is held."""
    async with database.write() as unit:
        answered = {"state": State.ANSWERED.value, "due_at": None}
        await unit.execute(update(exchange).where(exchange.c.id.in_(ids)).values(answered))
