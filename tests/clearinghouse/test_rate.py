"""Do all nodes together keep to an insurer's rate, and waste none of it?"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from sqlalchemy import event

from claimgw.access.lanes import Rate
from claimgw.access.participants import Kind, Participant, ParticipantSettings
from claimgw.clearinghouse.delivery import rate
from claimgw.clearinghouse.delivery.pace import Pace
from claimgw.clock import ManualClock
from claimgw.store.allowances import Allowance
from claimgw.store.database import Database

NOW = datetime(2026, 11, 1, 8, tzinfo=UTC)


def insurer(per_second: float | None, burst: int = 1) -> Participant:
    settings = ParticipantSettings(rate=Rate(per_second=per_second, burst=burst))
    return Participant("payer:A", Kind.INSURER, "A", "http://a", "fhir-http", None, False, settings)


@dataclass
class Bucket:
    limit: Rate
    held: Allowance | None = None

    def take(self, seconds: float, most: int) -> int:
        granted, self.held = rate.take(self.held, "A", self.limit, NOW + timedelta(seconds=seconds), most)
        return granted


@pytest.mark.parametrize(
    ("limit", "takes"),
    [
        # seconds, wanted, granted
        (Rate(per_second=10, burst=1), [(0, 5, 1), (0.05, 5, 0), (0.1, 5, 1), (0.35, 5, 1), (0.4, 1, 0)]),
        (Rate(per_second=10, burst=5), [(0, 9, 5), (0.1, 9, 1), (10, 9, 5), (10, 1, 0)]),
        (Rate(per_second=0.5), [(0, 9, 1), (1.9, 1, 0), (2, 1, 1)]),
        (Rate(per_second=2.5), [(0, 9, 3), (0.4, 9, 1)]),
        # A clock that is behind the others' grants nothing, and takes nothing away.
        (Rate(per_second=10, burst=2), [(5, 2, 2), (1, 2, 0), (5.2, 2, 2)]),
    ],
)
def test_a_bucket_gives_what_has_run_up(limit: Rate, takes: list[tuple[float, int, int]]) -> None:
    bucket = Bucket(limit)
    assert [bucket.take(seconds, wanted) for seconds, wanted, _ in takes] == [given for _, _, given in takes]


@pytest.mark.parametrize("seed", range(5))
def test_no_span_of_time_has_more_than_its_share_and_the_burst(seed: int) -> None:
    chance = Random(seed)
    limit = Rate(per_second=chance.choice([0.7, 3, 50]), burst=chance.choice([1, 4, 20]))
    bucket, at, given = Bucket(limit), 0.0, list[tuple[float, int]]()
    for _ in range(400):
        at += chance.expovariate(2 * limit.per_second if limit.per_second else 1)
        given.append((at, bucket.take(at, chance.randint(1, 5))))
    assert limit.per_second is not None
    for first in range(0, 400, 7):
        count = 0
        for moment, granted in given[first:]:
            count += granted
            assert count <= limit.most + limit.per_second * (moment - given[first][0]) + 1e-3
    assert sum(granted for _, granted in given) >= 0.6 * limit.per_second * at


def test_it_tells_when_there_is_more() -> None:
    bucket = Bucket(Rate(per_second=4, burst=2))
    assert bucket.take(0, 5) == 2
    assert bucket.held is not None
    assert rate.next_at(bucket.held, bucket.limit) == NOW + timedelta(seconds=0.25)


async def test_without_a_limit_the_store_is_not_asked(database: Database, clock: ManualClock) -> None:
    with counted(database) as statements:
        assert await Pace(database, clock).take(insurer(None), 1000) == 1000
    assert statements == []


async def test_nodes_share_a_rate_by_slices(database: Database, clock: ManualClock) -> None:
    limited, nodes = insurer(100, burst=25), [Pace(database, clock) for _ in range(3)]
    sent = 0
    with counted(database) as statements:
        for _ in range(100):
            sent += sum(await asyncio.gather(*(node.take(limited, 1) for node in nodes for _ in range(3))))
            clock.advance(0.1)
    # Ten seconds: what has lapsed unused may be missing, and nothing is there twice.
    assert 700 <= sent <= 1025
    moved = [one for one in statements if one.startswith("UPDATE")]
    assert len(moved) <= sent / 5


async def test_what_was_not_needed_is_given_back(database: Database, clock: ManualClock) -> None:
    limited, pace = insurer(20, burst=5), Pace(database, clock)
    assert await pace.take(limited, 5) == 5
    pace.give_back(limited, 4)
    assert await pace.take(limited, 5) == 4
    assert pace.wait(limited) == pytest.approx(0.05)
    clock.advance(0.05)
    assert await pace.take(limited, 5) == 1


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """The statements that write, as they are made."""
    made: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        made.append(statement)

    engine = database._writer.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield made
    finally:
        event.remove(engine, "before_cursor_execute", note)
