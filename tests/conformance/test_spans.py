"""Does a date, to whatever precision, stand for all the moments it may mean, and for no others?"""

from datetime import datetime

import pytest

from claimgw.conformance.rules.facts.spans import HOME, Span, span


def _span(first: str, last: str) -> Span:
    return Span(datetime.fromisoformat(first), datetime.fromisoformat(last))


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026-02-28", "2026-02-28T00:00:00+03:00", "2026-02-28T23:59:59.999999+03:00"),
        ("2028-02", "2028-02-01T00:00:00+03:00", "2028-02-29T23:59:59.999999+03:00"),
        ("2026", "2026-01-01T00:00:00+03:00", "2026-12-31T23:59:59.999999+03:00"),
        ("2026-02-28T21:30:00Z", "2026-02-28T21:30:00+00:00", "2026-02-28T21:30:00+00:00"),
    ],
)
def test_a_date_is_all_of_its_day_month_or_year_at_home(text: str, first: str, last: str) -> None:
    assert span(text) == _span(first, last)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "2026-02-29",
        "2026-13",
        "0000",
        "2026-02-28T10:00:00",
        "2026-02-28T23:59:60Z",
        2026,
        None,
        [],
    ],
)
def test_what_is_no_date_or_has_no_zone_is_no_span(text: object) -> None:
    assert span(text) is None


def test_a_time_is_neither_before_nor_after_the_day_it_is_in() -> None:
    day, late = span("2026-03-01"), span("2026-02-28T21:30:00Z")
    assert day
    assert late
    assert late.first.astimezone(HOME).date().isoformat() == "2026-03-01"
    assert not late.before(day)
    assert not day.before(late)


@pytest.mark.parametrize(
    "one", ["0001", "0001-01-01T00:00:00+14:00", "9999-12-31", "9999-12-31T23:59:59-12:00"]
)
def test_the_ends_of_the_calendar_can_be_compared(one: str) -> None:
    other, edge = span("2026-03-01"), span(one)
    assert other
    assert edge
    assert edge.before(other) == one.startswith("0")
    assert other.before(edge) == one.startswith("9")
