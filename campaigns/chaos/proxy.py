"""How is the way to a PostgreSQL cut or slowed? Through a door of our own in front of its socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from sqlalchemy import make_url

_PIECE = 64 * 1024


@dataclass
class Proxy:
    """Connections on loopback, handed on to the server's unix socket."""

    socket: str
    port: int = 0
    away: bool = False
    _flowing: asyncio.Event = field(default_factory=asyncio.Event)
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    def stall(self) -> None:
        """Nothing is handed on until `go_on`."""
        self._flowing.clear()

    def go_on(self) -> None:
        self.away = False
        self._flowing.set()

    def cut(self) -> None:
        """Every connection breaks at once."""
        for writer in self._writers:
            writer.transport.abort()

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.away:
            writer.transport.abort()
            return
        there, onward = await asyncio.open_unix_connection(self.socket)
        self._writers |= {writer, onward}
        with suppress(ConnectionError, asyncio.CancelledError):
            await asyncio.gather(self._hand_on(reader, onward), self._hand_on(there, writer))
        for one in (writer, onward):
            self._writers.discard(one)
            one.transport.abort()

    async def _hand_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(_PIECE):
            await self._flowing.wait()
            writer.write(data)
            await writer.drain()
        raise ConnectionError("one side has closed")


@asynccontextmanager
async def proxy(address: str) -> AsyncIterator[tuple[Proxy, str]]:
    """A proxy before the server of that address, and the address of the same database through it."""
    url = make_url(address)
    one = Proxy(f"{url.query['host']}/.s.PGSQL.5432")
    one.go_on()
    server = await asyncio.start_server(one.accept, "127.0.0.1", 0)
    one.port = server.sockets[0].getsockname()[1]
    through = url.set(host="127.0.0.1", port=one.port, query={})
    try:
        yield one, through.render_as_string(hide_password=False)
    finally:
        server.close()
        one.cut()
        await server.wait_closed()
