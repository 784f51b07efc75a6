"""Who is asked to come again, and how is it said? Over real connections, for bodies that nobody reads."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from claimgw.access.callers import Caller
from claimgw.clock import SystemClock
from claimgw.endpoint.entrance import SMALL, Bounds, Entrance
from claimgw.endpoint.gate import Gate
from tests.clearinghouse.spoken import polling
from tests.endpoint.doors import open_doors
from tests.gateway import parsed
from tests.served import served

MEGABYTE = 1024 * 1024


@dataclass
class Hall:
    """Behind the entrance everybody waits until let go. The licence of a caller is its credential."""

    bounds: Bounds
    inside: int = 0
    came: asyncio.Event = field(default_factory=asyncio.Event)
    let_go: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.entrance = Entrance(self.bounds, SystemClock())

    async def handle(self, request: Request) -> Response:
        caller = Caller(frozenset({request.headers["authorization"]}), "key")
        return await self.entrance.through(request, caller, self._serve)

    async def _serve(self, raw: bytes) -> Response:
        self.inside += 1
        self.came.set()
        await self.let_go.wait()
        return Response(f"{len(raw)}")


@asynccontextmanager
async def opened(bounds: Bounds) -> AsyncIterator[tuple[Hall, httpx.AsyncClient]]:
    hall = Hall(bounds)
    app = Starlette(routes=[Route("/", hall.handle, methods=["POST"])])
    async with (
        served(app) as address,
        httpx.AsyncClient(base_url=address, trust_env=False, timeout=10) as client,
    ):
        try:
            yield hall, client
        finally:
            hall.let_go.set()


def post(client: httpx.AsyncClient, licence: str, size: int = 10) -> "asyncio.Task[httpx.Response]":
    return asyncio.create_task(client.post("/", content=b" " * size, headers={"authorization": licence}))


def assert_asked_to_come_again(told: httpx.Response, status: int) -> None:
    assert (told.status_code, parsed(told)["resourceType"]) == (status, "OperationOutcome")
    assert int(told.headers["retry-after"]) > 0


async def test_more_at_once_than_a_licence_may_are_429_and_others_are_served() -> None:
    async with opened(Bounds(licence_requests=1)) as (hall, client):
        first = post(client, "provider:1")
        await hall.came.wait()
        assert_asked_to_come_again(await post(client, "provider:1"), 429)
        other = post(client, "provider:2")
        hall.let_go.set()
        assert [(await one).text for one in (first, other)] == ["10", "10"]
        assert (await post(client, "provider:1")).text == "10"


async def test_past_the_door_the_answer_comes_before_the_body() -> None:
    async with opened(Bounds(requests=1)) as (hall, client):
        first = post(client, "provider:1")
        await hall.came.wait()
        host, port = client.base_url.host, client.base_url.port
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(
            b"POST / HTTP/1.1\r\nHost: x\r\nAuthorization: provider:2\r\nContent-Length: 9000000\r\n\r\n"
        )
        async with asyncio.timeout(5):
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
        assert head.startswith(b"http/1.1 503 ")
        assert b"retry-after: " in head
        assert b"connection: close" in head
        writer.close()
        # A client that sends it all the same can read its answer too.
        assert_asked_to_come_again(await post(client, "provider:2", 9 * MEGABYTE), 503)
        hall.let_go.set()
        assert (await first).status_code == 200


async def test_a_small_body_that_nobody_read_leaves_the_connection_usable() -> None:
    async with opened(Bounds(requests=1)) as (hall, client):
        first = post(client, "provider:1")
        await hall.came.wait()
        told = await post(client, "provider:2", SMALL)
        assert_asked_to_come_again(told, 503)
        assert "connection" not in told.headers
        hall.let_go.set()
        assert (await first).status_code == 200
        assert (await post(client, "provider:2", SMALL)).text == f"{SMALL}"


async def test_large_bodies_wait_for_room_and_small_ones_pass_them() -> None:
    async with opened(Bounds(body_bytes=12 * MEGABYTE)) as (hall, client):
        large = [post(client, f"provider:{number}", 9 * MEGABYTE) for number in range(3)]
        await hall.came.wait()
        small = post(client, "provider:4")
        async with asyncio.timeout(5):
            while hall.inside < 2:  # noqa: ASYNC110 # the hall has one bell only
                await asyncio.sleep(0.005)
        assert hall.inside == 2
        hall.let_go.set()
        assert [len(body.text) for body in await asyncio.gather(*large)] == [7, 7, 7]
        assert (await small).text == "10"


async def test_a_body_in_chunks_makes_room_when_it_is_found_to_be_large() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b" " * SMALL

    async with opened(Bounds(body_bytes=12 * MEGABYTE)) as (hall, client):
        hall.let_go.set()
        told = await client.post("/", content=chunks(), headers={"authorization": "provider:1"})
        assert told.text == f"{20 * SMALL}"


async def test_a_flood_of_one_licence_is_429_until_its_rate_allows_more(sqlite: str) -> None:
    async with open_doors(sqlite, licence_rate=0.3) as doors:
        told = [(await doors.gateway.post(polling(), doors.key)).status_code for _ in range(3)]
        assert told == [200, 200, 200]
        late = await doors.gateway.post(polling(), doors.key)
        assert_asked_to_come_again(late, 429)
        assert late.headers["x-request-id"]
        doors.clock.advance(int(late.headers["retry-after"]))
        assert (await doors.gateway.post(polling(), doors.key)).status_code == 200


async def test_at_the_gate_a_known_sender_is_turned_away_and_a_stranger_goes_on() -> None:
    entrance, let_go = Entrance(Bounds(licence_requests=1), SystemClock()), asyncio.Event()

    async def handle(request: Request) -> Response:
        caller = Caller(frozenset({request.headers["authorization"]}), "key")

        async def serve(raw: bytes) -> Response:
            await let_go.wait()
            return Response("served")

        return await entrance.through(request, caller, serve)

    door = Starlette(routes=[Route("/$validate", handle, methods=["POST"])])
    async with (
        served(Gate(door, entrance, SystemClock())) as address,
        httpx.AsyncClient(base_url=address, trust_env=False, timeout=10) as client,
    ):

        async def sent(licence: str) -> httpx.Response:
            head = {"authorization": licence, "x-request-id": "mine"}
            return await client.post("/$validate", content=b"{}", headers=head)

        first = asyncio.create_task(sent("provider:1"))
        async with asyncio.timeout(5):
            while not entrance.inside:  # noqa: ASYNC110 # it has no bell
                await asyncio.sleep(0.005)
        again = [await sent("provider:1") for _ in range(3)]
        assert [one.headers["x-request-id"] for one in again] == ["mine"] * 3
        for one in again:
            assert_asked_to_come_again(one, 429)
        other = asyncio.create_task(sent("provider:2"))
        let_go.set()
        assert [(await one).text for one in (first, other)] == ["served", "served"]
