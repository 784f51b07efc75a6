"""How bad is the breach of a rule, now that operators have changed it? From their rows to one value."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from claimgw.conformance.severity import Direction, Grace, Level, Line, Severities, day_of, defaults
from claimgw.store.rule_changes import RuleChange


@dataclass(frozen=True, slots=True)
class Period:
    """The days on which a change counts, both included; None: until further notice."""

    first: date
    last: date | None


def period_of(change: RuleChange) -> Period | None:
    """None: it never counted.

    What is taken back counts for messages of the days before: they are judged by the day they came.
    """
    last = change.to_day
    if change.ended_at is not None:
        before = day_of(change.ended_at) - timedelta(days=1)
        last = before if last is None else min(last, before)
    return None if last is not None and last < change.from_day else Period(change.from_day, last)


def severities_of(changes: Iterable[RuleChange]) -> tuple[Severities, tuple[str, ...]]:
    """The shipped table with these changes, in the order they were made; and which rows cannot be used."""
    lines: list[Line] = []
    graces: list[Grace] = []
    faults: list[str] = []
    for change in changes:
        if (period := period_of(change)) is None:
            continue
        if change.participant is not None and period.last is not None:
            graces.append(Grace(change.rule, change.participant, period.first, period.last))
            continue
        try:
            directions = [Direction(change.direction)] if change.direction else list(Direction)
            levels = dict.fromkeys(directions, Level(change.severity))
        except ValueError as fault:
            faults.append(f"change {change.number} of {change.rule}: {fault}")
            continue
        lines.append(Line(change.rule, levels, period.first, period.last))
    return defaults().changed(lines, graces), tuple(faults)
