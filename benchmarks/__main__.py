"""Which figures are taken, and where do they go? The command line of the benchmarks."""

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.drain import drain
from benchmarks.effort import Effort
from benchmarks.memory import memory
from benchmarks.page import put
from benchmarks.pickup import pick_up
from benchmarks.polls import polls
from benchmarks.realtime import processes, real_time
from benchmarks.sheet import Sheet, shown
from benchmarks.silent import silent
from benchmarks.stage import Kind
from benchmarks.steps import steps

SUBJECTS: dict[str, Callable[[Effort], list[Sheet]]] = {
    "real-time": real_time,
    "processes": processes,
    "steps": steps,
    "polls": polls,
    "pick-up": pick_up,
    "drain": drain,
    "silent": silent,
    "memory": memory,
}


def show(console: Console, sheet: Sheet) -> None:
    """The table, and how far the goals are met."""
    table = Table(title=sheet.title)
    for number, column in enumerate(sheet.columns):
        table.add_column(column, justify="right" if number else "left")
    for row in sheet.rows:
        table.add_row(*[shown(cell) for cell in row])
    console.print(table)
    for goal in sheet.goals:
        console.print(goal.told(), style="" if goal.met else "red", highlight=False, soft_wrap=True)


def options() -> argparse.ArgumentParser:
    """What can be asked for."""
    default = Effort()
    asked = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    asked.add_argument("--only", action="append", choices=list(SUBJECTS), help="these figures; else all")
    asked.add_argument("--database", type=Kind, choices=list(Kind), help="on this kind only")
    asked.add_argument("--seconds", type=float, default=default.seconds, help="of one round")
    asked.add_argument("--rounds", type=int, help="of each contender, in turn")
    asked.add_argument("--connections", type=int, default=default.connections, help="of the sender")
    asked.add_argument("--outage", type=int, default=default.outage, help="claims held in `drain`")
    asked.add_argument("--claims", type=int, default=default.long_run, help="in the long run of `memory`")
    asked.add_argument("--full", action="store_true", help="five rounds, and backlogs of a million")
    asked.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as JSON")
    asked.add_argument("--docs", action="store_true", help="and into docs/performance.md, with the charts")
    return asked


def effort_of(given: argparse.Namespace) -> Effort:
    """How much the options ask for."""
    effort = Effort(
        seconds=given.seconds,
        connections=given.connections,
        outage=given.outage,
        long_run=given.claims,
    )
    if given.full:
        effort = effort.full()
    if given.rounds:
        effort = replace(effort, rounds=given.rounds)
    return replace(effort, kinds=(given.database,)) if given.database else effort


def main() -> int:
    """Measure and show; a goal that is missed is told, and no failure: machines differ."""
    given = options().parse_args()
    effort, console = effort_of(given), Console()
    sheets: list[Sheet] = []
    for name in given.only or SUBJECTS:
        began = time.perf_counter()
        for sheet in SUBJECTS[name](effort):
            show(console, sheet)
            if given.docs:
                put(sheet)
            sheets.append(sheet)
        console.print(f"{name}: {time.perf_counter() - began:.0f} s", style="dim", highlight=False)
    if given.json:
        given.json.write_text(json.dumps([asdict(sheet) for sheet in sheets], indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
