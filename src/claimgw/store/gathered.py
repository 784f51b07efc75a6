"""What is to be written, before it is? Rows to put and rows to change, kept until the unit of work ends."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table


@dataclass(frozen=True, slots=True)
class Put:
    """New rows of one table, all with the same columns. `otherwise`: what it means if one is there."""

    table: Table
    columns: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]
    otherwise: str


@dataclass(frozen=True, slots=True)
class Amend:
    """A change of exactly one row, found by these values (None: the column is null).

    `otherwise`: what it means if no row is like that any more.
    """

    table: Table
    where: Mapping[str, Any]
    values: Mapping[str, Any]
    otherwise: str

    @property
    def shape(self) -> tuple[Any, ...]:
        """What its text depends on."""
        return (
            self.table.name,
            *self.values,
            "where",
            *((name, one is None) for name, one in self.where.items()),
        )

    @property
    def given(self) -> list[Any]:
        """Its values: what is changed, then what it was."""
        return [*self.values.values(), *self.where.values()]


Part = Put | Amend
