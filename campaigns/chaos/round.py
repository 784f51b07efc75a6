"""What is one point put through? One gateway, run after run: a day of traffic, a death, the books."""

import asyncio
import json
import random
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import assert_never

from sqlalchemy import make_url

from campaigns.chaos.books import Failed, differing, polled_twice, unsettled
from campaigns.chaos.insurer import Office, office
from campaigns.chaos.points import DATABASE, POINTS, Failure, Place, Point, Reading, Role, way_to
from campaigns.chaos.process import Node, new_board
from campaigns.chaos.provider import Provider
from campaigns.chaos.proxy import Proxy, proxy
from claimgw.store import Database
from tests.claims import fresh
from tests.clearinghouse.batches import batch, member
from tests.gateway import FALCON, HOSPITAL, register, resource

LEASE_SECONDS = 2
POLL_LEASE_SECONDS = 5
_SETTLED_SECONDS = 60.0
_REACHED_SECONDS = 30.0
_FAILS_SECONDS = 1.5
_EVERY_SECONDS = 0.1
_DURING_MICROSECONDS = 8_000
_SCATTER_SECONDS = 0.05
_ENDINGS = ("APPROVE", "APPROVE", "BUSY-1", "QUEUE-0")
_QUICK = {
    "CLAIMGW_LEASE_SECONDS": str(LEASE_SECONDS),
    "CLAIMGW_POLL_LEASE_SECONDS": str(POLL_LEASE_SECONDS),
    "CLAIMGW_RETRY_WAITS": "0.3",
    "CLAIMGW_LOOK_SECONDS": "0.2",
    "CLAIMGW_LICENCE_RATE": "0",
    "CLAIMGW_HOST": "127.0.0.1",
    "CLAIMGW_CONSOLE": "false",
    "CLAIMGW_LOG_LEVEL": "warning",
}
_INSURER = {
    "answer_seconds": 2,
    "connect_seconds": 1,
    "grace_seconds": 0.3,
    "batch": True,
    # Failures are what is played here; that a breaker opens is shown elsewhere.
    "breaker": {"least_failures": 1000},
}


@dataclass(slots=True)
class Outcome:
    """What became of one place on one database. `struck`: runs in which it really happened there."""

    place: Place
    database: str
    runs: int = 0
    struck: int = 0
    claims: int = 0
    again: int = 0
    polled_again: int = 0
    seconds: list[float] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


@dataclass
class Stage:
    """Everything around one gateway, for the length of a round."""

    address: str
    database: Database
    nodes: list[Node]
    insurer: Office
    provider: Provider
    proxy: Proxy | None
    failures: list[Failed] = field(default_factory=list)

    def node(self, role: Role) -> Node:
        """The process of that role; on SQLite there is one for both."""
        return next((node for node in self.nodes if node.role is role), self.nodes[0])


@asynccontextmanager
async def stage(address: str, folder: Path, place: Place) -> AsyncIterator[Stage]:
    """A gateway on that migrated, empty database, with one hospital and one insurer."""
    async with AsyncExitStack() as stack:
        insurer = await stack.enter_async_context(office())
        database = Database(address, connections=2)
        stack.push_async_callback(database.close)
        key = await register(database, HOSPITAL)
        insurer.key = await register(database, FALCON, endpoint=insurer.address, settings=_INSURER)
        embedded, before, seen_as = database.embedded, None, address
        if place in DATABASE and not embedded:
            before, seen_as = await stack.enter_async_context(proxy(address))
        board = new_board()
        roles = [Role.SERVE] if embedded else [Role.SERVE, Role.WORKER]
        nodes = [
            Node(role, {**_QUICK, "CLAIMGW_DATABASE": seen_as, "CLAIMGW_NODE": role.value}, log, board)
            for role in roles
            for log in [folder / f"{role.value}.log"]
        ]
        provider = Provider(nodes[0].url, key)
        stack.push_async_callback(provider.close)
        insurer.door = nodes[0].url
        for node in nodes:
            stack.callback(node.end)
        for node in nodes:
            await node.start()
        yield Stage(address, database, nodes, insurer, provider, before)


async def play(address: str, folder: Path, outcome: Outcome, runs: int, chance: random.Random) -> None:
    """So many runs at one place, with one gateway whose processes die and are started again."""
    async with stage(address, folder, outcome.place) as scene:
        for number in range(runs):
            await _run(scene, outcome, f"{chance.getrandbits(40):010x}-{number}", chance)
        for node in scene.nodes:
            if (code := await node.stop()) != 0:
                outcome.problems.append(f"{node.role} ended with {code} when it was told to stop")
            outcome.problems += node.complaints()
    twice = list(polled_twice(scene.provider, scene.failures, POLL_LEASE_SECONDS))
    outcome.polled_again = len(twice)
    outcome.again = scene.provider.again
    outcome.problems += [f"{message} was polled twice" for message, excused in twice if not excused]
    outcome.problems += scene.provider.problems


async def _run(scene: Stage, outcome: Outcome, seed: str, chance: random.Random) -> None:
    """One day: traffic, the failure in the midst of it, and the books when all is quiet again."""
    outcome.runs += 1
    place, began = outcome.place, time.monotonic()
    async with asyncio.timeout(2 * _SETTLED_SECONDS), asyncio.TaskGroup() as day:
        traffic = day.create_task(_traffic(scene, seed, chance))
        happening = day.create_task(_happen(scene, place, chance))
    if (struck := happening.result()) is not None:
        outcome.struck += 1
        scene.failures.append(struck)
        began = struck.since
    identifiers = traffic.result()
    outcome.claims += len(identifiers)
    outcome.problems += [f"{seed}: {one}" for one in await _settled(scene, outcome.claims)]
    outcome.seconds.append(time.monotonic() - began)
    outcome.problems += await differing(scene.database, scene.provider, scene.insurer, identifiers)


async def _traffic(scene: Stage, seed: str, chance: random.Random) -> set[str]:
    """Single claims and a batch at the same time, polled until all are decided; their identifiers.

    In the end every claim is sent once more: the copy must hear what its provider has heard.
    """
    claims = [fresh("claim-request-professional", f"{seed}-{n}", end) for n, end in enumerate(_ENDINGS)]
    members = [member(number, identifier=f"BAT-{seed}") for number in (1, 2)]
    requests = [*claims, batch(*members)]
    waits = [chance.uniform(0, _SCATTER_SECONDS) for _ in requests]

    async def send(raw: bytes, wait: float) -> None:
        await asyncio.sleep(wait)
        await scene.provider.send(raw)

    identifiers = {f"{seed}-{n}-{end}" for n, end in enumerate(_ENDINGS)}
    identifiers |= {_identifier(one) for one in members}
    async with asyncio.TaskGroup() as sending:
        for raw, wait in zip(requests, waits, strict=True):
            sending.create_task(send(raw, wait))
        sending.create_task(scene.provider.poll_until(seed, identifiers, _SETTLED_SECONDS))
    for raw in claims:
        await scene.provider.send(raw)
    return identifiers


def _identifier(raw: bytes) -> str:
    claim = resource(json.loads(raw), "Claim")
    return str(claim["identifier"][0]["value"])


async def _settled(scene: Stage, claims: int) -> list[str]:
    """Wait until all is quiet and adds up; what does not in time."""
    deadline = time.monotonic() + _SETTLED_SECONDS
    while (wrong := await unsettled(scene.database, claims)) and time.monotonic() < deadline:
        if "a message waits" in wrong:
            await scene.provider.poll("late")
        await asyncio.sleep(_EVERY_SECONDS)
    return wrong


async def _happen(scene: Stage, place: Place, chance: random.Random) -> Failed | None:
    """Let it happen, and let whoever died live again. None if it did not come to it in time."""
    match place:
        case Point():
            return await _die_on_the_way(scene, way_to(place), chance)
        case Reading():
            return await _die_by_insurer(scene, place)
        case Failure():
            return await _fail(scene, place, chance)
    assert_never(place)


async def _die_on_the_way(scene: Stage, points: list[Point], chance: random.Random) -> Failed | None:
    """Each of the points in its turn. What comes after a death is armed before the dead one is back."""
    fallen: list[Node] = []
    deaths: list[float] = []
    for point in points:
        node = scene.node(point.role)
        passes, microseconds = 1 + chance.randrange(point.passes), chance.randrange(_DURING_MICROSECONDS)
        node.board.arm(POINTS.index(point), passes, microseconds)
        for one in fallen[-1:]:
            await one.start()
        try:
            async with asyncio.timeout(_REACHED_SECONDS):
                await node.dead()
        except TimeoutError:
            node.board.disarm()
            if node.board.struck < 0:
                return None
            await node.dead()  # its turn came at the last moment
        fallen.append(node)
        deaths.append(node.died[-1])
    await fallen[-1].start()
    return Failed(deaths[0], time.monotonic())


async def _die_by_insurer(scene: Stage, reading: Reading) -> Failed | None:
    node, insurer = scene.node(reading.role), scene.insurer
    insurer.kill, insurer.reading = node.kill, reading
    try:
        async with asyncio.timeout(_REACHED_SECONDS):
            await node.dead()
    except TimeoutError:
        insurer.reading = None
        return None
    await node.start()
    return Failed(node.died[-1], time.monotonic())


async def _fail(scene: Stage, failure: Failure, chance: random.Random) -> Failed | None:
    if failure in DATABASE:
        await asyncio.sleep(chance.uniform(0, 2 * _SCATTER_SECONDS))
        since = time.monotonic()
        await _fail_database(scene, failure)
        return Failed(since, time.monotonic())
    scene.insurer.failure = failure
    scene.insurer.happened.clear()
    since = time.monotonic()
    try:
        async with asyncio.timeout(_REACHED_SECONDS):
            await scene.insurer.happened.wait()
            await asyncio.sleep(_FAILS_SECONDS)
    except TimeoutError:
        return None
    finally:
        scene.insurer.failure = None
    return Failed(since, time.monotonic())


async def _fail_database(scene: Stage, failure: Failure) -> None:
    if scene.proxy is None:
        # A file has no connections: whatever fails, another process holds its lock.
        await asyncio.to_thread(_lock, str(make_url(scene.address).database), _FAILS_SECONDS)
        return
    match failure:
        case Failure.DATABASE_RESETS:
            scene.proxy.cut()
            return
        case Failure.DATABASE_AWAY:
            scene.proxy.away = True
            scene.proxy.cut()
        case _:
            scene.proxy.stall()
    await asyncio.sleep(_FAILS_SECONDS)
    scene.proxy.go_on()


def _lock(file: str, seconds: float) -> None:
    """Let nobody else write."""
    with closing(sqlite3.connect(file, isolation_level=None, timeout=_SETTLED_SECONDS)) as held:
        held.execute("BEGIN IMMEDIATE")
        time.sleep(seconds)
        held.execute("ROLLBACK")
