"""What becomes of a connection that never finishes its request, and of one that does?"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from claimgw.cli.serving import Listener, PatientProtocol, Server

HEAD = b"POST / HTTP/1.1\r\nHost: gateway\r\nContent-Length: 10\r\n\r\n"


class Hasty(PatientProtocol):
    """Not so patient, for a test."""

    late_seconds = 0.3
    least_rate = 8


async def read(request: Request) -> Response:
    try:
        return Response(await request.body())
    except ClientDisconnect:
        return Response(status_code=400)


@asynccontextmanager
async def listening() -> AsyncIterator[tuple[str, int]]:
    config = uvicorn.Config(
        Starlette(routes=[Route("/", read, methods=["POST"])]), http=Hasty, ws="none", log_config=None
    )
    listener = Listener("127.0.0.1", 0)
    server = Server(config, listener)
    serving = asyncio.create_task(server.run_until_stopped())
    host, port = listener.socket.getsockname()
    async with asyncio.timeout(10):
        while not server.started:  # noqa: ASYNC110 # uvicorn has no event for it
            await asyncio.sleep(0.01)
    try:
        yield host, port
    finally:
        server.stop()
        await serving


@pytest.mark.parametrize(
    "sent",
    [b"", b"POST / HT", HEAD[:40], HEAD, HEAD + b"12345"],
    ids=["silent", "line", "head", "no body", "body"],
)
async def test_a_request_that_does_not_come_to_its_end_is_cut_off(sent: bytes) -> None:
    async with listening() as (host, port), asyncio.timeout(10):
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(sent)
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()


async def test_a_slow_trickle_is_cut_off_too() -> None:
    async with listening() as (host, port), asyncio.timeout(10):
        reader, writer = await asyncio.open_connection(host, port)
        ended = asyncio.create_task(reader.read())
        for byte in HEAD * 20:
            writer.write(bytes([byte]))
            if await _is_over(ended):
                break
        assert await ended == b""
        writer.close()


async def test_a_slow_body_that_keeps_up_is_served() -> None:
    async with listening() as (host, port), asyncio.timeout(10):
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(HEAD)
        for byte in b"1234567890":
            await asyncio.sleep(0.08)
            writer.write(bytes([byte]))
        assert (await reader.readuntil(b"1234567890")).startswith(b"HTTP/1.1 200 OK\r\n")
        writer.close()


async def test_a_head_without_an_end_is_cut_off_by_its_size() -> None:
    async with listening() as (host, port), asyncio.timeout(10):
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(b"POST / HTTP/1.1\r\n" + b"X: y\r\n" * 12_000)
        assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
        writer.close()


async def _is_over(ended: "asyncio.Task[bytes]") -> bool:
    done, _ = await asyncio.wait({ended}, timeout=0.02)
    return bool(done)


async def test_whole_requests_are_answered_one_after_the_other_on_one_connection() -> None:
    async with listening() as (host, port), httpx.AsyncClient(trust_env=False) as client:
        for number in range(3):
            answer = await client.post(f"http://{host}:{port}/", content=b"%d" % number)
            assert answer.content == b"%d" % number
