"""Does an insurer that says nothing slow another one down? Two gateways in turn; in one many wait."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, replace

from benchmarks.backlog import ask
from benchmarks.effort import Effort
from benchmarks.load import Order
from benchmarks.realtime import COLUMNS, row
from benchmarks.round import Course
from benchmarks.sheet import Cell, Goal, Sheet, most
from benchmarks.stage import Contender, Site, insurer, prepare, serving, site
from tests.gateway import CLINIC, DESERT_ROSE, FALCON, HOSPITAL
from tests.processes.running import until

# The claims that wait come from a hospital of their own, for an insurer of their own.
_OTHER = {"PR-1001": "PR-1002", "INS-2001": "INS-2002"}
_WAITING = "SELECT count(*) FROM exchange WHERE insurer = :insurer AND state = 'in-flight'"
# Fewer than the connections that an insurer has: the others would be held, and not wait.
_SESSIONS = 48
_RATE = 100.0
# By then what waits would have been told that its insurer is silent.
_WAIT_SECONDS = 40.0


def silent(effort: Effort) -> list[Sheet]:
    """The same claims a second to an insurer that answers, with and without the other."""
    rows: list[tuple[Cell, ...]] = []
    goals: list[Goal] = []
    for kind in effort.kinds:
        with ExitStack() as stack:
            where = stack.enter_context(site(kind))
            answering = stack.enter_context(insurer())
            mute = stack.enter_context(insurer(silent=True))
            contenders = [
                stack.enter_context(_gateway(where, answering, mute, waiting)) for waiting in (0, _SESSIONS)
            ]
            alone, beside = Course(where, _short(effort)).run(contenders, rate=_RATE)
        rows += [row(kind, alone), row(kind, beside)]
        times = round(beside.p99 / alone.p99, 2)
        goals.append(most(f"{kind.value}: p99 beside the silent one, times that without", times, 1.2))
    return [Sheet("silent", "Beside a silent insurer", COLUMNS, tuple(rows), tuple(goals))]


def _short(effort: Effort) -> Effort:
    seconds = _WAIT_SECONDS / (2 * (effort.rounds + 1))
    return replace(effort, seconds=min(effort.seconds, seconds))


@contextmanager
def _gateway(where: Site, answering: str, mute: str, waiting: int) -> Iterator[Contender]:
    address = where.database()
    insurers = {FALCON: answering, DESERT_ROSE: mute}
    key, other = asyncio.run(prepare(address, insurers, (HOSPITAL, CLINIC)))
    with serving(where, address, key) as served, ExitStack() as stack:
        if waiting:
            stack.enter_context(_waiting(address, served, other, waiting))
        yield replace(served, name=f"claimgw, {waiting} wait for the silent one")


@contextmanager
def _waiting(address: str, served: Contender, key: str, count: int) -> Iterator[None]:
    """So many sessions that hear nothing, for as long as the block runs."""
    order = Order(list(served.urls), key, count, 3600, 1, replaced=_OTHER, most=count)
    sending = subprocess.Popen([sys.executable, "-m", "benchmarks.load", json.dumps(asdict(order))])
    try:
        until(
            lambda: asyncio.run(ask(address, _WAITING, insurer=DESERT_ROSE)) >= count,
            "all wait for the silent insurer",
        )
        yield
    finally:
        sending.kill()
        sending.wait()
