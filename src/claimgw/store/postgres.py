"""How is a unit of work carried out on PostgreSQL in one go? One statement, by the driver itself."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, assert_never

import asyncpg
from sqlalchemy import (
    ColumnElement,
    Insert,
    Integer,
    Select,
    Update,
    and_,
    bindparam,
    case,
    func,
    insert,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncEngine

from claimgw.errors import Conflict
from claimgw.store.gathered import Amend, Part, Put
from claimgw.store.prepared import Fitted, Prepared, fitted
from claimgw.store.probes import tell
from claimgw.store.unit import is_twice

# The statement makes itself fail if a row is not as it was read.
_CHANGED_MEANWHILE = "22012"


class Direct:
    """Connections of asyncpg's own, for what is asked and written in one statement each.

    SQLAlchemy needs 0.3 ms of processor time for a statement and three round trips for a transaction; for a
    claim that were 20 statements. Here it is three, without a transaction around them.
    """

    def __init__(self, engine: AsyncEngine, connections: int, connect_seconds: float) -> None:
        self._dialect = engine.dialect
        _, given = self._dialect.create_connect_args(engine.url)
        self._given = {"timeout": connect_seconds, **given}
        self._most = connections
        self._made: dict[tuple[Any, ...], Fitted] = {}
        self._pool: asyncpg.Pool[Any] | None = None
        self._opening = asyncio.Lock()

    async def ask(self, prepared: Prepared, values: dict[str, Any]) -> list[tuple[Any, ...]]:
        """The rows of a prepared question."""
        made = prepared.compiled(self._dialect)
        parameters = made.bind(values)
        tell(made.text, parameters)
        async with self._connection() as connection:
            rows = await connection.fetch(made.text, *parameters)
        return [prepared.read(self._dialect, row) for row in rows]

    async def carry_out(self, parts: Sequence[Part]) -> None:
        """All of it or nothing. Raises Conflict if a key is taken, or a row is not as it was read."""
        key = tuple(_shape(part) for part in parts)
        if key not in self._made:
            self._made[key] = fitted(_statement(parts), self._dialect, _names(parts))
        made = self._made[key]
        tell(made.text)
        try:
            async with self._connection() as connection:
                await connection.fetchval(made.text, *made.bind(_values(parts)))
        except asyncpg.PostgresError as fault:
            if fault.sqlstate == _CHANGED_MEANWHILE:
                raise Conflict(
                    "; ".join(part.otherwise for part in parts if isinstance(part, Amend))
                ) from fault
            if is_twice(fault):
                raise Conflict(_taken(parts, fault)) from fault
            raise

    async def close(self) -> None:
        """Let go of the connections."""
        pool, self._pool = self._pool, None
        if pool is not None:
            await pool.close()

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Any]:
        if self._pool is None:
            async with self._opening:
                if self._pool is None:
                    self._pool = await asyncpg.create_pool(
                        min_size=0,
                        max_size=self._most,
                        # What is done here leaves nothing behind in a session: a round trip less.
                        init=_by_indexes,
                        reset=_nothing,
                        **self._given,
                    )
        async with self._pool.acquire(timeout=5) as connection:
            yield connection


async def _by_indexes(connection: Any) -> None:
    # Each of the few statements is planned once, perhaps on empty tables: to read them whole is cheapest.
    await connection.execute(
        "SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan; SET jit = off"
    )


async def _nothing(_: Any) -> None:
    return None


def _shape(part: Part) -> tuple[Any, ...]:
    """What the text depends on."""
    if isinstance(part, Put):
        return part.table.name, part.columns, len(part.rows) == 1
    return part.shape


def _statement(parts: Sequence[Part]) -> Select[Any]:
    """Each part a `WITH` of its own. They see nothing of each other; keys to each other are checked last."""
    written, one = [], literal_column("1", Integer)
    checks: list[ColumnElement[bool]] = []
    for at, part in enumerate(parts):
        if isinstance(part, Put):
            written.append(_insert(at, part).cte(f"w{at}"))
        else:
            changed = _update(at, part).returning(one).cte(f"w{at}")
            written.append(changed)
            checks.append(select(func.count()).select_from(changed).scalar_subquery() == one)
    whole = one // case((and_(*checks), one), else_=literal_column("0", Integer)) if checks else one
    return select(whole).add_cte(*written)


def _insert(at: int, part: Put) -> Insert:
    names = {column: f"p{at}_{column}" for column in part.columns}
    kinds = {column: part.table.c[column].type for column in part.columns}
    if len(part.rows) == 1:
        return insert(part.table).values(
            {column: bindparam(names[column], type_=kinds[column]) for column in part.columns}
        )
    # However many rows there are, the text is the same.
    listed = [func.unnest(bindparam(names[column], type_=ARRAY(kinds[column]))) for column in part.columns]
    return insert(part.table).from_select(list(part.columns), select(*listed))


def _update(at: int, part: Amend) -> Update:
    columns = part.table.c
    given = {name: bindparam(f"w{at}_{name}", type_=columns[name].type) for name in part.where}
    # Not IS NULL: there is an index of just those rows, and all attempts that are open are read for the one.
    like = [
        columns[name].is_not_distinct_from(given[name]) if value is None else columns[name] == given[name]
        for name, value in part.where.items()
    ]
    changes = {name: bindparam(f"p{at}_{name}", type_=columns[name].type) for name in part.values}
    return update(part.table).where(*like).values(changes)


def _names(parts: Sequence[Part]) -> list[str]:
    found: list[str] = []
    for at, part in enumerate(parts):
        match part:
            case Put(_, columns):
                found += [f"p{at}_{column}" for column in columns]
            case Amend(_, where, values):
                found += [f"p{at}_{name}" for name in values] + [f"w{at}_{name}" for name in where]
            case _:
                assert_never(part)
    return found


def _values(parts: Sequence[Part]) -> list[Any]:
    """In the order of their names."""
    found: list[Any] = []
    for part in parts:
        match part:
            case Put(_, _, [row]):
                found += row
            case Put(_, _, rows):
                found += map(list, zip(*rows, strict=True))
            case Amend():
                found += part.given
            case _:
                assert_never(part)
    return found


def _taken(parts: Sequence[Part], fault: asyncpg.PostgresError) -> str:
    table = getattr(fault, "table_name", None)
    said = [part.otherwise for part in parts if isinstance(part, Put) and part.table.name == table]
    return said[0] if said else f"a row of {table} is there already"
