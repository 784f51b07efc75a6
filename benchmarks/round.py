"""How do several contenders fare in one run? Sent claims in turn, round after round; the medians count."""

import json
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from benchmarks.effort import Effort
from benchmarks.load import Measured, Order
from benchmarks.processor import seconds_used
from benchmarks.stage import Contender, Site

_WARM_SECONDS = 1.0
# More claims than any round sends: so far apart begin the numbers of two rounds.
_APART = 1_000_000


@dataclass(frozen=True, slots=True)
class Figures:
    """Medians of all rounds. Times in milliseconds; `cpu`: of app and database, for one claim."""

    name: str
    claims: int
    rate: float
    p50: float
    p99: float
    cpu: float
    cpu_database: float


@dataclass(frozen=True, slots=True)
class _Round:
    measured: Measured
    app: float
    database: float


def ordered(order: Order) -> Measured:
    """Let a process of its own send. Raises RuntimeError if one answer was not the insurer's."""
    command = [sys.executable, "-m", "benchmarks.load", json.dumps(asdict(order))]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    measured = Measured(**json.loads(done.stdout))
    if measured.wrong:
        raise RuntimeError(f"{measured.wrong} of {measured.claims} answers were not right: {measured.such}")
    return measured


class Course:
    """One run with several contenders on one site; it remembers which numbers have been used."""

    def __init__(self, where: Site, effort: Effort) -> None:
        self._where = where
        self._effort = effort
        self._used = 0
        self._warm: set[str] = set()

    def run(self, contenders: Sequence[Contender], *, rate: float = 0) -> list[Figures]:
        """The figures of each, in their order. `rate`: claims per second; 0: as fast as they come."""
        rounds: list[list[_Round]] = [[] for _ in contenders]
        for contender in contenders:
            if contender.name not in self._warm:
                self._one(contender, min(_WARM_SECONDS, self._effort.seconds), 0)
                self._warm.add(contender.name)
        for _ in range(self._effort.rounds):
            for contender, seen in zip(contenders, rounds, strict=True):
                seen.append(self._one(contender, self._effort.seconds, rate))
        return [_figures(one.name, seen) for one, seen in zip(contenders, rounds, strict=True)]

    def _one(self, contender: Contender, seconds: float, rate: float) -> _Round:
        self._used += _APART
        order = Order(
            list(contender.urls),
            contender.key,
            self._effort.connections,
            seconds,
            self._used,
            rate,
            contender.message,
            dict(contender.replaced),
            contender.proof,
            contender.most,
        )
        app, database = seconds_used(contender.processes), seconds_used(self._where.processes)
        measured = ordered(order)
        return _Round(
            measured,
            seconds_used(contender.processes) - app,
            seconds_used(self._where.processes) - database,
        )


def _figures(name: str, seen: Sequence[_Round]) -> Figures:
    def median(values: Sequence[float], digits: int = 2) -> float:
        return round(statistics.median(values), digits)

    return Figures(
        name=name,
        claims=sum(one.measured.claims for one in seen),
        rate=median([one.measured.claims / one.measured.seconds for one in seen], 1),
        p50=median([one.measured.p50 for one in seen]),
        p99=median([one.measured.p99 for one in seen]),
        cpu=median([1000 * (one.app + one.database) / one.measured.claims for one in seen]),
        cpu_database=median([1000 * one.database / one.measured.claims for one in seen]),
    )
