"""When does an insurer take messages? Weekly hours, holidays and closures, as an operator writes them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    model_validator,
)

DAY_MINUTES = 24 * 60

_SPAN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d)?")
_COUNTRY = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")
_LANGUAGE = "en_US"
_LONGEST_TEXT = 100


class Weekday(StrEnum):
    """In the order of `date.weekday()`."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


WEEK = tuple(Weekday)


@dataclass(frozen=True, slots=True)
class Span:
    """In minutes from the midnight with which its day begins; one that ends after the next goes on beyond."""

    opens: int
    closes: int

    def __str__(self) -> str:
        closes = self.closes if self.closes <= DAY_MINUTES else self.closes - DAY_MINUTES
        return f"{self.opens // 60:02}:{self.opens % 60:02}-{closes // 60:02}:{closes % 60:02}"


def _span(given: object) -> object:
    if isinstance(given, Span):
        return given
    found = _SPAN.fullmatch(given) if isinstance(given, str) else None
    hours = [int(part) for part in found.groups()] if found else []
    if not hours or hours[2] * 60 + hours[3] > DAY_MINUTES:
        raise ValueError(f"{given!r} is no span; write 09:00-17:00, and 24:00 for the end of a day")
    opens, closes = hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]
    if opens == closes:
        raise ValueError(f"{given} has no length; a whole day is 00:00-24:00")
    return Span(opens, closes if closes > opens else closes + DAY_MINUTES)


def _begin(given: object) -> object:
    return _moment(given, timedelta())


def _end(given: object) -> object:
    return _moment(given, timedelta(days=1))


def _moment(given: object, of_a_day: timedelta) -> object:
    """A local time; `of_a_day` is what a day alone stands for beyond its beginning."""
    if isinstance(given, datetime):
        return given
    text = given if isinstance(given, str) and _MOMENT.fullmatch(given) else ""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            f"{given!r}: write 2026-12-31T17:00 or the day alone, in its own time, without an offset"
        ) from None
    return moment if "T" in text else moment + of_a_day


def _text(given: str) -> str:
    if not given.strip() or len(given) > _LONGEST_TEXT or not given.isprintable():
        raise ValueError(f"a few words for people, at most {_LONGEST_TEXT} characters, no control character")
    return given


def _zone(given: str) -> str:
    try:
        ZoneInfo(given)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{given!r} is no time zone; write one like Asia/Riyadh") from None
    return given


def _country(given: str) -> str:
    try:
        if _COUNTRY.fullmatch(given):
            public_holidays(given, 2026)
            return given
    except NotImplementedError:
        pass
    raise ValueError(
        f"the holidays of {given!r} are not known; write a country like SA, or a part of one like DE-BY"
    )


def _clock(moment: datetime) -> str:
    return moment.isoformat(timespec="minutes")


_Text = Annotated[str, AfterValidator(_text)]
_Span = Annotated[Span, BeforeValidator(_span), PlainSerializer(str, return_type=str)]


class Closure(BaseModel):
    """Closed once, whatever the week says. Local times; of a day alone, all of that day is meant."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    begins: Annotated[datetime, BeforeValidator(_begin), PlainSerializer(_clock, return_type=str)]
    ends: Annotated[datetime, BeforeValidator(_end), PlainSerializer(_clock, return_type=str)]
    reason: _Text

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if self.ends <= self.begins:
            raise ValueError("ends must lie after begins")
        return self


class Hours(BaseModel):
    """All in the insurer's own time. Without `weekly` it is open around the clock but for the rest.

    In `weekly` "sunday-thursday" stands for five days; of what is said twice of a day the later counts, and a
    day without a span is closed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    zone: Annotated[str, AfterValidator(_zone)] = Field(default="Asia/Riyadh", description="IANA time zone")
    weekly: Mapping[Weekday, Annotated[tuple[_Span, ...], Field(max_length=24)]] | None = Field(
        default=None,
        description='spans of each day, like {"sunday-thursday": ["09:00-17:00"]}; unset: around the clock',
    )
    country: Annotated[str, AfterValidator(_country)] | None = Field(
        default=None, description="whose public holidays it keeps: SA, or a part of a country like DE-BY"
    )
    holidays: Mapping[date, _Text] = Field(
        default={}, max_length=1000, description="days of its own on which it is closed, each with a name"
    )
    working_days: tuple[date, ...] = Field(
        default=(), max_length=1000, description="public holidays on which it is open like on any other day"
    )
    closures: tuple[Closure, ...] = Field(
        default=(), max_length=1000, description="closed once, from begins to ends, with a reason"
    )

    @model_validator(mode="before")
    @classmethod
    def _spread_weekly(cls, values: Any) -> Any:
        weekly = values.get("weekly") if isinstance(values, Mapping) else None
        return {**values, "weekly": _day_by_day(weekly)} if isinstance(weekly, Mapping) else values

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.weekly == {}:
            raise ValueError("weekly: no day has a span; leave it out, or pause the delivery")
        for day, spans in (self.weekly or {}).items():
            ordered = sorted(spans, key=lambda span: span.opens)
            for one, next_ in pairwise(ordered):
                if one.closes > next_.opens:
                    raise ValueError(f"weekly.{day.value}: {one} and {next_} overlap")
        return self

    @cached_property
    def _digest(self) -> int:
        return hash((self.zone, self.country, self.closures, *sorted(self.holidays)))

    def __hash__(self) -> int:
        # What is worked out for a day is kept by these hours; a mapping has no hash of its own.
        return self._digest

    @property
    def always(self) -> bool:
        """It never closes."""
        return self.weekly is None and not (self.country or self.holidays or self.closures)

    def spans(self, day: date) -> tuple[Span, ...]:
        """Those that begin on that day of the week, in order."""
        if self.weekly is None:
            return (Span(0, DAY_MINUTES),)
        return tuple(sorted(self.weekly.get(WEEK[day.weekday()], ()), key=lambda span: span.opens))

    def holiday(self, day: date) -> str | None:
        """The name of what closes that day, from midnight to midnight."""
        if (own := self.holidays.get(day)) is not None:
            return own
        if self.country is None or day in self.working_days:
            return None
        return public_holidays(self.country, day.year).get(day)


@lru_cache(maxsize=1024)
def public_holidays(country: str, year: int) -> Mapping[date, str]:
    """Names in English where they are known. Raises NotImplementedError for a country that is not."""
    # Here, for it takes every command 50 ms to start.
    from holidays import country_holidays

    code, _, part = country.partition("-")
    found = country_holidays(code, subdiv=part or None, years=year, language=_LANGUAGE)
    return dict(found.items())


def _day_by_day(weekly: Mapping[Any, Any]) -> dict[Any, Any]:
    """Each day for itself: "sunday-thursday" stands for five of them."""
    names = [day.value for day in Weekday]
    told: dict[Any, Any] = {}
    for key, spans in weekly.items():
        first, dash, last = str(key).lower().partition("-")
        if first not in names or (dash and last not in names):
            raise ValueError(f"weekly: {key!r} is no day; write sunday, or sunday-thursday for several")
        begin = names.index(first)
        length = (names.index(last) - begin) % 7 + 1 if dash else 1
        for name in (names * 2)[begin : begin + length]:
            told[name] = spans
    return {name: spans for name, spans in told.items() if spans not in ([], ())}
