"""Is one date or time of a message later than another, or than the time of receipt?

Nothing is later where it cannot be told.
"""

from datetime import date, datetime, timedelta
from typing import Any

from claimgw.conformance.rules.facts.spans import HOME, span

# What both clocks may differ by (spec §2.6).
TOLERANCE = timedelta(minutes=15)


def ahead(text: Any, now: datetime) -> bool:
    """Whether it is in the future, give or take the clocks. `now` is aware."""
    found = span(text)
    return found is not None and found.first > now + TOLERANCE


def later(one: Any, other: Any) -> bool:
    """Whether one is surely later than the other."""
    first, second = span(one), span(other)
    return first is not None and second is not None and second.before(first)


def day(text: Any) -> date | None:
    """The day at home; None for a month, a year, or what is no date."""
    found = span(text)
    try:
        first, last = (found.first.astimezone(HOME), found.last.astimezone(HOME)) if found else (None, None)
    except OverflowError:
        return None  # in the first or the last hours that a calendar knows
    return first.date() if first and last and first.date() == last.date() else None
