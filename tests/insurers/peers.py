"""What stands in for an insurer's server? A real socket on loopback that follows a script, byte by byte."""

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

import uvloop

from claimgw.clock import Clock
from claimgw.insurers import fhir_http
from claimgw.insurers.spi import Adapter, Connection

Result = TypeVar("Result")

JSON = "application/fhir+json"


class Goodbye(StrEnum):
    """The ways in which a peer ends a connection."""

    CLOSE = "close"  # as programs do it
    HALF = "half"  # FIN only, the peer goes on reading
    RESET = "reset"  # RST at once


@dataclass
class Talk:
    """One connection as the peer sees it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    number: int  # 1 for the peer's first connection
    received: bytearray = field(default_factory=bytearray)

    async def read(self, count: int) -> bytes:
        """Exactly that many bytes."""
        data = await self.reader.readexactly(count)
        self.received += data
        return data

    async def some(self) -> bool:
        """What has come in, at least a byte; False at the end."""
        data = await self.reader.read(65536)
        self.received += data
        return bool(data)

    async def request(self) -> bytes:
        """One whole request, head and body."""
        head = await self.head()
        lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        return head + (await self.read(int(lengths[0].split(b":")[1])) if lengths else b"")

    async def head(self) -> bytes:
        head = await self.reader.readuntil(b"\r\n\r\n")
        self.received += head
        return head

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def leave(self, goodbye: Goodbye) -> None:
        if goodbye is Goodbye.HALF:
            self.writer.write_eof()
            await self.gone()
        elif goodbye is Goodbye.RESET:
            linger = struct.pack("ii", 1, 0)
            self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.writer.transport.abort()
        else:
            self.writer.close()

    async def gone(self) -> None:
        """Wait until the other side has closed."""
        while await self.reader.read(65536):
            pass


Script = Callable[[Talk], Awaitable[None]]


@dataclass
class Peer:
    """A server that does with each connection what its script says."""

    address: str
    port: int
    talks: list[Talk] = field(default_factory=list)

    @property
    def received(self) -> bytes:
        """All that was received, over all connections, after any TLS."""
        return b"".join(bytes(talk.received) for talk in self.talks)


# The standard loop, and the one that uvicorn brings.
LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


def run_on(loop: str, coroutine: Coroutine[Any, Any, Result]) -> Result:
    """The coroutine's result, run in a loop of that kind."""
    with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
        return runner.run(coroutine)


@asynccontextmanager
async def peer(script: Script, tls: ssl.SSLContext | None = None) -> AsyncIterator[Peer]:
    """A peer on loopback. A script that fails makes the block fail; a client that leaves early does not."""
    tasks: set[asyncio.Task[None]] = set()
    failures: list[Exception] = []

    async def follow(talk: Talk) -> None:
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
                await script(talk)
        except Exception as fault:
            failures.append(fault)
        finally:
            talk.writer.transport.abort() if tls else talk.writer.close()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = Talk(reader, writer, len(there.talks) + 1)
        there.talks.append(talk)
        task = asyncio.create_task(follow(talk))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    there = Peer(f"{'https' if tls else 'http'}://127.0.0.1:{port}/fhir/$process-message", port)
    try:
        yield there
    finally:
        server.close()
        await server.wait_closed()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    if failures:
        raise failures[0]


@asynccontextmanager
async def insurer(address: str, clock: Clock, **fields: Any) -> AsyncIterator[Adapter]:
    """The adapter to the insurer at that address; further fields are those of `Connection`."""
    connection = Connection(licence="INS-1", name="Insurer", endpoint=address, **fields)
    made = fhir_http.adapter(connection, clock=clock, door=no_door)
    try:
        yield made
    finally:
        await made.close()


async def no_door(message: bytes) -> bytes:
    raise AssertionError(f"an insurer reached by HTTP does not use the door ({len(message)} bytes)")


def answer(body: bytes, status: str = "200 OK", *headers: str, content_type: str = JSON) -> bytes:
    """A whole answer with its length."""
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {content_type}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def chunked(body: bytes, size: int = 7) -> bytes:
    """A whole answer in chunks."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {JSON}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    return head + b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def unused_port() -> int:
    """A port of the loopback on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
