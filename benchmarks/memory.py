"""Does the process grow, claim by claim? What it has in memory, again and again in a long run."""

from contextlib import ExitStack

from benchmarks.effort import Effort
from benchmarks.load import Order
from benchmarks.processor import resident
from benchmarks.round import ordered
from benchmarks.sheet import Cell, Goal, Sheet, most
from benchmarks.stage import gateway, insurer, site

COLUMNS = ("", "claims", "MB in memory", "bytes a claim since the first fifth")
_PARTS = 5


def memory(effort: Effort) -> list[Sheet]:
    """After each fifth of the run. In the first one caches, pools and connections are filled."""
    rows: list[tuple[Cell, ...]] = []
    goals: list[Goal] = []
    for kind in effort.kinds:
        with ExitStack() as stack:
            where, address = stack.enter_context(site(kind)), stack.enter_context(insurer())
            served = stack.enter_context(gateway(where, address))
            each = effort.long_run // _PARTS
            seen: list[int] = []
            for part in range(_PARTS):
                first = 1 + part * each
                ordered(Order(list(served.urls), served.key, effort.connections, 3600, first, most=each))
                seen.append(resident(served.processes))
        since = [round((held - seen[0]) / (part * each)) if part else 0 for part, held in enumerate(seen)]
        rows += [
            (f"claimgw, {kind.value}", (part + 1) * each, round(held / 2**20, 1), grown)
            for part, (held, grown) in enumerate(zip(seen, since, strict=True))
        ]
        goals.append(most(f"{kind.value}: bytes a claim", since[-1], 100))
    return [Sheet("memory", "Memory in a long run", COLUMNS, tuple(rows), tuple(goals))]
