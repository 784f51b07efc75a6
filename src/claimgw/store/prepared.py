"""How is a question asked that every message asks? Written down once, compiled once for each dialect."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ClauseElement,
    Column,
    Dialect,
    Select,
    String,
    Text,
    TypeDecorator,
    bindparam,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType, TypeEngine


@dataclass(frozen=True, slots=True)
class Compiled:
    """The text for one dialect; its parameters in order, with what makes of each value the driver's."""

    text: str
    parameters: Sequence[tuple[str, Any]]

    def bind(self, values: Mapping[str, Any]) -> list[Any]:
        """The driver's parameters."""
        return [
            process(values[name]) if process is not None else values[name]
            for name, process in self.parameters
        ]


@dataclass(frozen=True, slots=True)
class Fitted:
    """A text that is given the same values in the same order each time; where in them its parameters are."""

    text: str
    places: Sequence[tuple[int, Any]]

    def bind(self, given: Sequence[Any]) -> list[Any]:
        """The driver's parameters."""
        return [process(given[at]) if process is not None else given[at] for at, process in self.places]


def fitted(statement: ClauseElement, dialect: Dialect, names: Sequence[str]) -> Fitted:
    """The same as `compiled`, for values that come in the order of these names: half of the time to bind."""
    made = compiled(statement, dialect)
    return Fitted(made.text, [(names.index(name), process) for name, process in made.parameters])


def compiled(statement: ClauseElement, dialect: Dialect) -> Compiled:
    """A statement whose values are all given later, by the names of its `bindparam`s."""
    made = statement.compile(dialect=dialect)
    assert isinstance(made, SQLCompiler)
    kinds = {name: parameter.type for name, parameter in made.binds.items()}
    return Compiled(
        text=str(made),
        parameters=[
            (name, kinds[name].dialect_impl(dialect).bind_processor(dialect))
            for name in made.positiontup or ()
        ],
    )


class Prepared:
    """A query whose only parameters are named by `bindparam`, and given by name when it is asked.

    SQLAlchemy builds, hashes and compiles a query each time it is executed: 0.3 ms of the time of a message,
    where the driver needs 0.05.
    """

    def __init__(self, query: Select[Any]) -> None:
        self._query = query
        self._made: dict[str, tuple[Compiled, list[Any]]] = {}

    def compiled(self, dialect: Dialect) -> Compiled:
        """For that dialect, made at the first use."""
        return self._for(dialect)[0]

    def read(self, dialect: Dialect, row: Sequence[Any]) -> tuple[Any, ...]:
        """A row of the driver's, as Python's values."""
        return tuple(
            value if process is None else process(value)
            for process, value in zip(self._for(dialect)[1], row, strict=True)
        )

    def _for(self, dialect: Dialect) -> tuple[Compiled, list[Any]]:
        if dialect.name not in self._made:
            kinds = [column.type.dialect_impl(dialect) for column in self._query.selected_columns]
            results = [kind.result_processor(dialect, None) for kind in kinds]
            self._made[dialect.name] = compiled(self._query, dialect), results
        return self._made[dialect.name]


class _Several(TypeDecorator[Sequence[str]]):
    """Several values of a kind as one parameter: an array where there are arrays, else JSON."""

    impl = Text
    cache_ok = True

    def __init__(self, kind: TypeEngine[Any]) -> None:
        super().__init__()
        self.kind = kind

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        return dialect.type_descriptor(ARRAY(self.kind) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Sequence[str] | None, dialect: Dialect) -> Any:
        several = list(value or ())
        if dialect.name == "postgresql":
            return several
        process = self.kind.dialect_impl(dialect).bind_processor(dialect)
        return json.dumps(several if process is None else list(map(process, several)))


class among(FunctionElement[Any]):
    """Whether a column is one of the values of a parameter, however many: the text of the query stays."""

    # Not Boolean: where a database has none SQLAlchemy adds `= 1`, and SQLite then reads the whole table.
    type = NullType()
    inherit_cache = True

    def __init__(self, column: Column[Any], parameter: str) -> None:
        # A licence, say, is a text like any other; PostgreSQL's arrays of texts have no length.
        kind = Text() if isinstance(column.type, String) else column.type
        super().__init__(column, bindparam(parameter, type_=_Several(kind)))


@compiles(among, "postgresql")
def _among_array(element: Any, compiler: SQLCompiler, **more: Any) -> str:
    column, parameter = element.clauses
    return f"{compiler.process(column, **more)} = ANY ({compiler.process(parameter, **more)})"


@compiles(among, "sqlite")
def _among_json(element: Any, compiler: SQLCompiler, **more: Any) -> str:
    column, parameter = element.clauses
    listed = select(func.json_each(parameter).table_valued("value").c.value)
    return compiler.process(column.in_(listed), **more)
