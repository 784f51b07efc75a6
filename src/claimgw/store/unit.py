"""What is a query function handed? It reads at once; what it writes is gathered until the unit ends."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any, TypeVar, TypeVarTuple, assert_never, overload

from sqlalchemy import CursorResult, Dialect, Executable, Table, insert, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncResult
from sqlalchemy.sql.selectable import TypedReturnsRows

from claimgw.errors import Conflict
from claimgw.store.gathered import Amend, Part, Put
from claimgw.store.prepared import Prepared

Ts = TypeVarTuple("Ts")
Result = TypeVar("Result")
Opening = Callable[[AsyncExitStack], Awaitable[AsyncConnection]]
Asking = Callable[[Prepared, dict[str, Any]], Awaitable[list[tuple[Any, ...]]]]


class Unit:
    """One unit of work. Nobody who is handed it commits; a transaction is begun once something is read in it.

    A unit that has only written is carried out in one go: one statement on PostgreSQL, one turn of the
    writer on SQLite.
    """

    def __init__(self, dialect: Dialect, stack: AsyncExitStack, opening: Opening, asking: Asking) -> None:
        self.dialect = dialect
        self._stack = stack
        self._opening = opening
        self._asking = asking
        self._connection: AsyncConnection | None = None
        self.gathered: list[Part] = []

    @property
    def begun(self) -> bool:
        """Whether there is a transaction."""
        return self._connection is not None

    # Reading

    @overload
    async def execute(
        self, statement: TypedReturnsRows[*Ts], parameters: Any = None
    ) -> CursorResult[*Ts]: ...

    @overload
    async def execute(
        self, statement: Executable, parameters: Any = None
    ) -> CursorResult[*tuple[Any, ...]]: ...

    async def execute(self, statement: Executable, parameters: Any = None) -> CursorResult[*tuple[Any, ...]]:
        """Whatever SQLAlchemy can say, within the transaction; it sees what was written in it."""
        return await (await self._begin()).execute(statement, parameters)

    async def scalar(self, statement: Executable, parameters: Any = None) -> Any:
        """The first column of the first row."""
        return await (await self._begin()).scalar(statement, parameters)

    async def scalars(self, statement: Executable, parameters: Any = None) -> Any:
        """The first column of every row."""
        return await (await self._begin()).scalars(statement, parameters)

    async def stream(self, statement: Executable) -> AsyncResult[*tuple[Any, ...]]:
        """The rows as they come, where there are too many for the memory."""
        return await (await self._begin()).stream(statement)

    async def run_sync(self, work: Callable[..., Result], *given: Any) -> Result:
        """Something that wants SQLAlchemy's own connection."""
        return await (await self._begin()).run_sync(work, *given)

    async def ask(self, prepared: Prepared, **values: Any) -> list[tuple[Any, ...]]:
        """The rows of a prepared question, as of now: it stands outside of the transaction."""
        return await self._asking(prepared, values)

    # Writing

    def put(self, table: Table, rows: Sequence[Mapping[str, Any]], otherwise: str = "") -> None:
        """New rows, all with the same columns. The unit raises Conflict if one of them is there already."""
        if rows:
            columns = tuple(rows[0])
            values = [tuple(row[column] for column in columns) for row in rows]
            self.gathered.append(
                Put(table, columns, values, otherwise or f"a row of {table} is there already")
            )

    def amend(
        self, table: Table, where: Mapping[str, Any], values: Mapping[str, Any], otherwise: str
    ) -> None:
        """Change the one row that is like this; the unit raises Conflict if there is none any more."""
        self.gathered.append(Amend(table, where, values, otherwise))

    async def flush(self) -> None:
        """Write what was gathered, within the transaction."""
        await self._begin()

    async def _begin(self) -> AsyncConnection:
        if self._connection is None:
            self._connection = await self._opening(self._stack)
        gathered, self.gathered = self.gathered, []
        for part in gathered:
            await _write(self._connection, part)
        return self._connection


async def _write(connection: AsyncConnection, part: Part) -> None:
    match part:
        case Put(table, columns, rows, otherwise):
            try:
                await connection.execute(
                    insert(table), [dict(zip(columns, row, strict=True)) for row in rows]
                )
            except IntegrityError as fault:
                raise _meant(fault, otherwise) from fault
        case Amend(table, where, values, otherwise):
            like = [table.c[column] == value for column, value in where.items()]
            done = await connection.execute(update(table).where(*like).values(**values))
            if done.rowcount != 1:
                raise Conflict(otherwise)
        case _:
            assert_never(part)


def _meant(fault: IntegrityError, otherwise: str) -> Exception:
    """Conflict if a row is there twice; to refer to what is nowhere is a bug."""
    return Conflict(otherwise) if is_twice(fault.orig) else fault


def is_twice(fault: BaseException | None) -> bool:
    """Whether a driver says that a key is taken."""
    unique = ("SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY")
    return getattr(fault, "sqlstate", None) == "23505" or getattr(fault, "sqlite_errorname", None) in unique
