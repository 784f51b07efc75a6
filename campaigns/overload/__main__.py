"""`make overload`: 2,000 connections to one gateway, one in ten hostile; 1 if it did not hold."""

import argparse
import asyncio
import json
import statistics
import sys
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from rich.console import Console
from rich.table import Table

from benchmarks.stage import prepare
from campaigns.overload.connection import Target
from campaigns.overload.flood import Flood, flood
from campaigns.overload.memory import Memory
from campaigns.overload.storm import GOOD, Provider, claim_times, provider, storm
from campaigns.overload.tally import Tally, quantile
from claimgw.access.keys import new_key
from tests.gateway import FALCON
from tests.processes.running import Process, processes, sandbox, server

MOST_MEGABYTES = 400
_PROVIDERS = 20
_LOOK_SECONDS = 0.2
# Of the processes of a gateway, by generation.
_PROCESSES = ("the gateway", "the one that is forked from", "the one beside")
_GOOD_ENDINGS = {"200", "429", "503"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """`before`, `after`: the median seconds of a claim that comes alone."""

    tally: Tally
    memory: Memory
    before: float
    after: float
    flood: Flood
    restarted: bool

    def faults(self) -> list[str]:
        """What did not hold."""
        bad = {how: n for how, n in self.tally.ended[GOOD].items() if how not in _GOOD_ENDINGS}
        found = [f"{n} well-behaved requests ended with {how}" for how, n in bad.items()]
        if not self.tally.ended[GOOD]["200"]:
            found.append("nobody was served")
        if self.memory.together >= MOST_MEGABYTES:
            found.append(f"its processes had {self.memory.together:.0f} MB at one moment")
        if self.restarted:
            found.append("the gateway ended")
        if self.after > 2 * self.before + 0.05:
            found.append(f"a claim takes {self.after:.3f} s afterwards, {self.before:.3f} s before")
        return found


async def _watched(pid: int, memory: Memory) -> None:
    while True:
        memory.look(pid)
        await asyncio.sleep(_LOOK_SECONDS)


async def played(gateway: Process, providers: list[Provider], given: argparse.Namespace) -> Outcome:
    """The storm, and one claim at a time before it and after."""
    memory, pid = Memory(), gateway.handle.pid
    watching = asyncio.create_task(_watched(pid, memory))
    before = statistics.median(await claim_times(providers[0], 20, given.seed + 1))
    tally = await storm(providers, given.connections, given.hostile, given.seconds, seed=given.seed + 2)
    # What was taken meanwhile is finished, and what was asked for comes to its end.
    await asyncio.sleep(given.calm)
    after = statistics.median(await claim_times(providers[0], 20, given.seed + 3))
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching
    flooded = await flood(providers[1], providers[2], given.rounds, given.quiet, given.seed + 100)
    return Outcome(tally, memory, before, after, flooded, gateway.handle.poll() is not None)


def show(outcome: Outcome) -> None:
    table = Table("who", "connections", "requests", "how they ended", title="Overload")
    for kind, connections in outcome.tally.connections.items():
        ended = outcome.tally.ended[kind]
        ways = ", ".join(f"{how}: {n}" for how, n in sorted(ended.items()))
        table.add_row(kind, f"{connections}", f"{ended.total()}", ways or "still at it")
    console = Console(width=110)
    console.print(table)
    console.print(
        f"served within {_within(outcome.tally.served_seconds)},"
        f" turned away within {_within(outcome.tally.turned_away_seconds)}; a claim alone takes"
        f" {1000 * outcome.before:.0f} ms before and {1000 * outcome.after:.0f} ms after",
        highlight=False,
        soft_wrap=True,
    )
    _show_memory(console, outcome.memory)
    seen = outcome.flood
    console.print(
        f"a provider that sends half of what it could is answered within"
        f" {_within([*chain(*seen.alone)])} by itself, and within {_within([*chain(*seen.beside)])} while"
        f" another sends all it can, which is told {dict(seen.told)}; p99 {100 * seen.slower:+.0f} %, the"
        f" median of {len(seen.alone)} rounds",
        highlight=False,
        soft_wrap=True,
    )
    for fault in outcome.faults():
        console.print(f"NOT HELD: {fault}", highlight=False)


def _show_memory(console: Console, memory: Memory) -> None:
    table = Table("process", "most MB", "most MB of its own", title="Memory")
    for generation, most in sorted(memory.most.items()):
        table.add_row(_PROCESSES[generation], f"{most:.0f}", f"{memory.own[generation]:.0f}")
    table.add_row("all at one moment", "", f"{memory.together:.0f}")
    table.add_row("their peaks together", "", f"{sum(memory.own.values()):.0f}")
    console.print(table)


def _within(seconds: list[float]) -> str:
    return f"{quantile(seconds, 0.5):.3f} s (p99 {quantile(seconds, 0.99):.3f} s)"


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--connections", type=int, default=2000)
    options.add_argument("--hostile", type=float, default=0.1, help="share of them")
    options.add_argument("--seconds", type=float, default=60.0)
    options.add_argument(
        "--calm", type=float, default=15.0, help="seconds between the storm and the claim after"
    )
    options.add_argument("--rounds", type=int, default=5, help="of one provider alone and beside a flood")
    options.add_argument("--quiet", type=float, default=1.5, help="seconds of each")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--json", type=Path, metavar="FILE")
    given = options.parse_args()
    with TemporaryDirectory(prefix="claimgw-overload-") as name:
        folder = Path(name)
        address = f"sqlite:///{folder}/claimgw.db"
        gateway = server(address, folder, "overloaded", CLAIMGW_LOG_LEVEL="error")
        # What it starts by itself, late answers, is not asked of it here: its key need not be good.
        insurer = sandbox(folder, gateway.url, new_key(), FALCON)
        licences = [f"PR-{2001 + number}" for number in range(_PROVIDERS)]
        keys = asyncio.run(prepare(address, {FALCON: insurer.url}, [f"provider:{one}" for one in licences]))
        with processes(insurer, gateway):
            where = urlsplit(gateway.url)
            providers = [
                provider(Target(str(where.hostname), where.port or 80, key), licence)
                for licence, key in zip(licences, keys, strict=True)
            ]
            outcome = asyncio.run(played(gateway, providers, given))
    show(outcome)
    if given.json is not None:
        ended = {kind: dict(how) for kind, how in outcome.tally.ended.items()}
        told = {
            "ended": ended,
            "megabytes": outcome.memory.together,
            "peaks": list(outcome.memory.own.values()),
            "slower": outcome.flood.slower,
        }
        given.json.write_text(json.dumps(told, indent=2) + "\n")
    return 1 if outcome.faults() else 0


if __name__ == "__main__":
    sys.exit(main())
