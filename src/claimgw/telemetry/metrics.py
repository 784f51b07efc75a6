"""Which figures does this process count? No label comes from the content of a message."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

registry = CollectorRegistry()

messages = Counter(
    "claimgw_messages",
    "Messages posted to the gateway, by event and by what became of them",
    ["event", "verdict"],
    registry=registry,
)
turned_away = Counter(
    "claimgw_turned_away",
    "Requests answered with 429 or 503 before they were read, by the bound that they met",
    ["bound"],
    registry=registry,
)
attempts = Counter(
    "claimgw_attempts",
    "Attempts to deliver, by insurer and by how they ended",
    ["insurer", "outcome"],
    registry=registry,
)
offered_again = Counter(
    "claimgw_offered_again",
    "Messages that a poll was given although another poll had them before",
    ["provider"],
    registry=registry,
)
session_seconds = Histogram(
    "claimgw_session_seconds",
    "Time from a request to its answer",
    ["event"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
    registry=registry,
)


def counted() -> list[Metric]:
    """What this process has counted up to now; it can be pickled."""
    return list(registry.collect())


class Summed(Collector):
    """What several processes have counted, as if it had been one."""

    def __init__(self, processes: Iterable[Sequence[Metric]]) -> None:
        self._processes = processes

    def collect(self) -> Iterator[Metric]:
        families: dict[str, Metric] = {}
        sums: dict[tuple[str, str, frozenset[tuple[str, str]]], Sample] = {}
        for family in chain.from_iterable(self._processes):
            families.setdefault(family.name, Metric(family.name, family.documentation, family.type))
            for sample in family.samples:
                key = family.name, sample.name, frozenset(sample.labels.items())
                held = sums.get(key)
                # When a count began is told beside it, and not added up.
                adds = held is not None and not sample.name.endswith("_created")
                sums[key] = (
                    sample._replace(value=held.value + sample.value) if adds and held else held or sample
                )
        for (name, _, _), sample in sums.items():
            families[name].samples.append(sample)
        yield from families.values()
