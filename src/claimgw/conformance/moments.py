"""When is it: a date or time as FHIR writes it, to the year or to the second?

Rules compare two of them, or one with the time of receipt. Nothing is found where it cannot be told.
"""

import calendar
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from typing import Any

# What both clocks may differ by (spec §2.6).
TOLERANCE = timedelta(minutes=15)
# Saudi Arabia, where these messages are sent: dates are days there.
HOME = timezone(timedelta(hours=3))
_TIMED = len("2026-01-31T")


@dataclass(frozen=True, slots=True)
class Span:
    """First and last moment of what is written, in the zone of home: of a date those of the whole day."""

    first: datetime
    last: datetime

    def before(self, other: "Span") -> bool:
        """Surely, whatever the hours that are not told."""
        return self.last < other.first

    @property
    def day(self) -> date:
        """The day on which it begins."""
        return self.first.date()


def span(text: Any) -> Span | None:
    """None for what is no date or time, or is a time without a zone."""
    if not isinstance(text, str):
        return None
    try:
        if len(text) >= _TIMED:
            moment = datetime.fromisoformat(text)
            here = moment.astimezone(HOME)
            return Span(here, here) if moment.tzinfo else None
        parts = [int(part) for part in text.split("-")]
        year, month, day = (*parts, 0, 0)[:3]
        first = date(year, month or 1, day or 1)
        last_month = month or 12
        last = date(year, last_month, day or calendar.monthrange(year, last_month)[1])
    except (ValueError, OverflowError):
        return None
    return Span(datetime.combine(first, time.min, HOME), datetime.combine(last, time.max, HOME))


def ahead(text: Any, now: datetime) -> bool:
    """Whether it is in the future, give or take the clocks. `now` is aware."""
    found = span(text)
    return found is not None and found.first > now + TOLERANCE


def later(one: Any, other: Any) -> bool:
    """Whether one is surely later than the other."""
    first, second = span(one), span(other)
    return first is not None and second is not None and second.before(first)
