"""When does a breaker open, when is it probed, when does it close? Tables; no clock, no store."""

from datetime import UTC, datetime, timedelta

import pytest

from claimgw.access.lanes import Breaker
from claimgw.clearinghouse.delivery import breaker
from claimgw.clearinghouse.delivery.breaker import Samples
from claimgw.clearinghouse.delivery.outcomes import MEANING, Outcome
from claimgw.store.breakers import Circuit, Position

NOW = datetime(2026, 11, 1, 8, tzinfo=UTC)
NEW = Circuit("payer:A", Position.CLOSED, NOW)
SETTINGS = Breaker(window_seconds=60, least_failures=3, share=0.5, probe_seconds=30)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("endings", "opens_at"),
    [
        ("FFF", 2),
        ("FF.", None),
        ("..FFF", 4),  # 3 of 5
        ("....FFF", None),  # 3 of 7
        ("....FFFF", 7),  # 4 of 8
        ("FF...F", 5),  # 3 of 6
        ("FF....", None),  # what went well never opens it
    ],
)
def test_a_breaker_opens_at_the_failure_that_makes_enough_of_them(endings: str, opens_at: int | None) -> None:
    samples = Samples()
    told = [samples.add(f"{n}", after(n), SETTINGS, failure=end == "F") for n, end in enumerate(endings)]
    assert [n for n, opens in enumerate(told) if opens] == ([] if opens_at is None else [opens_at])


def test_what_lies_before_the_window_counts_no_more() -> None:
    samples = Samples()
    told = [
        samples.add(f"{seconds}", after(seconds), SETTINGS, failure=True)
        for seconds in (0, 1, 60.5, 60.9, 61)
    ]
    assert told == [False, False, False, True, True]
    samples = Samples()
    assert not any(samples.add(f"{n}", after(31 * n), SETTINGS, failure=True) for n in range(20))


def test_an_attempt_counts_once_however_often_it_is_told() -> None:
    samples = Samples()
    told = [samples.add(name, NOW, SETTINGS, failure=True) for name in ("a", "a", "b", "a", "b", "c", "c")]
    # The last of them may find the database away, and is told again.
    assert told == [False, False, False, False, False, True, True]


def test_an_ending_counts_as_the_table_of_outcomes_says() -> None:
    for outcome, meaning in MEANING.items():
        assert (breaker.failed(outcome) is True) is meaning.breaker
    # The gateway itself held back, or ended: that says nothing about the insurer.
    silent = {outcome for outcome in Outcome if breaker.failed(outcome) is None}
    assert silent == {Outcome.PAUSED, Outcome.ABANDONED}


def test_a_breaker_goes_its_way_from_closed_to_closed() -> None:
    opened = breaker.opened(NEW, NOW, "nobody listens", SETTINGS)
    assert (opened.state, opened.since, opened.opened, opened.probe_at) == (Position.OPEN, NOW, 1, after(30))
    probing = breaker.probing(opened, after(30), "node-1", 70)
    assert (probing.state, probing.prober, probing.probe_at) == (Position.HALF_OPEN, "node-1", after(100))
    again = breaker.still_open(probing, after(31), "still nobody", SETTINGS)
    assert (again.state, again.since, again.opened, again.probe_at) == (Position.OPEN, NOW, 1, after(61))
    assert (again.reason, again.prober) == ("still nobody", None)
    closed = breaker.closed(breaker.probing(again, after(61), "node-2", 70), after(62))
    assert (closed.state, closed.since, closed.probe_at) == (Position.CLOSED, after(62), None)
    assert breaker.opened(closed, after(90), "down again", SETTINGS).opened == 2
    assert [c.revision for c in (NEW, opened, probing, again, closed)] == [0, 1, 2, 3, 5]


@pytest.mark.parametrize(
    ("circuit", "seconds", "may"),
    [
        (NEW, 100, False),
        (breaker.opened(NEW, NOW, "", SETTINGS), 29, False),
        (breaker.opened(NEW, NOW, "", SETTINGS), 30, True),
        (breaker.probing(breaker.opened(NEW, NOW, "", SETTINGS), NOW, "node-1", 70), 69, False),
        # Its prober has died.
        (breaker.probing(breaker.opened(NEW, NOW, "", SETTINGS), NOW, "node-1", 70), 70, True),
    ],
)
def test_one_probes_at_a_time_until_its_lease_ends(circuit: Circuit, seconds: float, may: bool) -> None:
    assert breaker.may_probe(circuit, after(seconds)) is may
