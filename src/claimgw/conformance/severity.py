"""How bad is the breach of a rule, by whose message it is, who sent it and the day it came?"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Self

from claimgw.conformance.ranges import codes
from claimgw.messages.events import Event, Leg
from claimgw.messages.findings import Finding, Severity


class Direction(StrEnum):
    """Whose message it is."""

    REQUEST = "request"  # a provider's
    ANSWER = "answer"  # an insurer's answer, in session or later
    NOTICE = "notice"  # what an insurer starts by itself


_BY_LEG = {Leg.REQUEST: Direction.REQUEST, Leg.RESPONSE: Direction.ANSWER, Leg.NOTICE: Direction.NOTICE}


def direction_of(event: Event | None) -> Direction:
    """Whose message an event's is; one that cannot be told is judged as a provider's, the strictest."""
    return _BY_LEG[event.leg] if event else Direction.REQUEST


class Level(StrEnum):
    """What becomes of a finding; only an error refuses a message."""

    OFF = "off"
    INFORMATION = "information"
    WARNING = "warning"
    ERROR = "error"


_MILDEST_FIRST = tuple(Level)
_RIYADH = timezone(timedelta(hours=3))


def day_of(moment: datetime) -> date:
    """The day in Saudi Arabia: rules begin and end at midnight there."""
    return moment.astimezone(_RIYADH).date()


def day_began(moment: datetime) -> datetime:
    """When that day began, in UTC."""
    return datetime.combine(day_of(moment), time.min, _RIYADH).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Line:
    """What is said of a code, of a family, or of every rule (""). The days are included; None: open."""

    of: str
    levels: Mapping[Direction, Level]
    first: date | None = None
    last: date | None = None

    def says(self, direction: Direction, on: date) -> Level | None:
        return self.levels.get(direction) if _covers(self.first, self.last, on) else None


@dataclass(frozen=True, slots=True)
class Grace:
    """A participant's breaches of a code or a family are warnings, from a day to a day, both included."""

    of: str
    sender: str  # its licence, `payer:INS-2001`
    first: date
    last: date


Lines = Mapping[str, tuple[Line, ...]]  # by what they are of; those that count first stand first


@dataclass(frozen=True, slots=True)
class Severities:
    """What counts: the operator's changes, then what comes with claimgw; and graces. Never changes."""

    shipped: Lines
    changes: Lines = field(default_factory=dict)
    graces: Mapping[str, tuple[Grace, ...]] = field(default_factory=dict)  # by sender

    def changed(self, lines: Iterable[Line], graces: Iterable[Grace] = ()) -> Self:
        """With these changes instead; of several for the same rule and day, the last one counts."""
        by_sender: dict[str, tuple[Grace, ...]] = {}
        for one in graces:
            by_sender[one.sender] = (*by_sender.get(one.sender, ()), one)
        return replace(self, changes=_by_scope(lines), graces=by_sender)

    def judged(self, one: Finding, direction: Direction, on: date, sender: str = "") -> Finding | None:
        """The finding as bad as it counts; None: the rule did not bind that day.

        `on` is the day of receipt, `sender` the licence of whose message it is.
        """
        level = _said(self.changes, one.code, direction, on)
        if level is None:
            level = self._by_default(one, direction, on)
        if level is Level.ERROR and self._has_grace(one.code, sender, on):
            level = Level.WARNING
        if level is Level.OFF:
            return None
        return one if level.value == one.severity.value else replace(one, severity=Severity(level.value))

    def _by_default(self, one: Finding, direction: Direction, on: date) -> Level:
        level = _said(self.shipped, one.code, direction, on) or Level.ERROR
        if level is Level.ERROR and one.source and direction is not Direction.REQUEST:
            # Without its profile it were no fault: what an insurer writes is never withheld for that.
            level = Level.WARNING
        # A constraint may itself be a warning only.
        return min(level, Level(one.severity.value), key=_MILDEST_FIRST.index)

    def _has_grace(self, code: str, sender: str, on: date) -> bool:
        return any(
            one.of in (code, code.partition("-")[0]) and _covers(one.first, one.last, on)
            for one in self.graces.get(sender, ())
        )


@cache
def defaults() -> Severities:
    """Those that come with claimgw, from severities.toml."""
    told = tomllib.loads(Path(__file__).with_name("severities.toml").read_text(encoding="utf-8"))
    return Severities(_by_scope(line for table in told["line"] for line in _lines(table)))


def _lines(table: Mapping[str, Any]) -> Iterable[Line]:
    levels = {direction: Level(table.get("all") or table[direction.value]) for direction in Direction}
    named = (*table.get("families", ()), *codes(table.get("codes", "")))
    return (Line(of, levels, table.get("from"), table.get("to")) for of in named or ("",))


def _by_scope(lines: Iterable[Line]) -> Lines:
    found: dict[str, tuple[Line, ...]] = {}
    for line in lines:
        found[line.of] = (line, *found.get(line.of, ()))
    return found


def _said(lines: Lines, code: str, direction: Direction, on: date) -> Level | None:
    if not lines:
        return None
    for scope in (code, code.partition("-")[0], ""):
        for line in lines.get(scope, ()):
            if (level := line.says(direction, on)) is not None:
                return level
    return None


def _covers(first: date | None, last: date | None, on: date) -> bool:
    return (first is None or first <= on) and (last is None or on <= last)
