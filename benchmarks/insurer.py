"""Who answers the claims of a benchmark? An insurer that costs next to nothing, as a process of its own."""

import asyncio
import sys
from typing import cast

import uvloop

from benchmarks.messages import Template, answers, number_of
from benchmarks.wire import Whole

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\nContent-Length: %d\r\n\r\n"


class Answering(asyncio.Protocol):
    """One connection: a claim in, its adjudication out."""

    def __init__(self, template: Template) -> None:
        self._template = template
        self._whole = Whole()

    # asyncio declares the base of all transports here; uvloop's writes, and is no subclass of asyncio's.
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if (message := self._whole.add(data)) is None:
            return
        head, body = message
        answer = self._template.numbered(number_of(body)) if head.startswith(b"POST") else b""
        self._transport.write(_HEAD % len(answer) + answer)


class Silent(asyncio.Protocol):
    """One connection of an insurer that takes everything and says nothing."""


async def _main(silent: bool) -> None:
    template = answers()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        Silent if silent else lambda: Answering(template), "127.0.0.1", 0, backlog=1024
    )
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_main("--silent" in sys.argv[1:]))
