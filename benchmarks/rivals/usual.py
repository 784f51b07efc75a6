"""What does the usual stack cost? FastAPI with a body, fhir.resources, the ORM of SQLAlchemy, httpx.

As such a service is commonly written, with care: one client and one engine for the life of the process,
sessions that do not reload what they wrote, a write-ahead log on SQLite. No profiles and no business rules.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated, Any

import httpx
from fastapi import Body, Depends, FastAPI, Request
from fhir.resources.R4B.bundle import Bundle
from sqlalchemy import JSON, DateTime, String, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.pool import ConnectionPoolEntry

DATABASE, INSURER = os.environ["DATABASE_URL"], os.environ["INSURER_URL"]


class Base(DeclarativeBase):
    pass


class Submission(Base):
    __tablename__ = "submission"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    status: Mapped[str] = mapped_column(String(20))
    received_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    request: Mapped[dict[str, Any]] = mapped_column(JSON)
    response: Mapped[dict[str, Any] | None] = mapped_column(JSON)


def engine_of(address: str) -> AsyncEngine:
    url = make_url(address)
    if url.get_backend_name() == "postgresql":
        return create_async_engine(url.set(drivername="postgresql+asyncpg"), pool_size=20)
    engine = create_async_engine(url.set(drivername="sqlite+aiosqlite"), connect_args={"timeout": 30})

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        connection.cursor().execute("PRAGMA journal_mode=WAL")

    return engine


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    engine = engine_of(DATABASE)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with httpx.AsyncClient(timeout=60) as client:
        app.state.sessions, app.state.client = async_sessionmaker(engine, expire_on_commit=False), client
        yield
    await engine.dispose()


async def session_of(request: Request) -> AsyncIterator[AsyncSession]:
    async with request.app.state.sessions() as session:
        yield session


async def client_of(request: Request) -> httpx.AsyncClient:
    client: httpx.AsyncClient = request.app.state.client
    return client


app = FastAPI(lifespan=lifespan)


@app.post("/$process-message")
async def process_message(
    payload: Annotated[dict[str, Any], Body()],
    session: Annotated[AsyncSession, Depends(session_of)],
    client: Annotated[httpx.AsyncClient, Depends(client_of)],
) -> dict[str, Any]:
    bundle = Bundle.model_validate(payload)
    assert bundle.id is not None
    submission = Submission(
        id=bundle.id, status="received", received_at=datetime.now(UTC), request=payload, response=None
    )
    session.add(submission)
    await session.commit()
    reply = await client.post(INSURER, json=payload)
    answer: dict[str, Any] = reply.json()
    Bundle.model_validate(answer)
    submission.status, submission.response = "answered", answer
    await session.commit()
    return answer


@app.get("/health/ready")
async def health() -> dict[str, str]:
    return {"status": "ok"}
