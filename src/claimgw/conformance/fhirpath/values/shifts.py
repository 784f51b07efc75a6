"""Which moment is so many days or months away from another?"""

from calendar import monthrange
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from claimgw.conformance.fhirpath.values.moments import DATE_PARTS, Moment
from claimgw.conformance.fhirpath.values.quantities import Measure

_MONTHS: dict[str, int] = {"a": 12, "mo": 1}
_SECONDS: dict[str, Decimal] = {
    "wk": Decimal(604_800),
    "d": Decimal(86_400),
    "h": Decimal(3600),
    "min": Decimal(60),
    "s": Decimal(1),
    "ms": Decimal("0.001"),
}
_YEARS = 10_000
_FURTHEST = 86_400 * 366 * _YEARS


def shifted(moment: Moment, by: Measure, sign: int) -> Moment | None:
    """As precise as `moment` is: to a year, 24 months are 2 and 23 are 1. None if no calendar has it."""
    size = Decimal(by.value).copy_abs()
    if by.unit in _MONTHS and moment.kind != "time" and size < 12 * _YEARS:
        parts = _by_months(moment.parts, sign * int(by.value) * _MONTHS[by.unit])
    elif by.unit in _SECONDS and size * _SECONDS[by.unit] < _FURTHEST:
        parts = _by_seconds(moment, sign * by.value * _SECONDS[by.unit])
    else:
        return None
    return None if parts is None else _written(replace(moment, parts=parts))


def _by_months(parts: tuple[Any, ...], months: int) -> tuple[Any, ...] | None:
    if len(parts) == 1:
        months = int(months / 12) * 12
    whole = parts[0] * 12 + (parts[1] - 1 if len(parts) > 1 else 0) + months
    year, month = whole // 12, whole % 12 + 1
    if not 1 <= year < _YEARS:
        return None
    if len(parts) < DATE_PARTS:
        return (year, month)[: len(parts)]
    return (year, month, min(parts[2], monthrange(year, month)[1]), *parts[DATE_PARTS:])


def _by_seconds(moment: Moment, seconds: Decimal) -> tuple[Any, ...] | None:
    parts = moment.parts
    if moment.kind != "time" and len(parts) < DATE_PARTS:
        days = int(seconds / 86_400)
        return _by_months(parts, int(days / 365) * 12 if len(parts) == 1 else int(days / 30))
    if len(parts) == DATE_PARTS:
        seconds = Decimal(int(seconds / 86_400) * 86_400)
    year, month, day = parts[:DATE_PARTS] if moment.kind != "time" else (2000, 1, 1)
    hour, minute, second = (*parts[DATE_PARTS:], 0, 0, Decimal(0))[:DATE_PARTS]
    total = second + seconds
    whole = int(total // 1)
    try:
        # The clock on the wall, in whatever zone: UTC stands for it, which has no summer time.
        at = datetime(year, month, day, hour, minute, tzinfo=UTC) + timedelta(seconds=whole)
    except (ValueError, OverflowError):
        return None
    known = (at.year, at.month, at.day, at.hour, at.minute, at.second + (total - whole))
    return ((None, None, None, *known[DATE_PARTS:]) if moment.kind == "time" else known)[: len(parts)]


def _written(moment: Moment) -> Moment:
    return replace(moment, text=text_of(moment))


def text_of(moment: Moment) -> str:
    day = "-".join(
        f"{part:0{width}}"
        for part, width in zip(moment.parts[:DATE_PARTS], (4, 2, 2), strict=False)
        if part is not None
    )
    clock = moment.parts[DATE_PARTS:]
    time = ":".join(f"{part:02}" for part in clock[:2])
    if len(clock) == DATE_PARTS:
        second = clock[2]
        time += f":{int(second):02}" + (f"{second % 1:f}"[1:] if second % 1 else "")
    if moment.kind != "dateTime":
        return day + time
    if moment.zone is None or not clock:
        return f"{day}T{time}"
    sign, minutes = "-" if moment.zone < 0 else "+", abs(moment.zone)
    return f"{day}T{time}" + (f"{sign}{minutes // 60:02}:{minutes % 60:02}" if minutes else "Z")
