"""Does whoever listens hear that something waits, and nothing else, over a real socket?"""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest

from claimgw.access.keys import key_digest
from claimgw.endpoint.mailbox.news import News
from claimgw.endpoint.peer import PeerProtocol
from claimgw.store import participants
from claimgw.store.credentials import revoke_credential
from tests.clearinghouse.scene import until
from tests.clearinghouse.spoken import CLAIM, asking, deferred, fresh, polling
from tests.endpoint.doors import BLOCKED, Doors, open_doors
from tests.gateway import CLINIC, FALCON, HOSPITAL, parsed, resource, running
from tests.served import served

PATH = "/mailbox/events"


class Listener:
    """One open stream: events are dictionaries of their fields, a heartbeat is an empty one."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._lines = response.aiter_lines()

    async def next(self) -> dict[str, str]:
        """The next block; EOFError at the end of the stream."""
        found: dict[str, str] = {}
        async with asyncio.timeout(10):
            async for line in self._lines:
                if not line:
                    return found
                name, _, value = line.partition(":")
                if name:
                    found[name] = value.strip()
        raise EOFError

    async def event(self) -> dict[str, Any]:
        """The data of the next event, and its id."""
        while "event" not in (block := await self.next()):
            pass
        assert block["event"] == "mailbox"
        return {**json.loads(block["data"]), "id": block["id"]}


@asynccontextmanager
async def listening(
    doors: Doors, base: str, licence: str = HOSPITAL, **headers: str
) -> AsyncIterator[Listener]:
    named = {"authorization": f"Bearer {doors.keys[licence]}", **headers}
    async with (
        httpx.AsyncClient(base_url=base, trust_env=False) as client,
        client.stream("GET", PATH, headers=named) as response,
    ):
        assert response.status_code == 200, await response.aread()
        heard = Listener(response)
        assert await heard.next() == {"retry": "5000"}
        yield heard


@asynccontextmanager
async def open_to_listeners(address: str, **settings: Any) -> AsyncIterator[tuple[Doors, str]]:
    async with (
        open_doors(address, **settings) as doors,
        served(doors.gateway.app, http=PeerProtocol) as base,
    ):
        yield doors, base


async def late_answer(doors: Doors) -> None:
    """An insurer's late answer to a claim of the hospital, which it had queued, waits now."""
    claim = fresh(CLAIM, claim=f"CLM-{uuid.uuid4()}-QUEUE-9999")
    await doors.gateway.post(claim, doors.key)
    told = await doors.gateway.post(deferred(claim), doors.keys[FALCON])
    assert resource(parsed(told), "MessageHeader")["response"]["code"] == "ok"


async def polled(doors: Doors) -> None:
    await doors.gateway.post(polling(asking("count", valuePositiveInt=100)), doors.key)


async def quiet(heard: Listener, doors: Doors) -> None:
    """The next thing heard is a heartbeat."""
    hearing = asyncio.create_task(heard.next())

    async def heard_one() -> bool:
        doors.clock.advance(1)
        return hearing.done()

    await until(heard_one)
    assert hearing.result() == {}


async def test_what_comes_in_is_told_at_once_and_what_waits_at_the_beginning(address: str) -> None:
    async with open_to_listeners(address) as (doors, base):
        async with listening(doors, base) as first:
            await late_answer(doors)
            told = await first.event()
            assert told == {"provider": HOSPITAL, "waiting": True, "id": told["id"]}
            await late_answer(doors)
            again = await first.event()
            assert again["id"] != told["id"]
        async with listening(doors, base) as second:
            assert await second.event() == again


async def test_nobody_hears_of_the_mailbox_of_another(sqlite: str) -> None:
    async with open_to_listeners(sqlite) as (doors, base), listening(doors, base, CLINIC) as stranger:
        async with listening(doors, base) as own:
            await late_answer(doors)
            await own.event()
        await quiet(stranger, doors)


async def test_who_comes_back_is_told_only_what_is_new(sqlite: str) -> None:
    async with open_to_listeners(sqlite) as (doors, base):
        await late_answer(doors)
        async with listening(doors, base) as heard:
            last = (await heard.event())["id"]
        async with listening(doors, base, **{"last-event-id": last}) as heard:
            await quiet(heard, doors)
            await late_answer(doors)
            assert (await heard.event())["id"] != last
        async with listening(doors, base, **{"last-event-id": last}) as heard:
            await heard.event()


async def test_what_another_node_left_is_found_by_the_next_look(sqlite: str) -> None:
    async with open_to_listeners(sqlite) as (doors, base), listening(doors, base) as heard:
        await quiet(heard, doors)
        async with running(sqlite, clock=doors.clock, worker=False, console=False) as other:
            await late_answer(replace(doors, gateway=other))
        hearing = asyncio.create_task(heard.event())

        async def found() -> bool:
            doors.clock.advance(1)
            return hearing.done()

        await until(found)
        assert hearing.result()["provider"] == HOSPITAL


async def test_a_poll_ends_the_waiting_and_the_next_message_is_told(sqlite: str) -> None:
    async with open_to_listeners(sqlite) as (doors, base), listening(doors, base) as heard:
        await late_answer(doors)
        first = await heard.event()
        await polled(doors)
        await quiet(heard, doors)
        await late_answer(doors)
        assert (await heard.event())["id"] != first["id"]


async def test_a_stream_ends_when_its_key_is_revoked(sqlite: str) -> None:
    async with open_to_listeners(sqlite) as (doors, base), listening(doors, base) as heard:
        digest = key_digest(doors.key)
        assert digest is not None
        registry = await doors.gateway.house.parts.registry.current()
        async with doors.gateway.database.write() as unit:
            await revoke_credential(unit, registry.credentials[digest].id, doors.clock.now())
        doors.clock.advance(3)
        with pytest.raises(EOFError):
            await heard.event()


async def test_a_stream_ends_when_its_provider_is_blocked(sqlite: str) -> None:
    async with open_to_listeners(sqlite) as (doors, base), listening(doors, base) as heard:
        async with doors.gateway.database.write() as unit:
            await participants.block_participant(unit, HOSPITAL, "a test", doors.clock.now())
        doors.clock.advance(3)
        with pytest.raises(EOFError):
            await heard.event()


async def test_open_streams_do_not_hold_up_a_stop(sqlite: str) -> None:
    """The server asks the stream to end; it would be cut off after a second, with an incomplete body."""
    async with open_doors(sqlite) as doors:
        async with served(doors.gateway.app, http=PeerProtocol) as base:
            stream = listening(doors, base)
            heard = await stream.__aenter__()
        with pytest.raises(EOFError):
            await heard.event()
        await stream.__aexit__(None, None, None)


async def test_a_credential_has_so_many_streams_and_one_closed_makes_room(sqlite: str) -> None:
    async with open_to_listeners(sqlite, mailbox_streams=1) as (doors, base):
        key = {"authorization": f"Bearer {doors.key}"}

        async def asked() -> httpx.Response:
            async with (
                httpx.AsyncClient(base_url=base, trust_env=False) as client,
                client.stream("GET", PATH, headers=key) as response,
            ):
                if response.status_code != 200:
                    await response.aread()
                return response

        async def open_again() -> bool:
            return (await asked()).status_code == 200

        async with listening(doors, base), listening(doors, base, CLINIC):
            refused = await asked()
            assert (refused.status_code, refused.headers["retry-after"]) == (429, "60")
            assert refused.json()["resourceType"] == "OperationOutcome"
        await until(open_again)


async def test_who_may_not_listen_is_told_why(doors: Doors) -> None:
    events = "text/event-stream"
    for who, accept, status, code in (
        (None, events, 401, "GE-00019"),
        (HOSPITAL, "application/fhir+json", 406, "GE-00016"),
        (FALCON, events, 403, "BV-00545"),
        (BLOCKED, events, 403, "GE-00030"),
    ):
        key = {"authorization": f"Bearer {doors.keys[who]}"} if who else {}
        response = await doors.gateway.client.get(PATH, headers={"accept": accept, **key})
        assert response.status_code == status
        assert response.json()["issue"][0]["details"]["coding"][0]["code"] == code


def test_each_mailbox_of_a_credential_is_told_of_by_itself() -> None:
    news = News()
    assert news.of({}) == ""
    assert news.of({"provider:A": "1"}).count("event: mailbox") == 1
    both = news.of({"provider:A": "1", "provider:B": "2"})
    assert "provider:A" not in both
    assert "provider:B" in both
    last = both.split("id: ")[1].split("\n")[0]
    assert News(last).of({"provider:A": "1", "provider:B": "2"}) == ""
    assert News(last).of({"provider:A": "1"}).count("event: mailbox") == 1
    assert news.of({"provider:B": "2"}) == ""
    assert "provider:A" in news.of({"provider:A": "1", "provider:B": "2"})
