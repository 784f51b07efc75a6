"""How does one client speak HTTP here? By hand: a library would not let it behave badly."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
# Longer than the gateway lets anybody wait.
PATIENCE_SECONDS = 75.0


@dataclass(frozen=True, slots=True)
class Answer:
    """`again`: the seconds of Retry-After; None: it was not told."""

    status: str
    again: int | None
    closes: bool
    body: bytes


@dataclass(frozen=True, slots=True)
class Target:
    """Where the gateway listens, and the key of a registered provider."""

    host: str
    port: int
    key: str

    def head(self, size: int | None, more: str = "") -> bytes:
        """Of a message with a body of so many bytes; None: in chunks."""
        length = "Transfer-Encoding: chunked" if size is None else f"Content-Length: {size}"
        return (
            f"POST /$process-message HTTP/1.1\r\nHost: {self.host}\r\nAuthorization: Bearer {self.key}\r\n"
            f"Content-Type: application/fhir+json\r\n{length}\r\n{more}\r\n"
        ).encode()


@asynccontextmanager
async def connected(target: Target) -> AsyncIterator[Streams]:
    """A connection, closed at the end whatever happened on it."""
    reader, writer = await asyncio.open_connection(target.host, target.port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def answer(reader: asyncio.StreamReader) -> Answer:
    """The next answer of a connection. Raises IncompleteReadError or OSError if it was closed instead."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        lines = head.split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines[1:] if ": " in line)
        body = await reader.readexactly(int(headers.get("content-length", "0")))
    again = headers.get("retry-after")
    return Answer(
        lines[0].split(" ")[1],
        int(again) if again is not None else None,
        headers.get("connection") == "close",
        body,
    )
