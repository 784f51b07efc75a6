"""What would the same work cost with nothing in it? The floor: read, keep, ask the insurer, keep, answer.

A bare FastAPI route on the same database with the same driver, which calls the same insurer with the same
client. It checks nothing, knows nobody, remembers nothing but bytes, and is lost after a crash.
"""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, closing
from typing import Protocol

import asyncpg
import orjson
from fastapi import FastAPI
from sqlalchemy import make_url
from starlette.requests import Request
from starlette.responses import Response

from claimgw.clock import SystemClock
from claimgw.insurers import fhir_http
from claimgw.insurers.fhir_http.insurer import FHIR_JSON
from claimgw.insurers.spi import Connection

DATABASE, INSURER = os.environ["DATABASE_URL"], os.environ["INSURER_URL"]
_TABLE = "CREATE TABLE kept (id TEXT, kind TEXT, content {bytes} NOT NULL, PRIMARY KEY (id, kind))"


class Store(Protocol):
    """One table of messages."""

    async def keep(self, key: str, kind: str, content: bytes) -> None:
        """In a transaction of its own."""


class Postgres:
    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool

    async def keep(self, key: str, kind: str, content: bytes) -> None:
        await self._pool.execute("INSERT INTO kept VALUES ($1, $2, $3)", key, kind, content)


class Sqlite:
    """A connection in a thread of its own: insert and commit, one after the other."""

    def __init__(self, file: str) -> None:
        self._thread = ThreadPoolExecutor(1)
        self._connection = sqlite3.connect(file, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.execute(_TABLE.format(bytes="BLOB"))

    async def keep(self, key: str, kind: str, content: bytes) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._keep, (key, kind, content))

    def _keep(self, row: tuple[str, str, bytes]) -> None:
        with self._connection:
            self._connection.execute("INSERT INTO kept VALUES (?, ?, ?)", row)

    def close(self) -> None:
        self._thread.shutdown()
        self._connection.close()


@asynccontextmanager
async def opened() -> AsyncIterator[Store]:
    """The database, with its table made anew."""
    url = make_url(DATABASE)
    if url.get_backend_name() == "sqlite":
        with closing(Sqlite(str(url.database))) as store:
            yield store
        return
    async with asyncpg.create_pool(DATABASE, min_size=8, max_size=20) as pool:
        await pool.execute(_TABLE.format(bytes="BYTEA"))
        yield Postgres(pool)


async def _no_door(_: bytes) -> bytes:
    raise AssertionError("this insurer starts nothing by itself")


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    connection = Connection("INS", "Insurer", INSURER, most_connections=64)
    async with opened() as store:
        client = fhir_http.adapter(connection, clock=SystemClock(), door=_no_door)
        app.state.store, app.state.client = store, client
        yield
        await client.close()


async def process_message(request: Request) -> Response:
    store, client = request.app.state.store, request.app.state.client
    raw = await request.body()
    key = orjson.loads(raw)["id"]
    await store.keep(key, "request", raw)
    answer = await client.deliver(raw, seconds=60)
    await store.keep(key, "answer", answer.body)
    return Response(answer.body, media_type=FHIR_JSON)


async def health(_: Request) -> Response:
    return Response()


app = FastAPI(lifespan=lifespan)
app.add_route("/$process-message", process_message, methods=["POST"])
app.add_route("/health/ready", health)
