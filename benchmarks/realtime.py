"""How many claims a second, how long does each wait, and what does it cost? Against floor and usual."""

from contextlib import ExitStack

from benchmarks.effort import Effort
from benchmarks.round import Course, Figures
from benchmarks.sheet import Cell, Goal, Sheet, least, most
from benchmarks.stage import Kind, gateway, insurer, rival, site

COLUMNS = ("", "claims/s", "p50 ms", "p99 ms", "CPU ms a claim", "of it database")
_CHARTED = ("claims/s", "p99 ms", "CPU ms a claim")


def real_time(effort: Effort) -> list[Sheet]:
    """At full load: the gateway, the floor and the usual stack. At half of it: the gateway and the floor."""
    full: list[tuple[Cell, ...]] = []
    half: list[tuple[Cell, ...]] = []
    goals: list[Goal] = []
    added: list[Goal] = []
    for kind in effort.kinds:
        with ExitStack() as stack:
            where, address = stack.enter_context(site(kind)), stack.enter_context(insurer())
            ours = stack.enter_context(gateway(where, address))
            floor = stack.enter_context(rival(where, "floor", address))
            usual = stack.enter_context(rival(where, "usual", address))
            course = Course(where, effort)
            at_full = course.run([ours, floor, usual])
            at_half = course.run([ours, floor], rate=at_full[0].rate / 2)
        full += [row(kind, one) for one in at_full]
        half += [row(kind, one) for one in at_half]
        goals += _goals(kind, *at_full)
        p99 = round(at_half[0].p99 - at_half[1].p99, 2)
        added.append(most(f"{kind.value}: milliseconds that claimgw adds to the floor's p99", p99, 10))
    return [
        Sheet("real-time", "Real time, full load", COLUMNS, tuple(full), tuple(goals), _CHARTED),
        Sheet("half-load", "Real time, half load", COLUMNS, tuple(half), tuple(added)),
    ]


def processes(effort: Effort) -> list[Sheet]:
    """One `serve` and two, each on a database of its own, in turn."""
    rows: list[tuple[Cell, ...]] = []
    for kind in effort.kinds:
        with ExitStack() as stack:
            where, address = stack.enter_context(site(kind)), stack.enter_context(insurer())
            contenders = [stack.enter_context(gateway(where, address, nodes=nodes)) for nodes in (1, 2)]
            rows += [row(kind, one) for one in Course(where, effort).run(contenders)]
    return [Sheet("processes", "One process and two", COLUMNS, tuple(rows), charted=("claims/s",))]


def row(kind: Kind, figures: Figures) -> tuple[Cell, ...]:
    """As `COLUMNS` has it."""
    return (
        f"{figures.name}, {kind.value}",
        figures.rate,
        figures.p50,
        figures.p99,
        figures.cpu,
        figures.cpu_database,
    )


def _goals(kind: Kind, ours: Figures, floor: Figures, usual: Figures) -> list[Goal]:
    return [
        least(f"{kind.value}: claims/s", ours.rate, 350),
        most(f"{kind.value}: p99 in ms", ours.p99, 30),
        most(f"{kind.value}: CPU ms a claim", ours.cpu, 3),
        least(f"{kind.value}: share of the floor", round(ours.rate / floor.rate, 2), 0.6),
        least(f"{kind.value}: times the usual stack", round(ours.rate / usual.rate, 1), 6),
    ]
