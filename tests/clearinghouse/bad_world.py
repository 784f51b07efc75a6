"""Who is there to be wronged? Two hospitals, two insurers, two TPAs, and all that is on record of them."""

import json
import re
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import httpx
from sqlalchemy import select

from claimgw.clock import ManualClock
from claimgw.insurers.sandbox.in_process import InProcess
from claimgw.store.participants import Service, add_service
from claimgw.store.tables import (
    attempt,
    exchange,
    history_start,
    imported,
    mailbox,
    poll_item,
    relation,
    statement,
    topic,
)
from tests.clearinghouse.spoken import CLAIM, START, Json, fresh
from tests.gateway import CLINIC, DESERT_ROSE, FALCON, HOSPITAL, Gateway, register, running

SERVING, OTHER_TPA = "payer:TPA-3001", "payer:TPA-3002"
RECORD = (exchange, attempt, mailbox, poll_item, topic, statement, relation, history_start, imported)
_GUID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")

# Of every table of the record, each row by its key.
Rows = dict[str, dict[tuple[Any, ...], tuple[Any, ...]]]


@dataclass
class World:
    """A gateway and the keys of all who are registered with it."""

    gateway: Gateway
    clock: ManualClock
    keys: dict[str, str]

    async def post(self, raw: bytes, who: str) -> httpx.Response:
        return await self.gateway.post(raw, self.keys[who])

    async def say(self, raw: bytes, who: str = HOSPITAL) -> bytes:
        """Post what is sound, as what goes before the fault; the answer."""
        response = await self.post(raw, who)
        assert response.status_code == 200, response.text
        tree = response.json()
        assert tree["entry"][0]["resource"]["response"]["code"] == "ok", response.text
        return response.content

    async def claimed(self, raw: bytes, who: str = HOSPITAL, outcome: str = "complete") -> bytes:
        """Send a claim or a request for authorization; its answer, which has that outcome."""
        answer = await self.say(raw, who)
        assert focal_of(answer)["outcome"] == outcome, answer
        return answer

    async def sandbox(self, insurer: str) -> InProcess:
        """The insurer itself."""
        parts = self.gateway.house.parts
        known = (await parts.registry.current()).participant(insurer)
        assert known is not None
        adapter = parts.lines.line(known)
        assert isinstance(adapter, InProcess)
        return adapter

    async def said_under(self, number: str) -> Json:
        """The reference to what an insurer has said under that number of an authorization."""
        query = select(statement).where(statement.c.authorization == number)
        async with self.gateway.database.read() as unit:
            said = (await unit.execute(query)).one()
        return {"type": said.type, "identifier": {"system": said.system, "value": said.value}}

    async def record(self) -> Rows:
        """All that is on record, row for row."""
        found: Rows = {}
        async with self.gateway.database.read() as unit:
            for table in RECORD:
                keys = [table.c.keys().index(column.name) for column in table.primary_key]
                found[table.name] = {
                    tuple(row[key] for key in keys): tuple(row) for row in await unit.execute(select(table))
                }
        return found


@asynccontextmanager
async def world(address: str, **settings: Any) -> AsyncIterator[World]:
    """TPA-3001 serves Falcon, TPA-3002 serves nobody; insurers are sandboxes in the process."""
    clock = ManualClock(START)
    quiet = {"worker": False, "console": False, "complete_history": True}
    async with running(address, clock=clock, **{**quiet, **settings}) as gateway:
        keys = {one: await register(gateway.database, one) for one in (HOSPITAL, CLINIC, FALCON, DESERT_ROSE)}
        for one in (SERVING, OTHER_TPA):
            keys[one] = await register(gateway.database, one, kind="tpa")
        async with gateway.database.write() as unit:
            await add_service(unit, Service(SERVING, FALCON, date(2026, 1, 1), None))
        clock.advance(3)  # the registry is read anew
        yield World(gateway, clock, keys)


def message(
    name: str, *, of: str = HOSPITAL, to: str = FALCON, identifier: str | None = None, **changed: Any
) -> bytes:
    """An example under new ids, between that provider and that insurer.

    `changed` replaces elements of its focus; None takes one out.
    """
    tree = json.loads(fresh(name, claim=identifier))
    resource = tree["entry"][1]["resource"]
    resource.update(changed)
    for element in [element for element, value in changed.items() if value is None]:
        del resource[element]
    return between(json.dumps(tree).encode(), of, to)


def between(raw: bytes, provider: str, insurer: str) -> bytes:
    return raw.replace(b"PR-1001", _value(provider)).replace(b"INS-2001", _value(insurer))


def _value(licence: str) -> bytes:
    return licence.partition(":")[2].encode()


def claim(ending: str = "", *, of: str = HOSPITAL, to: str = FALCON, **changed: Any) -> bytes:
    """A sound claim; the ending of its identifier says what the insurer makes of it."""
    return message(CLAIM, of=of, to=to, identifier=f"CLM-{uuid.uuid4().hex[:12]}{ending}", **changed)


def batch(*, of: str = HOSPITAL, to: str = FALCON) -> bytes:
    """A sound batch of three, with ids and identifiers of its own all through."""
    known: dict[bytes, bytes] = {}
    raw = between(fresh("batch-request-three"), of, to)
    raw = _GUID.sub(lambda met: known.setdefault(met[0], str(uuid.uuid4()).encode()), raw)
    return re.sub(rb'"(CLM|BAT)-2026', rb'"\1-' + uuid.uuid4().hex[:12].encode(), raw)


def changed(raw: bytes, change: Callable[[Json], object]) -> bytes:
    """With a change made on the decoded message."""
    tree = json.loads(raw)
    change(tree)
    return json.dumps(tree).encode()


def on_header(raw: bytes, change: Callable[[Json], object]) -> bytes:
    return changed(raw, lambda tree: change(tree["entry"][0]["resource"]))


def party(licence: str) -> Json:
    kind, _, value = licence.partition(":")
    system = (
        "http://nphies.sa/license/nphies" if kind == "nphies" else f"http://nphies.sa/license/{kind}-license"
    )
    return {"type": "Organization", "identifier": {"system": system, "value": value}}


def sent_by(raw: bytes, licence: str) -> bytes:
    """With that sender in its header, and nothing else changed."""
    return on_header(raw, lambda head: head.update(sender=party(licence)))


def sent_to(raw: bytes, licence: str) -> bytes:
    return on_header(raw, lambda head: head["destination"][0].update(receiver=party(licence)))


def focal_of(raw: bytes) -> Json:
    found: Json = json.loads(raw)["entry"][1]["resource"]
    return found


def named(raw: bytes) -> Json:
    """The reference by which a message names what that one was about."""
    focal = focal_of(raw)
    return {"type": focal["resourceType"], "identifier": focal["identifier"][0]}


def nobodys(kind: str = "Claim") -> Json:
    """A reference to what nobody has sent."""
    system = "http://alwaha.example/identifiers/claim"
    return {"type": kind, "identifier": {"system": system, "value": f"CLM-{uuid.uuid4().hex[:12]}"}}
