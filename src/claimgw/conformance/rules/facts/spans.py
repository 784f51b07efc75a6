"""Between which two moments is what a FHIR date, dateTime or instant says?"""

import calendar
import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from functools import lru_cache
from typing import Any

# A date without a time is a day in Saudi Arabia, where these messages are sent.
HOME = timezone(timedelta(hours=3))

_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")


@dataclass(frozen=True, slots=True)
class Span:
    """From `first` to `last`, both included, aware; one moment twice if a time is given."""

    first: datetime
    last: datetime

    def before(self, other: "Span") -> bool:
        """Wholly before it; what overlaps may be the same moment."""
        return self.last < other.first


def span(text: Any) -> Span | None:
    """None for what is no date, or a time without its zone."""
    return _span(text) if isinstance(text, str) else None


@lru_cache(maxsize=1024)  # the items of a claim name the same few days
def _span(text: str) -> Span | None:
    try:
        if parts := _DATE.fullmatch(text):
            return _days(*(int(part) if part else None for part in parts.groups()))
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return Span(moment, moment) if moment.tzinfo else None


def _days(year: int | None, month: int | None, day: int | None) -> Span:
    first = date(year or 0, month or 1, day or 1)
    if not month:
        last = first.replace(month=12, day=31)
    elif not day:
        last = first.replace(day=calendar.monthrange(first.year, month)[1])
    else:
        last = first
    return Span(datetime.combine(first, time.min, HOME), datetime.combine(last, time.max, HOME))
