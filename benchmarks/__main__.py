"""Which figures are taken, and where do they go? The command line of the benchmarks."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import realtime
from benchmarks.round import Effort, Figures
from benchmarks.stage import Kind


def _rows(table: Table, figures: list[Figures]) -> None:
    for one in figures:
        table.add_row(
            one.name,
            f"{one.rate:.0f}",
            f"{one.p50:.1f}",
            f"{one.p99:.1f}",
            f"{one.cpu:.2f}",
            f"{one.cpu_database:.2f}",
        )


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--database", choices=[one.value for one in Kind])
    options.add_argument("--seconds", type=float, default=5.0)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--connections", type=int, default=8)
    options.add_argument("--json", type=Path, metavar="FILE")
    given = options.parse_args()
    effort = Effort(given.seconds, given.rounds, given.connections)
    kinds = [Kind(given.database)] if given.database else list(Kind)
    console, found = Console(), []
    for kind in kinds:
        one = realtime.real_time(kind, effort)
        found.append(asdict(one))
        table = Table(
            "", "claims/s", "p50 ms", "p99 ms", "CPU ms", "of it database", title=f"real time, {kind.value}"
        )
        _rows(table, [one.claimgw, one.floor, one.usual])
        table.add_section()
        _rows(table, [one.half_claimgw, one.half_floor])
        console.print(table)
        console.print(
            f"{one.of_floor} of the floor, {one.times_usual} times the usual, p99 added at half load {one.added_p99} ms"
        )
    if given.json:
        given.json.write_text(json.dumps(found, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
