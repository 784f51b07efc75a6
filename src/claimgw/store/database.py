"""How do the two databases differ? Engines, pragmas, who may write at once; nowhere else."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import asyncpg
from sqlalchemy import URL, event, func, make_url, select, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from claimgw.errors import ConfigurationError, NotLetIn, StoreUnavailable
from claimgw.store import postgres, sqlite
from claimgw.store.prepared import Prepared
from claimgw.store.unit import Unit

_BUSY_MS = 30_000
_CONNECT_SECONDS = 5
_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={_BUSY_MS}")

__all__ = ["Database", "Unit"]

# SQLSTATE classes that speak of the server, not of the statement: connection, deadlock, out of resources,
# shutting down or starting up, its disk; and a standby that only reads. The asyncpg dialect has no exceptions
# of its own for most of them.
_AWAY = ("08", "40", "53", "57", "58", "25006")
# Login, no such database.
_NOT_LET_IN = ("28", "3D")


class Database:
    """One database for the life of the process. `address`: sqlite:///file.db or postgresql://user@host/name."""

    def __init__(self, address: str, *, connections: int = 20) -> None:
        self.url = driver_url(address)
        self.embedded = self.url.get_backend_name() == "sqlite"
        # SQLite has one writer; to queue here is fair and cheap, to queue on its file lock is neither.
        self._turn = asyncio.Lock() if self.embedded else None
        self._direct: postgres.Direct | sqlite.Direct
        if self._turn is not None:
            self._reader = _sqlite_engine(self.url, "BEGIN", size=4)
            self._writer = _sqlite_engine(self.url, "BEGIN IMMEDIATE", size=1)
            self._direct = sqlite.Direct(self._writer, _PRAGMAS, self._turn)
        else:
            self._reader = self._writer = _postgres_engine(self.url, connections)
            self._direct = postgres.Direct(self._writer, connections, _CONNECT_SECONDS)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Unit]:
        """A snapshot to read from; whatever is done in it is rolled back."""
        async with _translated(), AsyncExitStack() as stack:
            yield Unit(self._reader.dialect, stack, self._to_read, self._ask)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Unit]:
        """A unit of work: committed at the end of the block, undone if the block raises.

        The only place that commits. Raises StoreUnavailable when the database is away or refuses.
        """
        async with _translated(), AsyncExitStack() as stack:
            unit = Unit(self._writer.dialect, stack, self._to_write, self._ask)
            yield unit
            if unit.begun:
                await unit.flush()
            elif unit.gathered:
                await self._direct.carry_out(unit.gathered)

    async def _to_read(self, stack: AsyncExitStack) -> AsyncConnection:
        connection = await stack.enter_async_context(self._reader.connect())
        if not self.embedded:
            await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        return connection

    async def _to_write(self, stack: AsyncExitStack) -> AsyncConnection:
        if self._turn is not None:
            await stack.enter_async_context(self._turn)
        return await stack.enter_async_context(self._writer.begin())

    async def _ask(self, prepared: Prepared, values: dict[str, Any]) -> list[tuple[Any, ...]]:
        return await self._direct.ask(prepared, values)

    async def warnings(self) -> list[str]:
        """What about this database endangers data that was acknowledged, one sentence each."""
        if self.embedded:
            return []
        async with self.read() as unit:
            rows = await unit.execute(
                text(
                    "SELECT name, setting FROM pg_settings"
                    " WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off'"
                )
            )
            return [
                f"PostgreSQL runs with {name}={value}: acknowledged claims can be lost in a crash; turn it on"
                for name, value in rows
            ]

    async def close(self) -> None:
        """Give all connections back."""
        await self._direct.close()
        await self._reader.dispose()
        if self._writer is not self._reader:
            await self._writer.dispose()


async def take_turn(unit: Unit, subject: str) -> None:
    """Wait until no other unit of work has this subject, and keep it to the end of this one.

    SQLite has one writer: there to begin is to have the turn.
    """
    if unit.dialect.name == "sqlite":
        await unit.flush()
    else:
        await unit.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(subject, 0))))


def driver_url(address: str) -> URL:
    """The URL with the asynchronous driver used here. Raises ConfigurationError for other databases."""
    try:
        url = make_url(address)
    except Exception as fault:
        raise ConfigurationError(
            "the database address cannot be read; write sqlite:///file.db or postgresql://user@host/name"
        ) from fault
    drivers = {
        "sqlite": "sqlite+aiosqlite",
        "postgresql": "postgresql+asyncpg",
        "postgres": "postgresql+asyncpg",
    }
    backend = url.drivername.partition("+")[0]
    if backend not in drivers:
        raise ConfigurationError(f"{backend!r} is no database claimgw knows; use sqlite or postgresql")
    return url.set(drivername=drivers[backend])


def _postgres_engine(url: URL, connections: int) -> AsyncEngine:
    return create_async_engine(
        url,
        hide_parameters=True,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=5,
        pool_pre_ping=True,
        connect_args={"timeout": _CONNECT_SECONDS},
    )


def _sqlite_engine(url: URL, begin: str, *, size: int) -> AsyncEngine:
    engine = create_async_engine(url, hide_parameters=True, pool_size=size, max_overflow=0, pool_timeout=60)

    @event.listens_for(engine.sync_engine, "do_connect")
    def try_to_open(*_: object) -> None:
        # aiosqlite waits for nobody: where it cannot open the file, its thread outlives the event loop and
        # dies with a traceback after our own clear error. So that fault is met before its thread is there.
        sqlite3.connect(url.database or "").close()

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        # The driver's own idea of transactions is switched off: it begins them late and never for DDL.
        raw: Any = connection
        raw.isolation_level = None
        cursor = connection.cursor()
        for pragma in _PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def start(connection: Any) -> None:
        connection.exec_driver_sql(begin)

    return engine


@asynccontextmanager
async def _translated() -> AsyncIterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeout, OSError, sqlite3.OperationalError) as fault:
        raise StoreUnavailable(f"the database does not answer ({type(fault).__name__})") from fault
    except DBAPIError as fault:
        if fault.connection_invalidated:
            raise StoreUnavailable("the connection to the database was lost") from fault
        _refused(getattr(fault.orig, "sqlstate", None), fault)
        raise
    except asyncpg.PostgresError as fault:
        _refused(fault.sqlstate, fault)
        raise
    except (asyncpg.InterfaceError, asyncpg.InternalClientError, TimeoutError) as fault:
        # The second of them where a connection breaks between two looks at it: "failed" is its state then.
        raise StoreUnavailable(f"the database does not answer ({type(fault).__name__})") from fault


def _refused(state: str | None, fault: Exception) -> None:
    if (state or "").startswith(_NOT_LET_IN):
        told = f"the database does not let us in (SQLSTATE {state}): look at the login and the name"
        raise NotLetIn(told) from fault
    if (state or "").startswith(_AWAY):
        raise StoreUnavailable(f"the database refuses (SQLSTATE {state})") from fault
