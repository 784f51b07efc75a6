"""Which gateway do tests talk to? The whole app over its ASGI door, with participants and keys."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from httpx import ASGITransport

from claimgw.access.keys import key_digest, new_key
from claimgw.app import create_app
from claimgw.clock import Clock, SystemClock
from claimgw.house import House
from claimgw.ids import new_id
from claimgw.settings import Settings
from claimgw.store.credentials import Credential, CredentialKind, add_credential
from claimgw.store.database import Database
from claimgw.store.participants import ParticipantRecord, add_participant

EXAMPLES = Path(__file__).parents[1] / "examples"
FHIR = {"content-type": "application/fhir+json"}
BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)

HOSPITAL, CLINIC = "provider:PR-1001", "provider:PR-1002"
FALCON, DESERT_ROSE = "payer:INS-2001", "payer:INS-2002"


def example(name: str) -> bytes:
    """One of the written examples, as bytes."""
    return (EXAMPLES / f"{name}.json").read_bytes()


@dataclass
class Gateway:
    """The running app, a client that speaks to it, and what the tests do again and again."""

    app: FastAPI
    client: httpx.AsyncClient

    @property
    def house(self) -> House:
        house: House = self.app.state.house
        return house

    @property
    def database(self) -> Database:
        return self.house.parts.database

    async def post(self, raw: bytes, key: str | None = None, **headers: str) -> httpx.Response:
        """POST a message; `key` is the caller's API key."""
        credentials = {"authorization": f"Bearer {key}"} if key else {}
        return await self.client.post(
            "/fhir/$process-message", content=raw, headers={**FHIR, **credentials, **headers}
        )


async def register(
    database: Database,
    licence: str,
    *,
    kind: str | None = None,
    name: str | None = None,
    endpoint: str | None = None,
    adapter: str | None = None,
    settings: dict[str, Any] | None = None,
) -> str:
    """A participant with an API key, which is returned. An insurer is an in-process sandbox unless told."""
    kind = kind or ("provider" if licence.startswith("provider") else "insurer")
    if kind != "provider" and endpoint is None and (settings or {}).get("mode") != "by-hand":
        endpoint, adapter = "sandbox:", "sandbox"
    async with database.write() as unit:
        await add_participant(
            unit,
            ParticipantRecord(
                licence=licence,
                kind=kind,
                name=name or licence,
                endpoint=endpoint,
                adapter=adapter or ("fhir-http" if endpoint else None),
                events=None,
                settings=settings or {},
                blocked_at=None,
                blocked_reason=None,
                created_at=BEGINNING,
                changed_at=BEGINNING,
            ),
        )
    return await another_key(database, licence)


async def another_key(database: Database, licence: str) -> str:
    """One more API key of a participant."""
    key = new_key()
    digest = key_digest(key)
    assert digest is not None
    async with database.write() as unit:
        await add_credential(
            unit,
            Credential(
                id=new_id(BEGINNING),
                kind=CredentialKind.KEY,
                label="test",
                digest=digest,
                licences=frozenset({licence}),
                created_at=BEGINNING,
                expires_at=None,
                revoked_at=None,
            ),
        )
    return key


@asynccontextmanager
async def running(address: str, *, clock: Clock | None = None, **settings: Any) -> AsyncIterator[Gateway]:
    """The app on that database, started and stopped as a server would."""
    app = create_app(Settings(database=address, **settings), clock or SystemClock())
    async with app.router.lifespan_context(app):
        transport = ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
            yield Gateway(app, client)


def parsed(response: httpx.Response) -> dict[str, Any]:
    tree: dict[str, Any] = json.loads(response.content)
    return tree


def resource(bundle: dict[str, Any], kind: str) -> dict[str, Any]:
    """The first resource of that type in a Bundle."""
    found: dict[str, Any] = next(
        entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == kind
    )
    return found
