"""What would the same work cost with nothing in it? The floor: read, keep, ask the insurer, keep, answer.

A bare FastAPI route on the same database with the same driver, which calls the same insurer with the same
client. It checks nothing, knows nobody, remembers nothing but bytes, and is lost after a crash.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

import aiosqlite
import asyncpg
import httpx
import orjson
from fastapi import FastAPI
from httpx_aiohttp import AiohttpTransport
from sqlalchemy import make_url
from starlette.requests import Request
from starlette.responses import Response

DATABASE, INSURER = os.environ["DATABASE_URL"], os.environ["INSURER_URL"]
FHIR = {"content-type": "application/fhir+json"}
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
    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection
        self._turn = asyncio.Lock()

    async def keep(self, key: str, kind: str, content: bytes) -> None:
        async with self._turn:
            await self._connection.execute("INSERT INTO kept VALUES (?, ?, ?)", (key, kind, content))
            await self._connection.commit()


@asynccontextmanager
async def opened() -> AsyncIterator[Store]:
    """The database, with its table made anew."""
    url = make_url(DATABASE)
    if url.get_backend_name() == "sqlite":
        async with aiosqlite.connect(str(url.database)) as connection:
            await connection.execute("PRAGMA journal_mode=WAL")
            await connection.execute("PRAGMA synchronous=FULL")
            await connection.execute(_TABLE.format(bytes="BLOB"))
            yield Sqlite(connection)
        return
    async with asyncpg.create_pool(DATABASE, min_size=8, max_size=20) as pool:
        await pool.execute(_TABLE.format(bytes="BYTEA"))
        yield Postgres(pool)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    transport = AiohttpTransport()
    async with opened() as store, httpx.AsyncClient(transport=transport, timeout=60) as client:
        app.state.store, app.state.client = store, client
        yield


async def process_message(request: Request) -> Response:
    store, client = request.app.state.store, request.app.state.client
    raw = await request.body()
    key = orjson.loads(raw)["id"]
    await store.keep(key, "request", raw)
    answer = await client.post(INSURER, content=raw, headers=FHIR)
    await store.keep(key, "answer", answer.content)
    return Response(answer.content, media_type=FHIR["content-type"])


async def health(_: Request) -> Response:
    return Response()


app = FastAPI(lifespan=lifespan)
app.add_route("/$process-message", process_message, methods=["POST"])
app.add_route("/health/ready", health)
