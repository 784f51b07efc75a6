"""Is an insurer open at a moment, until when, and if not, when does it open and why is it closed? Pure.

A time of the local clock stands for the first moment at which that clock shows it or a later one: what
falls into the hour that is left out begins when the clock is set forward, and what falls into the hour that
comes twice belongs to the first of the two.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from claimgw.access.hours import DAY_MINUTES, WEEK, Hours

# So many days ahead an opening or a closing is looked for: the date alone, without a year, names one.
HORIZON_DAYS = 300
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
# A span begins on its day or the one before; clocks that skip a day make it one more.
_BACK = 2


@dataclass(frozen=True, slots=True)
class Open:
    """`until` None: it does not close within the days that are looked at."""

    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Closed:
    """`opens` None: not within the days that are looked at.

    `reason` names the closure or the holiday; empty outside its hours.
    """

    opens: datetime | None
    reason: str


def is_open(hours: Hours, at: datetime) -> bool:
    """Cheap enough to be asked for every message."""
    if hours.always:
        return True
    day = at.astimezone(ZoneInfo(hours.zone)).date()
    # The next day too: a clock set back just after midnight shows the day before once more.
    return any(
        begin <= at < end for ahead in range(-_BACK, 2) for begin, end in opened(hours, day + ahead * _DAY)
    )


def standing(hours: Hours, at: datetime) -> Open | Closed:
    """How an insurer with these hours stands at a moment."""
    if hours.always:
        return Open()
    day = at.astimezone(ZoneInfo(hours.zone)).date()
    for ahead in range(-_BACK, HORIZON_DAYS):
        for begin, end in opened(hours, day + ahead * _DAY):
            if begin <= at < end:
                return Open(_end(hours, day + ahead * _DAY, end))
            if begin > at:
                return Closed(begin, _reason(hours, at))
    return Closed(None, _reason(hours, at))


def next_change(held: Open | Closed) -> datetime | None:
    """When it closes, or opens."""
    return held.until if isinstance(held, Open) else held.opens


def sentence(hours: Hours, at: datetime) -> str:
    """For people, in the insurer's own time."""
    held = standing(hours, at)
    zone = ZoneInfo(hours.zone)
    if isinstance(held, Closed):
        if held.opens is None:
            return "not accepting at the moment; no opening is known"
        opens = held.opens.astimezone(zone)
        return f"not accepting at the moment; next {_date(opens)} at {_time(opens)}"
    if held.until is None:
        return "accepting at any time"
    until = held.until.astimezone(zone)
    # Not less than today: a clock set back just after midnight shows the day before once more.
    ahead = max(0, (until.date() - at.astimezone(zone).date()).days)
    return f"accepting until {_time(until)} {('today', 'tomorrow')[ahead] if ahead < 2 else _date(until)}"


def patience_from(hours: Hours, now: datetime, seconds: float) -> datetime:
    """What has waited since before then has waited for so many seconds; days that were closed do not count.

    So nothing is given up over a feast, or while its insurer has one day a month.
    """
    left = timedelta(seconds=seconds)
    if hours.always:
        return now - left
    day, closed = now.astimezone(ZoneInfo(hours.zone)).date(), 0
    for back in range(HORIZON_DAYS):
        if opened(hours, day - back * _DAY):
            left -= _DAY
        else:
            closed += 1
        if left <= timedelta():
            break
    return now - timedelta(seconds=seconds) - closed * _DAY


def _date(local: datetime) -> str:
    return f"{WEEK[local.weekday()].capitalize()} {local.day}/{local.month}"


def _time(local: datetime) -> str:
    return f"{local.hour % 12 or 12}:{local.minute:02}{'am' if local.hour < 12 else 'pm'}"


def _reason(hours: Hours, at: datetime) -> str:
    for closure, (begin, end) in zip(hours.closures, _closures(hours), strict=True):
        if begin <= at < end:
            return closure.reason
    return hours.holiday(at.astimezone(ZoneInfo(hours.zone)).date()) or ""


@lru_cache(maxsize=4096)
def _end(hours: Hours, day: date, end: datetime) -> datetime | None:
    """When the opening ends that lasts until `end` by the hours of that day: others may join on to it."""
    for ahead in range(HORIZON_DAYS):
        for begin, later in opened(hours, day + ahead * _DAY):
            if begin > end:
                return end
            end = max(end, later)
        if ahead and end < _instant(hours.zone, datetime.combine(day + ahead * _DAY, time())):
            return end
    return None


@lru_cache(maxsize=16384)
def opened(hours: Hours, day: date) -> tuple[tuple[datetime, datetime], ...]:
    """From when to when it is open by the spans that begin on that local day, in order."""
    if hours.holiday(day) is not None:
        return ()
    midnight = datetime.combine(day, time())
    # A holiday closes the whole day, so what goes on beyond midnight ends with the day before.
    longest = DAY_MINUTES if hours.holiday(day + _DAY) is not None else 2 * DAY_MINUTES
    found: list[tuple[datetime, datetime]] = []
    for span in hours.spans(day):
        begin = _instant(hours.zone, midnight + timedelta(minutes=span.opens))
        end = _instant(hours.zone, midnight + timedelta(minutes=min(span.closes, longest)))
        found += _without(begin, end, hours)
    return tuple(found)


def _without(begin: datetime, end: datetime, hours: Hours) -> Iterator[tuple[datetime, datetime]]:
    """What the closures leave of an opening; of one without length nothing."""
    for closes, opens in sorted(_closures(hours)):
        if begin < closes < end:
            yield begin, closes
        if closes < end and opens > begin:
            begin = opens
    if begin < end:
        yield begin, end


@lru_cache(maxsize=4096)
def _closures(hours: Hours) -> tuple[tuple[datetime, datetime], ...]:
    zone = hours.zone
    return tuple((_instant(zone, one.begins), _instant(zone, one.ends)) for one in hours.closures)


def _instant(name: str, wall: datetime) -> datetime:
    """The first moment at which the clock of that zone shows this or later, in UTC."""
    zone = ZoneInfo(name)
    moment = wall.replace(tzinfo=zone).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == wall:
        return moment
    # The clock never shows it. With the offset of after the change it is a moment before that change.
    before, after = wall.replace(tzinfo=zone, fold=1).astimezone(UTC), moment
    offset = before.astimezone(zone).utcoffset()
    while after - before > _SECOND:
        middle = before + (after - before) // 2
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)
