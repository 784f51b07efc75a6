"""Are the sentences about an insurer's hours right at every minute of a year, in four time zones?

Compared with a slow reference that knows nothing of spans in UTC: it follows the local clock minute by
minute, and reads the settings as they are written.
"""

import argparse
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from claimgw.access.hours import Hours
from claimgw.clearinghouse.delivery.hours import is_open, sentence

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
_DAY_MINUTES = 24 * 60
# The clock may just have been set back.
_BEFORE = 3 * _DAY_MINUTES
_MINUTE = timedelta(minutes=1)

_OFFICE = ["09:00-12:00", "13:00-17:00"]


@dataclass(frozen=True, slots=True)
class Case:
    """Hours as an operator writes them, and the days that they close, worked out by hand."""

    settings: Mapping[str, Any]
    closed_days: frozenset[date]

    @property
    def zone(self) -> str:
        return str(self.settings["zone"])


def _days(*days: str) -> frozenset[date]:
    return frozenset(date.fromisoformat(f"2026-{day}" if len(day) == 5 else day) for day in days)


CASES: Sequence[Case] = (
    Case(
        {
            "zone": "Asia/Riyadh",
            "weekly": {
                "sunday-wednesday": ["08:00-17:00"],
                "thursday": ["08:00-13:30"],
                "friday": ["21:00-02:00"],
            },
            "country": "SA",
            "holidays": {"2026-11-05": "the day of the founder"},
            "working_days": ["2026-05-26"],
            "closures": [
                {"begins": "2026-07-01T12:00", "ends": "2026-07-01T14:00", "reason": "new systems"},
                {"begins": "2026-08-06T20:00", "ends": "2026-08-08T01:00", "reason": "moving house"},
            ],
        },
        _days("02-22", "03-19", "03-20", "03-21", "03-22", "03-23", "03-24", "05-27", "05-28", "05-29")
        | _days("05-31", "09-23", "11-05", "2027-02-22"),
    ),
    Case(
        {
            "zone": "Europe/Berlin",
            # The night of a change of clocks: one time that does not exist, one that is there twice.
            "weekly": {
                "monday-friday": _OFFICE,
                "saturday": ["22:00-02:30"],
                "sunday": ["02:15-02:45", "02:50-06:00"],
            },
            "country": "DE-BY",
            "closures": [{"begins": "2026-12-28", "ends": "2027-01-03", "reason": "works holidays"}],
        },
        _days("01-01", "01-06", "04-03", "04-06", "05-01", "05-14", "05-25", "06-04", "10-03", "11-01")
        | _days("12-25", "12-26", "2027-01-01", "2027-01-06"),
    ),
    Case(
        {
            "zone": "America/New_York",
            "weekly": {
                "monday-thursday": ["00:00-24:00"],
                "friday": ["00:00-18:00"],
                "saturday": ["20:00-01:30"],
                "sunday": ["01:15-01:45", "12:00-12:01", "18:00-24:00"],
            },
            "holidays": {
                "2026-07-03": "Independence Day",
                "2026-11-26": "Thanksgiving",
                "2026-12-25": "Christmas",
            },
            "closures": [
                {"begins": "2026-11-01T01:40", "ends": "2026-11-01T12:00", "reason": "a test of clocks"}
            ],
        },
        _days("07-03", "11-26", "12-25"),
    ),
    Case(
        {
            "zone": "Australia/Lord_Howe",
            "country": "AU",
            "holidays": {"2026-04-05": "a Sunday of clocks", "2026-06-08": "King's Birthday"},
            "closures": [
                {"begins": "2026-10-04T02:10", "ends": "2026-10-04T02:20", "reason": "never"},
                {"begins": "2026-10-04T02:25", "ends": "2026-10-04T03:00", "reason": "half"},
            ],
        },
        _days("01-01", "01-26", "04-03", "04-05", "04-06", "04-25", "06-08", "12-25", "2027-01-01")
        | _days("12-26", "2027-01-26"),
    ),
)


@dataclass(frozen=True, slots=True)
class Walk:
    """The reference, minute by minute from a little before `begin` until a little after its `minutes`.

    `walls`: what the local clock shows; `next`: where the next change is, if it is still within.
    """

    hours: Hours
    begin: datetime
    minutes: int
    walls: Sequence[datetime]
    open: Sequence[bool]
    next: Sequence[int]

    def changes(self) -> list[int]:
        """The minutes at which it opens or closes."""
        opened = self.open[_BEFORE - 1 : _BEFORE + self.minutes]
        return [at for at in range(self.minutes) if opened[at] != opened[at + 1]]

    def wrong(self, minutes: Iterable[int]) -> Iterator[str]:
        """Where the gateway says something else."""
        for at in minutes:
            moment, here = self.begin + at * _MINUTE, _BEFORE + at
            if is_open(self.hours, moment) != self.open[here]:
                yield f"{self.hours.zone} {moment}: open is {not self.open[here]}"
            if self.next[here] == len(self.walls):
                continue
            right = _told(self.open[here], self.walls[here].date(), self.walls[self.next[here]])
            if (told := sentence(self.hours, moment)) != right:
                yield f"{self.hours.zone} {moment}: {told!r} instead of {right!r}"


def walk(case: Case, begin: datetime = BEGIN, days: int = 365, after: int = 40) -> Walk:
    """Through so many days; `after` them so many more, for what is next on the last ones."""
    zone, first = ZoneInfo(case.zone), int(begin.timestamp()) // 60 - _BEFORE
    walls: list[datetime] = []
    opened: list[bool] = []
    tables: dict[date, list[bool]] = {}
    latest = datetime.fromtimestamp(first * 60, zone).replace(tzinfo=None)
    for minute in range(first, first + _BEFORE + (days + after) * _DAY_MINUTES):
        wall = datetime.fromtimestamp(minute * 60, zone).replace(tzinfo=None)
        # Set back, it tells once more what has been; nothing begins or ends until it has caught up.
        latest = max(latest, wall)
        if (table := tables.get(latest.date())) is None:
            table = tables[latest.date()] = _day(case, latest.date())
        walls.append(wall)
        opened.append(table[latest.hour * 60 + latest.minute])
    following, change = [len(walls)] * len(walls), len(walls)
    for at in range(len(walls) - 1, 0, -1):
        following[at] = change
        if opened[at] != opened[at - 1]:
            change = at
    hours = Hours.model_validate(case.settings)
    return Walk(hours, begin, days * _DAY_MINUTES, walls, opened, following)


@lru_cache
def _told(is_open: bool, today: date, then: datetime) -> str:
    hour = f"{then:%I:%M%p}".lstrip("0").lower()
    day = f"{then:%A} {then.day}/{then.month}"
    if not is_open:
        return f"not accepting at the moment; next {day} at {hour}"
    near = {today: "today", today + timedelta(days=1): "tomorrow"}
    return f"accepting until {hour} {near.get(then.date(), day)}"


def _day(case: Case, day: date) -> list[bool]:
    """Every minute of it by the clock on the wall."""
    if day in case.closed_days:
        return [False] * _DAY_MINUTES
    yesterday = day - timedelta(days=1)
    own = [(span[:5], span[6:]) for span in _spans(case, day)]
    late = [] if yesterday in case.closed_days else [(span[:5], span[6:]) for span in _spans(case, yesterday)]
    closures = [(one["begins"], _last(one["ends"])) for one in case.settings.get("closures", ())]
    opened = []
    for minute in range(_DAY_MINUTES):
        now = f"{minute // 60:02}:{minute % 60:02}"
        wall = f"{day}T{now}"
        within = any(begin <= now and (now < end or end <= begin) for begin, end in own)
        beyond = any(end <= begin and now < end for begin, end in late)
        closed = any(begin <= wall < end for begin, end in closures)
        opened.append((within or beyond) and not closed)
    return opened


def _last(ends: str) -> str:
    """A day alone is closed to its end."""
    return ends if "T" in ends else f"{ends}T24:00"


def _spans(case: Case, day: date) -> Sequence[str]:
    if "weekly" not in case.settings:
        return ["00:00-24:00"]
    week = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    spans: Sequence[str]
    for names, spans in case.settings["weekly"].items():
        first, _, last = names.partition("-")
        begin, end = week.index(first), week.index(last or first)
        if (day.weekday() - begin) % 7 <= (end - begin) % 7:
            return spans
    return ()


def main() -> int:
    """Play the year; 1 if a single minute differs."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.parse_args()
    faults = 0
    for case in CASES:
        began = time.monotonic()
        year = walk(case)
        wrong = list(year.wrong(range(year.minutes)))
        faults += len(wrong)
        changes, seconds = len(year.changes()), time.monotonic() - began
        print(f"{case.zone}: {year.minutes} minutes, {changes} changes, {len(wrong)} differ, {seconds:.0f} s")
        for line in wrong[:20]:
            print(f"  {line}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
