"""What does each step of the way of one claim cost? Timers around the steps; statements the database tells.

`python -m benchmarks.steps` prints where the event loop's thread spends its time, function by function.

The gateway runs in this process; claims come from another, one at a time. `ms` is the time that passes in a
step, `cpu_ms` what the thread of the event loop worked in it; a step inside another is not in the other's
figures. SQLite works in threads of its own: that is in `ms` and not in `cpu_ms`.
"""

import argparse
import asyncio
import cProfile
import gc
import json
import pstats
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import uvloop
from sqlalchemy import make_url

from benchmarks.effort import Effort
from benchmarks.load import Measured, Order
from benchmarks.sheet import Cell, Sheet
from benchmarks.stage import Kind, insurer, prepare, site
from benchmarks.statements import Sql, Told, logged, traced
from benchmarks.timers import STEPS, Timers
from claimgw.app import create_app
from claimgw.conformance.loading import load
from claimgw.settings import Settings
from claimgw.telemetry import logs
from tests.gateway import FALCON
from tests.served import served

_HTTP = "HTTP, identity"


@dataclass(frozen=True, slots=True)
class Step:
    """For one claim, on average, in milliseconds."""

    name: str
    ms: float
    cpu_ms: float


@dataclass(frozen=True, slots=True)
class Steps:
    """The way of one claim on one kind of database."""

    kind: Kind
    steps: list[Step]
    sql: Sql

    def whole(self) -> Step:
        """All steps together."""
        return Step("all", sum(one.ms for one in self.steps), sum(one.cpu_ms for one in self.steps))


async def _sent(url: str, key: str, first: int, seconds: float, connections: int = 1) -> Measured:
    order = Order([url], key, connections, seconds, first)
    command = [sys.executable, "-m", "benchmarks.load", json.dumps(asdict(order))]
    sending = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    told, _ = await sending.communicate()
    measured = Measured(**json.loads(told))
    assert not measured.wrong, "an answer was not the insurer's"
    return measured


@asynccontextmanager
async def _gateway(address: str) -> AsyncIterator[str]:
    """The whole app in this process, on a socket. It looks for work once only, not while it is measured."""
    settings = Settings(database=address, look_seconds=3600)
    logs.configure(settings.log_style, "warning")
    load().compile()
    app = create_app(settings)
    async with app.router.lifespan_context(app), served(app) as base:
        # As `claimgw serve` does once it has started.
        gc.collect()
        gc.freeze()
        yield f"{base}/$process-message"


async def _timed(address: str, key: str, seconds: float) -> list[Step]:
    timers = Timers()
    with timers.around():
        async with _gateway(address) as url:
            await _sent(url, key, 1_000_000, min(seconds, 1.0))
            timers.forget()
            worked = time.thread_time()
            measured = await _sent(url, key, 2_000_000, seconds)
            worked = time.thread_time() - worked
    claims = measured.claims
    names = dict.fromkeys(name for name, _, _ in STEPS)
    steps = [
        Step(name, _ms(timers.spent[name].passed, claims), _ms(timers.spent[name].worked, claims))
        for name in names
    ]
    http = Step(
        _HTTP,
        round(1000 * measured.seconds / claims - sum(step.ms for step in steps), 3),
        round(1000 * worked / claims - sum(step.cpu_ms for step in steps), 3),
    )
    return [http, *steps]


def _ms(seconds: float, claims: int) -> float:
    return round(1000 * seconds / claims, 3)


async def _told(address: str, key: str, told: Told, seconds: float) -> Sql:
    async with _gateway(address) as url:
        await _sent(url, key, 3_000_000, min(seconds, 0.5))
        told.forget()
        measured = await _sent(url, key, 4_000_000, seconds)
        return told.of(measured.claims)


@contextmanager
def _database(kind: Kind) -> Iterator[tuple[str, Callable[[], AbstractContextManager[Told]]]]:
    """The address of an empty one, and how to listen to what it is told."""
    with site(kind) as where:
        address = where.database()
        postgres = where.postgres
        if postgres is None:
            yield address, traced
            return

        @contextmanager
        def listened() -> Iterator[Told]:
            asyncio.run(postgres.set(address, "log_statement", "all"))
            # Its log is where its sockets are.
            yield logged(Path(str(make_url(address).query["host"])) / "log")

        yield address, listened


def steps(effort: Effort) -> list[Sheet]:
    """Time first, then a second run in which the statements are counted: to tell them takes time."""
    found = [_steps(kind, effort.seconds) for kind in effort.kinds]
    kinds = [kind.value for kind in effort.kinds]
    names = [step.name for step in found[0].steps]
    taken = {(one.kind, step.name): step for one in found for step in one.steps}
    rows: list[tuple[Cell, ...]] = [
        (name, *[cell for kind in effort.kinds for cell in _both(taken[kind, name])]) for name in names
    ]
    total = [
        cell for one in found for cell in (sum(s.ms for s in one.steps), sum(s.cpu_ms for s in one.steps))
    ]
    columns = [f"{kind}, {unit}" for kind in kinds for unit in ("ms", "CPU ms")]
    statements = list(dict.fromkeys(one for each in found for one in each.sql.by_kind))
    counted: list[tuple[Cell, ...]] = [
        ("all", *[one.sql.statements for one in found]),
        ("transactions", *[one.sql.transactions for one in found]),
        ("… that write", *[one.sql.writing for one in found]),
    ]
    counted += [(name, *[one.sql.by_kind.get(name, 0.0) for one in found]) for name in statements]
    return [
        Sheet(
            "steps",
            "Steps of one claim",
            ("step", *columns),
            (*rows, ("all", *total)),
            charted=tuple(column for column in columns if "CPU" in column),
        ),
        Sheet("statements", "SQL statements for one claim", ("statement", *kinds), tuple(counted)),
    ]


def _both(step: Step) -> tuple[float, float]:
    return step.ms, step.cpu_ms


def _steps(kind: Kind, seconds: float) -> Steps:
    with insurer() as insurer_url, _database(kind) as (address, listen):
        (key,) = asyncio.run(prepare(address, {FALCON: insurer_url}))
        timed = uvloop.run(_timed(address, key, seconds))
        with listen() as told:
            sql = uvloop.run(_told(address, key, told, min(seconds, 3.0)))
    return Steps(kind, timed, sql)


async def _profiled(address: str, key: str, seconds: float, connections: int) -> pstats.Stats:
    profile = cProfile.Profile()
    async with _gateway(address) as url:
        await _sent(url, key, 1_000_000, 1.0, connections)
        profile.enable()
        await _sent(url, key, 2_000_000, seconds, connections)
        profile.disable()
    return pstats.Stats(profile)


def main() -> None:
    """Profile, and print the functions that take most, by themselves and with all they call."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--database", type=Kind, choices=list(Kind), default=Kind.SQLITE)
    options.add_argument("--seconds", type=float, default=5.0)
    options.add_argument("--connections", type=int, default=8)
    options.add_argument("--most", type=int, default=50, help="functions to print")
    given = options.parse_args()
    with insurer() as insurer_url, _database(given.database) as (address, _):
        (key,) = asyncio.run(prepare(address, {FALCON: insurer_url}))
        found = uvloop.run(_profiled(address, key, given.seconds, given.connections)).strip_dirs()
    for order in ("tottime", "cumulative"):
        found.sort_stats(order).print_stats(given.most)


if __name__ == "__main__":
    main()
