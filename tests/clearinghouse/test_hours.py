"""Are the hours of an insurer understood: open or closed, until when, and in which words?"""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from campaigns.hours import CASES, Case, walk
from claimgw.access.hours import Hours
from claimgw.access.participants import ParticipantSettings
from claimgw.clearinghouse.delivery.hours import Closed, Open, next_change, patience_from, sentence, standing
from claimgw.errors import ConfigurationError

RIYADH = ZoneInfo("Asia/Riyadh")
OFFICE: dict[str, Any] = {"weekly": {"sunday-thursday": ["09:00-17:00"]}}
# The changes of clocks of all four zones, and feasts of three of them.
WINDOWS = [(datetime(2026, 3, 1, tzinfo=UTC), 40), (datetime(2026, 9, 30, tzinfo=UTC), 40)]


def hours(**settings: Any) -> Hours:
    return Hours.model_validate(settings)


def riyadh(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=RIYADH)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.zone)
def test_the_sentences_are_right_where_clocks_and_holidays_make_it_hard(case: Case) -> None:
    for begin, days in WINDOWS:
        window = walk(case, begin, days, after=8)
        near = {at + by for at in window.changes() for by in range(-2, 3)}
        looked_at = sorted(near | set(range(0, window.minutes, 61)))
        assert list(window.wrong(at for at in looked_at if 0 <= at < window.minutes)) == []


def test_the_sentences_read_as_people_say_it() -> None:
    office = hours(**OFFICE)
    assert sentence(office, riyadh("2026-03-15T16:59")) == "accepting until 5:00pm today"
    closed = "not accepting at the moment; next Monday 16/3 at 9:00am"
    assert sentence(office, riyadh("2026-03-15T17:00")) == closed
    night = hours(weekly={"sunday": ["22:00-02:00"]})
    assert sentence(night, riyadh("2026-03-15T23:00")) == "accepting until 2:00am tomorrow"
    assert sentence(hours(zone="Europe/Berlin"), riyadh("2026-03-15T23:00")) == "accepting at any time"
    moving = hours(closures=[{"begins": "2026-03-20", "ends": "2026-03-21", "reason": "moving house"}])
    assert sentence(moving, riyadh("2026-03-15T23:00")) == "accepting until 12:00am Friday 20/3"


def test_a_closure_and_a_holiday_are_the_reason_and_the_time_of_day_is_none() -> None:
    closure = {"begins": "2026-09-22T12:00", "ends": "2026-09-22", "reason": "a fire drill"}
    office = hours(**OFFICE, country="SA", closures=[closure])
    told = {
        "2026-09-22T12:00": "a fire drill",
        "2026-09-23T12:00": "National Day Holiday",
        "2026-09-24T08:00": "",
    }
    for at, reason in told.items():
        assert standing(office, riyadh(at)) == Closed(riyadh("2026-09-24T09:00"), reason)
    assert isinstance(standing(office, riyadh("2026-09-22T11:59")), Open)


def test_an_insurer_that_never_opens_is_said_to() -> None:
    gone = hours(closures=[{"begins": "2026-01-01", "ends": "2030-01-01", "reason": "wound up"}])
    at = riyadh("2026-06-01T09:00")
    assert standing(gone, at) == Closed(None, "wound up")
    assert sentence(gone, at) == "not accepting at the moment; no opening is known"


def test_the_next_change_is_a_moment_whatever_the_clocks_say() -> None:
    office = hours(zone="America/New_York", **OFFICE)
    opens, closes = datetime(2026, 3, 8, 13, tzinfo=UTC), datetime(2026, 3, 8, 21, tzinfo=UTC)
    assert next_change(standing(office, opens - timedelta(hours=1))) == opens
    assert next_change(standing(office, opens)) == closes
    assert next_change(standing(hours(), opens)) is None


def test_days_on_which_it_is_closed_are_not_waited_for() -> None:
    feast = hours(**OFFICE, closures=[{"begins": "2026-03-16", "ends": "2026-03-25", "reason": "a feast"}])
    now, day = riyadh("2026-03-26T10:00"), timedelta(days=1)
    assert patience_from(hours(), now, 86_400) == now - day
    assert patience_from(feast, now, 86_400) == now - day
    # Thursday, ten days of feast, Sunday; the Friday and Saturday before it count no more than the feast.
    assert patience_from(feast, now, 2 * 86_400) == now - 12 * day
    assert patience_from(feast, now, 3 * 86_400) == now - 15 * day


def test_a_day_that_a_zone_skips_has_no_hours() -> None:
    apia = hours(zone="Pacific/Apia", weekly={"friday": ["09:00-17:00"], "saturday": ["09:00-17:00"]})
    skipped = datetime(2011, 12, 30, 9, 59, tzinfo=UTC)  # the last minute of Thursday; then Saturday begins
    assert sentence(apia, skipped) == "not accepting at the moment; next Saturday 31/12 at 9:00am"


def test_a_clock_set_back_over_midnight_opens_nothing_twice() -> None:
    """St. John's, 6 November 2011: at one minute past midnight it was 23:01 of the day before once more."""
    settings = {
        "zone": "America/St_Johns",
        "weekly": {"saturday": ["22:00-23:30"], "sunday": ["00:00-09:00"]},
    }
    johns, midnight = hours(**settings), datetime(2011, 11, 6, 2, 30, tzinfo=UTC)
    assert next_change(standing(johns, midnight - timedelta(minutes=1))) == midnight
    for minutes in (0, 30, 61):  # 00:00 and 23:30, and midnight once more
        assert sentence(johns, midnight + timedelta(minutes=minutes)).startswith("accepting until 9:00am to")


def test_hours_are_kept_as_they_were_written_day_by_day() -> None:
    settings = {
        "zone": "Europe/Berlin",
        "weekly": {"friday": ["22:00-24:00", "08:00-12:00"], "sunday": ["22:00-02:00"]},
        "country": "DE-BY",
        "holidays": {"2026-08-08": "peace"},
        "working_days": ["2026-06-04"],
        "closures": [{"begins": "2026-03-01T00:00", "ends": "2026-03-03T09:30", "reason": "moving"}],
    }
    read = ParticipantSettings.read({"hours": settings})
    assert read.write() == {"hours": settings}
    assert hash(ParticipantSettings.read(read.write()).hours) == hash(read.hours)


def test_what_is_said_later_of_a_day_counts() -> None:
    told = hours(weekly={"sunday-thursday": ["09:00-17:00"], "thursday": ["09:00-13:00"], "monday": []})
    written = told.model_dump(mode="json")["weekly"]
    assert list(written) == ["sunday", "tuesday", "wednesday", "thursday"]
    assert (written["wednesday"], written["thursday"]) == (["09:00-17:00"], ["09:00-13:00"])


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "zone": ({"zone": "Asia/Atlantis"}, "hours.zone: 'Asia/Atlantis' is no time zone"),
    "folder": ({"zone": "Asia"}, "hours.zone: 'Asia' is no time zone"),
    "country": ({"country": "XX"}, "hours.country: the holidays of 'XX' are not known"),
    "no day": ({"weekly": {}}, "hours: weekly: no day has a span"),
    "no span": ({"weekly": {"sunday": []}}, "hours: weekly: no day has a span"),
    "other day": ({"weekly": {"sun": ["09:00-17:00"]}}, "hours: weekly: 'sun' is no day"),
    "span": ({"weekly": {"sunday": ["9-17"]}}, "hours.weekly.sunday.0: '9-17' is no span"),
    "empty": ({"weekly": {"sunday": ["09:00-09:00"]}}, "has no length"),
    "overlap": (
        {"weekly": {"sunday": ["09:00-12:00", "11:00-13:00"]}},
        "09:00-12:00 and 11:00-13:00 overlap",
    ),
    "backwards": (
        {"closures": [{"begins": "2026-03-02", "ends": "2026-03-01", "reason": "x"}]},
        "hours.closures.0: ends must lie after begins",
    ),
    "offset": (
        {"closures": [{"begins": "2026-03-02T09:00Z", "ends": "2026-03-03", "reason": "x"}]},
        "hours.closures.0.begins: '2026-03-02T09:00Z': write 2026-12-31T17:00",
    ),
    "nameless": ({"holidays": {"2026-03-02": " "}}, "hours.holidays.2026-03-02: a few words"),
    "unknown": ({"open": True}, "hours.open: there is no such setting"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_hours_that_mean_nothing_are_refused_by_name(wrong: str) -> None:
    settings, told = WRONG[wrong]
    with pytest.raises(ConfigurationError) as fault:
        ParticipantSettings.read({"hours": settings})
    assert told in str(fault.value)
