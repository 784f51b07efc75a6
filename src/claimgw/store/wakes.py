"""How does one process tell the others at once that something may be due? PostgreSQL's NOTIFY; nothing else.

Committing a NOTIFY takes a lock on the whole database: it is sent apart from what it tells of, after the
commit, and what has gathered meanwhile goes as one. One that is lost costs the time of a look, no more.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from claimgw.clock import Clock, rung_or_after
from claimgw.store.database import Database

_log = structlog.get_logger(__name__)

_CHANNEL = "claimgw"
# A connection that died silently is found out by then.
_CHECK_SECONDS = 10.0
_ANSWER_SECONDS = 5.0
_AGAIN_SECONDS = 1.0
# However much happens, a process tells the others so often only.
_APART_SECONDS = 0.05


class Wakes:
    """Tells the other processes, and rings when one of them tells. On SQLite it does neither."""

    def __init__(self, database: Database, clock: Clock, ring: Callable[[], None]) -> None:
        self._clock = clock
        self._ring = ring
        self._to_tell = asyncio.Event()
        self._stopping = False
        self._own = 0
        self._engine: AsyncEngine | None = None
        if not database.embedded:
            # A connection of its own: the others are given back after each unit of work.
            self._engine = create_async_engine(
                database.url, poolclass=NullPool, connect_args={"timeout": _ANSWER_SECONDS}
            )

    def tell(self) -> None:
        """Something may have become due, and is committed."""
        self._to_tell.set()

    async def run(self) -> None:
        """Listen and tell until told to stop; a connection that is lost is made anew."""
        if self._engine is None:
            return
        while not self._stopping:
            try:
                async with self._listening(self._engine) as connection:
                    self._ring()  # nobody was heard meanwhile
                    await self._tell(connection)
            except Exception as fault:
                # The driver's faults have no root in common. Polling goes on meanwhile.
                _log.warning("other processes are not heard", action="listen", fault=type(fault).__name__)
                await self._clock.sleep(_AGAIN_SECONDS)

    def stop(self) -> None:
        """What is to be told is told before the end."""
        self._stopping = True
        self._to_tell.set()

    @asynccontextmanager
    async def _listening(self, engine: AsyncEngine) -> AsyncIterator[Any]:
        async with engine.connect() as held:
            connection = (await held.get_raw_connection()).driver_connection
            assert connection is not None
            self._own = connection.get_server_pid()
            connection.add_termination_listener(lambda _: self._to_tell.set())
            await connection.add_listener(_CHANNEL, self._heard)
            try:
                yield connection
            finally:
                # Its own way back into a pool would wait for a server that may be gone.
                connection.terminate()

    def _heard(self, _connection: Any, sender: int, _channel: str, _payload: str) -> None:
        if sender != self._own:
            self._ring()

    async def _tell(self, connection: Any) -> None:
        while not self._stopping:
            await rung_or_after(self._to_tell, self._clock, _CHECK_SECONDS)
            told = self._to_tell.is_set()
            self._to_tell.clear()
            async with asyncio.timeout(_ANSWER_SECONDS):
                await connection.execute(f"NOTIFY {_CHANNEL}" if told else "SELECT 1")
            await asyncio.sleep(_APART_SECONDS)
