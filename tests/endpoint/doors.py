"""Who stands before the doors in the tests of this room? Everybody is registered beforehand."""

import hashlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from claimgw.access.keys import new_key
from claimgw.clock import ManualClock
from claimgw.ids import new_id
from claimgw.store import participants
from claimgw.store.credentials import Credential, CredentialKind, add_credential
from tests.clearinghouse.spoken import START
from tests.gateway import CLINIC, DESERT_ROSE, FALCON, HOSPITAL, Gateway, register, running

T = TypeVar("T")

BLOCKED, LIMITED = "provider:PR-1003", "provider:PR-1004"


@dataclass(frozen=True)
class Doors:
    """The gateway and keys: by licence, and those that are no longer good."""

    gateway: Gateway
    clock: ManualClock
    keys: dict[str, str]
    expired: str
    revoked: str

    @property
    def key(self) -> str:
        return self.keys[HOSPITAL]


@asynccontextmanager
async def open_doors(address: str, **settings: Any) -> AsyncIterator[Doors]:
    """Hospital, clinic and Falcon are welcome; Desert Rose and PR-1003 are blocked; PR-1004 may only poll."""
    clock = ManualClock(START)
    quiet = {"worker": False, "console": False, "complete_history": True}
    async with running(address, clock=clock, **{**quiet, **settings}) as gateway:
        database = gateway.database
        licences = (HOSPITAL, CLINIC, FALCON, DESERT_ROSE, BLOCKED, LIMITED)
        keys = {licence: await register(database, licence) for licence in licences}
        expired, revoked = new_key(), new_key()
        async with database.write() as unit:
            for licence in (DESERT_ROSE, BLOCKED):
                await participants.block_participant(unit, licence, "a test", START)
            await _limit(unit)
            await add_credential(unit, _credential(expired, expires_at=START - timedelta(seconds=1)))
            await add_credential(unit, _credential(revoked, revoked_at=START - timedelta(days=1)))
        yield Doors(gateway, clock, keys, expired, revoked)


async def ask(doors: Doors, path: str, licence: str = HOSPITAL, **params: str) -> tuple[int, Any]:
    """What is told at that address: status and JSON."""
    headers = {"authorization": f"Bearer {doors.keys[licence]}"}
    response = await doors.gateway.client.get(path, headers=headers, params=params)
    return response.status_code, response.json()


async def without_store(doors: Doors, folder: Path, ask: Callable[[], Awaitable[T]]) -> T:
    """What is answered while the folder of the embedded database is gone."""
    await doors.gateway.database.close()
    away = folder.with_name("away")
    os.rename(folder, away)
    try:
        return await ask()
    finally:
        os.rename(away, folder)


async def _limit(unit: Any) -> None:
    known = await participants.find_participant(unit, LIMITED)
    assert known is not None
    limited = participants.ParticipantRecord(
        **{name: getattr(known, name) for name in known.__slots__} | {"events": ("poll-request",)}
    )
    await participants.change_participant(unit, limited, START)


def _credential(key: str, **fields: Any) -> Credential:
    return Credential(
        id=new_id(START),
        kind=CredentialKind.KEY,
        label="no longer good",
        digest=hashlib.sha256(key.encode()).digest(),
        licences=frozenset({HOSPITAL}),
        created_at=START - timedelta(days=10),
        **fields,
    )
