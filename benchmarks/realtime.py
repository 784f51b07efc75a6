"""How many claims a second, how long does each wait, and what does it cost? Against the floor and the usual."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from benchmarks.round import Course, Effort, Figures
from benchmarks.stage import Contender, Kind, gateway, insurer, rival, site


@dataclass(frozen=True, slots=True)
class RealTime:
    """Each contender at full load, and ours and the floor at half of our full load, on one database."""

    database: str
    claimgw: Figures
    floor: Figures
    usual: Figures
    half_claimgw: Figures
    half_floor: Figures

    @property
    def of_floor(self) -> float:
        return round(self.claimgw.rate / self.floor.rate, 2)

    @property
    def times_usual(self) -> float:
        return round(self.claimgw.rate / self.usual.rate, 1)

    @property
    def added_p99(self) -> float:
        """Milliseconds that we add to the slowest of a hundred, at half load."""
        return round(self.half_claimgw.p99 - self.half_floor.p99, 2)


@dataclass(frozen=True, slots=True)
class Processes:
    """One `serve` and two, at full load, in turn, on two databases of one kind."""

    database: str
    one: Figures
    two: Figures

    @property
    def times_one(self) -> float:
        return round(self.two.rate / self.one.rate, 2)


def real_time(kind: Kind, effort: Effort) -> RealTime:
    """The gateway, the floor and the usual stack in turn."""
    with ExitStack() as stack:
        where, address = stack.enter_context(site(kind)), stack.enter_context(insurer())
        ours = stack.enter_context(gateway(where, address))
        floor = stack.enter_context(rival(where, "floor", address))
        usual = stack.enter_context(rival(where, "usual", address))
        course = Course(where, effort)
        full = course.run([ours, floor, usual])
        half = course.run([ours, floor], rate=full[0].rate / 2)
    return RealTime(kind.value, *full, *half)


def processes(kind: Kind, effort: Effort) -> Processes:
    """One process against two."""
    with ExitStack() as stack:
        where, address = stack.enter_context(site(kind)), stack.enter_context(insurer())
        contenders: Sequence[Contender] = [
            stack.enter_context(gateway(where, address, nodes=nodes)) for nodes in (1, 2)
        ]
        one, two = Course(where, effort).run(contenders)
    return Processes(kind.value, one, two)
