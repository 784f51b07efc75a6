"""What does a date or time say, and which of two is earlier? Each knows how precise it is."""

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

_FORM = re.compile(
    r"(?:(?P<year>[0-9]{4})(?:-(?P<month>[0-9]{2})(?:-(?P<day>[0-9]{2}))?)?)?"
    r"(?P<t>T?)(?:(?P<hour>[0-9]{2})(?::(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2}(?:\.[0-9]{1,12})?))?)?)?"
    r"(?P<zone>Z|[+-][0-9]{2}:[0-9]{2})?"
)
_LONGEST = 40
_HIGHEST = (9999, 12, 31, 23, 59, Decimal(60))
DATE_PARTS: Final = 3
PARTS: Final = 6


@dataclass(frozen=True, slots=True)
class Moment:
    """A Date, DateTime or Time of FHIRPath.

    `parts`: year, month, day, hour, minute, seconds with fraction, as many as are known; a Time has `None`
    for the first three. `zone`: minutes east of UTC, None if not told. `kind`: `date`, `dateTime` or `time`.
    """

    kind: str
    parts: tuple[Any, ...]
    zone: int | None
    text: str

    def __str__(self) -> str:
        return self.text


@lru_cache(maxsize=4096)
def parse(text: str) -> Moment | None:
    """What FHIR or a literal (without `@`) writes; a Time with or without `T`. None if there is none such."""
    found = _FORM.fullmatch(text) if 0 < len(text) <= _LONGEST else None
    if (
        found is None
        or (found["zone"] and not found["hour"])
        or (found["hour"] and found["year"] and not found["t"])
    ):
        return None
    if found["year"] is None:
        kind = "time"
        if found["hour"] is None or found["zone"]:
            return None
    elif found["t"]:
        kind = "dateTime"
        if found["hour"] and not found["day"]:
            return None
    else:
        kind = "date"
    parts = _parts(found)
    if not _real(parts):
        return None
    return Moment(kind, parts, _offset(found["zone"]), text.removeprefix("T") if kind == "time" else text)


def _parts(found: re.Match[str]) -> tuple[Any, ...]:
    whole = [int(found[name]) if found[name] else None for name in ("year", "month", "day", "hour", "minute")]
    parts = (*whole, Decimal(found["second"]) if found["second"] else None)
    known = max((place + 1 for place, part in enumerate(parts) if part is not None), default=0)
    return parts[:known]


def _real(parts: tuple[Any, ...]) -> bool:
    if any(part is not None and part > most for part, most in zip(parts, _HIGHEST, strict=False)):
        return False
    try:
        date(
            *((parts[0] or 1, *(part for part in parts[1:DATE_PARTS] if part is not None), 1, 1)[:DATE_PARTS])
        )
    except ValueError:
        return False
    return True


def _offset(zone: str | None) -> int | None:
    if not zone:
        return None
    if zone == "Z":
        return 0
    minutes = int(zone[1:3]) * 60 + int(zone[4:6])
    return -minutes if zone[0] == "-" else minutes


def of(value: Any) -> Moment | None:
    """The moment a date, dateTime, instant or time of a resource tells; None if it is none."""
    if type(value) is str:
        return parse(value)
    return value if type(value) is Moment else None


def of_clock(now: datetime) -> Moment:
    return _moment("dateTime", now.replace(microsecond=now.microsecond // 1000 * 1000))


def today(now: datetime) -> Moment:
    """The calendar day in the zone `now` is given in."""
    return Moment("date", (now.year, now.month, now.day), None, now.date().isoformat())


def time_of_day(now: datetime) -> Moment:
    found = parse(now.time().isoformat(timespec="milliseconds"))
    assert found is not None
    return found


def _moment(kind: str, at: datetime) -> Moment:
    zone = at.utcoffset()
    minutes = None if zone is None else int(zone.total_seconds() // 60)
    seconds = Decimal(at.second) + Decimal(at.microsecond) / 1_000_000
    text = at.isoformat(timespec="milliseconds")
    return Moment(kind, (at.year, at.month, at.day, at.hour, at.minute, seconds), minutes, text)


def compare(left: Moment, right: Moment) -> int | None:
    """Below, at or above 0; None where it cannot be told: one is less precise, or a Time meets a Date."""
    if (left.kind == "time") is not (right.kind == "time"):
        return None
    if left.zone is not None and right.zone is not None and left.zone != right.zone:
        left, right = in_utc(left), in_utc(right)
    for one, other in zip(left.parts, right.parts, strict=False):
        if one != other:
            return -1 if one < other else 1
    return 0 if len(left.parts) == len(right.parts) else None


def in_utc(moment: Moment) -> Moment:
    """The same moment told in UTC; one without a clock or a zone stays as it is."""
    if not moment.zone or len(moment.parts) <= DATE_PARTS:
        return moment
    year, month, day, hour, *rest = moment.parts
    minute = rest[0] if rest else 0
    try:
        at = datetime(year, month, day, hour, minute, tzinfo=UTC) - timedelta(minutes=moment.zone)
    except (ValueError, OverflowError):
        return moment
    parts = (at.year, at.month, at.day, at.hour, at.minute, *rest[1:])[: len(moment.parts)]
    return replace(moment, parts=parts, zone=0)


def key(moment: Moment) -> tuple[Any, ...]:
    """Equal for two that are equal, whatever their zones."""
    same = in_utc(moment)
    return (moment.kind == "time", same.parts)
