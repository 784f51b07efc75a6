"""When does a polled message count as delivered? Over a real socket, to a client that stays or leaves."""

import asyncio
import json
from urllib.parse import urlsplit

import httpx

from tests.clearinghouse.scene import until
from tests.clearinghouse.spoken import CLAIM, asking, deferred, fresh, nested, polling
from tests.endpoint.doors import Doors, open_doors
from tests.gateway import FALCON, FHIR
from tests.served import served


async def fill(doors: Doors, count: int) -> list[bytes]:
    found = []
    for _ in range(count):
        raw = fresh(CLAIM)
        await doors.gateway.post(raw, doors.key)
        message = deferred(raw, earlier=("complete",))
        await doors.gateway.post(message, doors.keys[FALCON])
        doors.clock.advance(1)
        found.append(message)
    return found


def head(raw: bytes, key: str) -> bytes:
    lines = (
        "POST /$process-message HTTP/1.1",
        "Host: gateway",
        f"Content-Type: {FHIR['content-type']}",
        f"Authorization: Bearer {key}",
        f"Content-Length: {len(raw)}",
        "",
        "",
    )
    return "\r\n".join(lines).encode()


async def test_what_a_client_has_read_is_delivered(sqlite: str) -> None:
    async with open_doors(sqlite) as doors, served(doors.gateway.app) as base:
        there = await fill(doors, 2)
        raw = polling(asking("count", valuePositiveInt=100))
        headers = {**FHIR, "authorization": f"Bearer {doors.key}"}
        async with httpx.AsyncClient(base_url=base, headers=headers) as client:
            response = await client.post("/$process-message", content=raw)
            assert nested(response.content) == there
            assert int(response.headers["content-length"]) == len(response.content)
            doors.clock.advance(1000)
            again = await client.post("/$process-message", content=polling())
            assert nested(again.content) == []


async def test_what_a_client_did_not_wait_for_is_offered_again_after_the_lease(sqlite: str) -> None:
    async with open_doors(sqlite, poll_lease_seconds=60) as doors, served(doors.gateway.app) as base:
        [there] = await fill(doors, 1)
        raw = polling()
        _, writer = await asyncio.open_connection(urlsplit(base).hostname, urlsplit(base).port)
        writer.write(head(raw, doors.key) + raw)
        await writer.drain()
        # An abort: the gateway learns of it while it works on the poll.
        writer.transport.abort()

        async def asked() -> bool:
            doors.clock.advance(61)
            response = await doors.gateway.post(polling(), doors.key)
            return nested(response.content) == [there]

        await until(asked)


async def test_an_answer_that_is_no_poll_delivers_nothing(sqlite: str) -> None:
    async with open_doors(sqlite) as doors, served(doors.gateway.app) as base:
        [there] = await fill(doors, 1)
        headers = {**FHIR, "authorization": f"Bearer {doors.key}"}
        async with httpx.AsyncClient(base_url=base, headers=headers) as client:
            response = await client.post("/$process-message", content=fresh(CLAIM))
            tags = json.loads(response.content)["entry"][0]["resource"]["meta"]["tag"]
            assert tags[0]["code"] == "queued-messages"
            assert nested((await client.post("/$process-message", content=polling())).content) == [there]
