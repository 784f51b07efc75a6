"""How many wait, and since when? Counted up to a limit, so that it costs the same with a million."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, FromClause, ScalarSelect, func, literal, select

# Beyond it a page says "10,000+": an operator acts no differently, and the database is spared.
MOST_WAITING = 10_000


@dataclass(frozen=True, slots=True)
class Depth:
    """How many wait, and since when the oldest does. More than MOST_WAITING are not counted."""

    count: int = 0
    oldest: datetime | None = None

    @property
    def capped(self) -> bool:
        return self.count > MOST_WAITING

    def __add__(self, other: "Depth") -> "Depth":
        known = [at for at in (self.oldest, other.oldest) if at is not None]
        return Depth(self.count + other.count, min(known, default=None))


def how_many(table: FromClause, *conditions: ColumnElement[bool], of: FromClause) -> ScalarSelect[int]:
    """The rows of a table that meet the conditions, up to one more than MOST_WAITING, for each row `of`."""
    some = select(literal(1).label("one")).select_from(table).where(*conditions)
    limited = some.limit(MOST_WAITING + 1).correlate(of).subquery()
    return select(func.count()).select_from(limited).correlate(of).scalar_subquery()


def of_first(
    value: ColumnElement[Any],
    *conditions: ColumnElement[bool],
    by: Sequence[ColumnElement[Any]],
    of: FromClause,
) -> ScalarSelect[Any]:
    """The value in the first row, in that order, that meets the conditions; for each row `of`."""
    first = select(value).where(*conditions).order_by(*by).limit(1)
    return first.correlate(of).scalar_subquery()
