"""How long does a verdict take, from bytes to findings? Claims of 3, 20, 100 and 200 items, sound and faulty.

Times are medians of one warm process, and multiples of U: what `json.loads` needs for the claim of 3 items
at that moment. The machine's mood is in U as much as in the times, so the multiples can be compared.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.messages import CLAIM, claim
from claimgw.conformance import Direction, check
from claimgw.messages.envelope import Envelope, read

RECEIVED = datetime(2026, 11, 1, tzinfo=UTC)
SIZES = (3, 20, 100, 200)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. Times in milliseconds."""

    name: str
    items: int
    median_ms: float
    p99_ms: float


def judge(raw: bytes) -> int:
    """All that the gateway asks of a request; how many findings there were."""
    envelope = read(raw)
    assert isinstance(envelope, Envelope)
    return len(check(envelope, RECEIVED, direction=Direction.REQUEST))


def timed(work: Callable[[], object], seconds: float) -> tuple[float, float]:
    """Median and 99th percentile of one call, in milliseconds, over at least 30 calls."""
    taken: list[float] = []
    end = time.perf_counter() + seconds
    while len(taken) < 30 or time.perf_counter() < end:
        began = time.perf_counter()
        work()
        taken.append(1000 * (time.perf_counter() - began))
    return statistics.median(taken), statistics.quantiles(taken, n=100)[98]


def measured(seconds: float) -> tuple[float, list[Row]]:
    """U, and a row for each size, sound and faulty."""
    raws = {
        ("faulty" if faulty else "sound", size): claim(size, faulty=faulty)
        for faulty in (False, True)
        for size in SIZES
    }
    for (name, size), raw in raws.items():
        found = judge(raw)
        assert (found > 0) is (name == "faulty"), f"the {name} claim of {size} items has {found} findings"
    unit, _ = timed(lambda: json.loads(raws["sound", 3]), seconds)
    rows = []
    for (name, size), raw in raws.items():
        median, p99 = timed(lambda raw=raw: judge(raw), seconds)  # type: ignore[misc]
        rows.append(Row(name, size, round(median, 3), round(p99, 3)))
    return unit, rows


def start_up() -> float:
    """Seconds from the start of a process to its first verdict."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "benchmarks.validate", "--once"], check=True)
    return time.perf_counter() - began


def show(unit: float, rows: list[Row], started: float) -> None:
    table = Table("claim", "items", "median ms", "p99 ms", "U", "µs an item", title="From bytes to findings")
    for row in rows:
        table.add_row(
            row.name,
            str(row.items),
            f"{row.median_ms:.2f}",
            f"{row.p99_ms:.2f}",
            f"{row.median_ms / unit:.1f}",
            f"{1000 * row.median_ms / row.items:.0f}",
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    console = Console()
    console.print(table)
    console.print(
        f"U = {unit:.3f} ms. From the start of a process to its first verdict {started:.2f} s, "
        f"peak memory {peak:.0f} MB.",
        highlight=False,
    )


def main() -> None:
    """Measure, show, and write JSON if asked."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--json", type=Path, metavar="FILE", help="write the rows there as JSON")
    options.add_argument("--seconds", type=float, default=1.0, help="how long each size is repeated")
    options.add_argument("--once", action="store_true", help="one verdict and out: what start_up times")
    given = options.parse_args()
    if given.once:
        judge(CLAIM.read_bytes())
        return
    unit, rows = measured(given.seconds)
    show(unit, rows, start_up())
    if given.json is not None:
        given.json.write_text(json.dumps([asdict(row) for row in rows], indent=2) + "\n")


if __name__ == "__main__":
    main()
