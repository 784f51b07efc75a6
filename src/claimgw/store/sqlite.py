"""How is a unit of work carried out on SQLite in one go? By the one writer, with all that came meanwhile."""

import asyncio
import sqlite3
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, assert_never

from sqlalchemy import Insert, Update, bindparam, insert, update
from sqlalchemy.ext.asyncio import AsyncEngine

from claimgw.errors import Conflict
from claimgw.store.gathered import Amend, Part, Put
from claimgw.store.prepared import Fitted, Prepared, fitted
from claimgw.store.probes import tell
from claimgw.store.unit import is_twice

Result = Exception | None


class Direct:
    """A writer and a reader in threads of their own, beside SQLAlchemy's connections.

    What came while the disk was busy is committed together: a commit waits for the disk, and with 32 of them
    in one the database takes twice as many messages a second. `turn` is held by whoever writes.
    """

    def __init__(self, engine: AsyncEngine, pragmas: Sequence[str], turn: asyncio.Lock) -> None:
        self._dialect, file = engine.dialect, engine.url.database or ""
        self._made: dict[tuple[Any, ...], Fitted] = {}
        # What a savepoint may bring back is kept in memory: with a file for it, made and deleted for each
        # commit, the writer needs 0.64 ms for a claim instead of 0.56.
        self._writer = _Connection(file, (*pragmas, "temp_store=MEMORY"), "claimgw-writer")
        self._reader = _Connection(file, pragmas, "claimgw-reader")
        self._turn = turn
        self._waiting: list[tuple[Sequence[Part], asyncio.Future[None]]] = []
        self._committing: asyncio.Task[None] | None = None

    async def ask(self, prepared: Prepared, values: dict[str, Any]) -> list[tuple[Any, ...]]:
        """The rows of a prepared question."""
        made = prepared.compiled(self._dialect)
        parameters = made.bind(values)
        tell(made.text, parameters)
        rows = await self._reader.run(_fetch, made.text, parameters)
        return [prepared.read(self._dialect, row) for row in rows]

    async def carry_out(self, parts: Sequence[Part]) -> None:
        """All of it or nothing. Raises Conflict if a key is taken, or a row is not as it was read."""
        tell("COMMIT")
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((parts, done))
        if self._committing is None or self._committing.done():
            self._committing = asyncio.create_task(self._commit())
        await done

    async def close(self) -> None:
        """Let go of the connections."""
        if self._committing is not None:
            await asyncio.wait([self._committing])
        await self._writer.close()
        await self._reader.close()

    async def _commit(self) -> None:
        while self._waiting:
            async with self._turn:
                together, self._waiting = self._waiting, []
                given = [[self._statement(part) for part in parts] for parts, _ in together]
                try:
                    results = await self._writer.run(_carry_out, given)
                except Exception as fault:  # given to each of those that wait for it
                    results = [fault] * len(together)
            for (_, done), result in zip(together, results, strict=True):
                if done.done():
                    continue  # whoever asked for it is gone
                if result is None:
                    done.set_result(None)
                else:
                    done.set_exception(result)

    def _statement(self, part: Part) -> "_Statement":
        key = (part.table.name, part.columns) if isinstance(part, Put) else part.shape
        if key not in self._made:
            self._made[key] = fitted(_written(part), self._dialect, _names(part))
        made = self._made[key]
        rows = part.rows if isinstance(part, Put) else [part.given]
        return _Statement(made.text, [made.bind(row) for row in rows], part.otherwise)


def _names(part: Part) -> list[str]:
    match part:
        case Put(_, columns):
            return list(columns)
        case Amend(_, where, values):
            return [*values, *(f"is_{name}" for name in where)]
    assert_never(part)


def _written(part: Part) -> Insert | Update:
    columns = part.table.c
    if isinstance(part, Put):
        return insert(part.table).values(
            {column: bindparam(column, type_=columns[column].type) for column in part.columns}
        )
    like = [
        columns[name].is_(None)
        if value is None
        else columns[name] == bindparam(f"is_{name}", type_=columns[name].type)
        for name, value in part.where.items()
    ]
    changes = {name: bindparam(name, type_=columns[name].type) for name in part.values}
    return update(part.table).where(*like).values(changes)


@dataclass(frozen=True, slots=True)
class _Statement:
    """A text, the rows it is executed with, and what it means if one of them does not go through."""

    text: str
    rows: Sequence[Sequence[Any]]
    otherwise: str


class _Connection:
    """A connection in a thread of its own, opened at the first use."""

    def __init__(self, file: str, pragmas: Sequence[str], name: str) -> None:
        self._file, self._pragmas, self._name = file, pragmas, name
        self._thread: ThreadPoolExecutor | None = None
        self._open: sqlite3.Connection | None = None

    async def run(self, work: Any, *given: Any) -> Any:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix=self._name)
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._with, work, *given)

    async def close(self) -> None:
        """Until it is asked for again."""
        if self._thread is not None:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._let_go)
            self._thread.shutdown()
            self._thread = None

    def _let_go(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None

    def _with(self, work: Any, *given: Any) -> Any:
        if self._open is None:
            opened = sqlite3.connect(self._file, isolation_level=None)
            for pragma in self._pragmas:
                opened.execute(f"PRAGMA {pragma}")
            self._open = opened
        return work(self._open, *given)


def _fetch(connection: sqlite3.Connection, text: str, parameters: Sequence[Any]) -> list[Any]:
    return connection.execute(text, parameters).fetchall()


def _carry_out(connection: sqlite3.Connection, together: Sequence[Sequence[_Statement]]) -> list[Result]:
    """One commit; what does not go through is undone by itself, and the others know nothing of it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        results = [_attempt(connection, statements) for statements in together]
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    return results


def _attempt(connection: sqlite3.Connection, statements: Sequence[_Statement]) -> Result:
    connection.execute("SAVEPOINT one")
    try:
        for statement in statements:
            if connection.executemany(statement.text, statement.rows).rowcount != len(statement.rows):
                raise Conflict(statement.otherwise)
    except (Conflict, sqlite3.IntegrityError) as fault:
        connection.execute("ROLLBACK TO one")
        connection.execute("RELEASE one")
        if is_twice(fault):
            return _because(Conflict(statement.otherwise), fault)
        return fault
    connection.execute("RELEASE one")
    return None


def _because(conflict: Conflict, fault: Exception) -> Conflict:
    conflict.__cause__ = fault
    return conflict
