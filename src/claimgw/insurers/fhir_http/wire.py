"""What goes over one connection to an insurer? Requests and their answers, one after the other."""

import asyncio
from collections import deque
from collections.abc import AsyncIterable
from typing import cast

import httptools

_LARGEST_HEAD = 64 * 1024
# Of an answer, what nobody has taken yet; beyond it nothing more is read.
_MOST_UNREAD = 1024 * 1024
_FRAMING = (b"content-length", b"transfer-encoding")


class Closed(Exception):
    """The peer closed, or we did, before the answer was whole."""


class NoHead(Exception):
    """What came is no head of an answer: there is no end to it."""


class Unasked(Exception):
    """More came than the answer."""


class Wire(asyncio.Protocol):
    """A connection as the loop sees it.

    `gone` is done when it is lost; `broken_by` says by what, if it was not closed in order.
    """

    transport: asyncio.Transport

    def __init__(self) -> None:
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.broken_by: Exception | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._news: asyncio.Future[None] | None = None
        self._full = self._paused = self._busy = False

    # One request and its answer

    async def send(self, head: bytes, body: AsyncIterable[bytes]) -> None:
        """Write a request, as far as the peer wants it: who answers before it has all has heard enough."""
        self._begin()
        async for piece in body:
            self.transport.write(head + piece)
            head = b""
            while self._full and self._unanswered:
                await self._turn()
            if not self._unanswered:
                return
        self._written = True

    async def head(self) -> tuple[int, list[tuple[bytes, bytes]]]:
        """Status and headers of the answer. Raises what kept it from coming."""
        while self._status is None:
            if self._fault is not None:
                raise self._fault
            await self._turn()
        return self._status, self._headers

    async def piece(self) -> bytes | None:
        """The next bytes of the answer's body; None at its end. Raises what kept it from coming."""
        while not self._pieces:
            if self._whole:
                return None
            if self._fault is not None:
                raise self._fault
            await self._turn()
        piece = self._pieces.popleft()
        self._unread -= len(piece)
        if self._paused and not self._pieces:
            self._paused = False
            self.transport.resume_reading()
        return piece

    def rest(self) -> bool:
        """The exchange is over. Whether another may follow: the answer was whole and the last."""
        self._busy = False
        sound = self._written and self._whole and self._keeps and self._fault is None
        return sound and not self._pieces and not self.transport.is_closing()

    @property
    def lost(self) -> bool:
        """Whether it is closed, or about to be."""
        return self.transport.is_closing()

    def abort(self) -> None:
        """Drop it at once, with whatever is still unsent in it."""
        self.transport.abort()

    def _begin(self) -> None:
        self._busy = True
        self._fault: Exception | None
        self._written = self._whole = self._keeps = self._framed = False
        self._status: int | None = None
        self._headers: list[tuple[bytes, bytes]] = []
        self._head_size = self._unread = 0
        self._pieces: deque[bytes] = deque()
        # It may have been lost before anybody waited for anything.
        self._fault = (self.broken_by or Closed()) if self.gone.done() else None

    @property
    def _unanswered(self) -> bool:
        return self._status is None and self._fault is None

    async def _turn(self) -> None:
        """Wait until something has changed. There is one task at a time that does."""
        self._news = asyncio.get_running_loop().create_future()
        await self._news

    def _tell(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)

    def _fail(self, fault: Exception) -> None:
        if self._fault is None:
            self._fault = fault
        self._tell()

    # What the loop tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.broken_by = exc
        if not self.gone.done():
            self.gone.set_result(None)
        if not self._busy or self._whole:
            return
        # An answer without a length of its own ends where the peer closes in order (RFC 9112 §6.3).
        if exc is None and self._status is not None and not self._framed:
            self._whole = True
            self._tell()
        else:
            self._fail(exc or Closed())

    def data_received(self, data: bytes) -> None:
        if not self._busy:
            # A second answer, or a 408, would be taken for the answer to the next request.
            self.abort()
            return
        try:
            self._parser.feed_data(data)
            if self._status is None:
                self._grow(len(data))
        except (httptools.HttpParserError, httptools.HttpParserUpgrade, NoHead) as fault:
            self._fail(fault)

    def pause_writing(self) -> None:
        self._full = True

    def resume_writing(self) -> None:
        self._full = False
        self._tell()

    # What the parser tells

    def on_message_begin(self) -> None:
        if self._whole:
            raise Unasked  # the parser stops here, and says so

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name, value))
        self._grow(len(name) + len(value))

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200:
            return
        names = {name.lower() for name, _ in self._headers}
        self._framed = status in (204, 304) or not names.isdisjoint(_FRAMING)
        self._status = status
        self._tell()

    def on_body(self, body: bytes) -> None:
        self._pieces.append(body)
        self._unread += len(body)
        if self._unread > _MOST_UNREAD and not self._paused:
            self._paused = True
            self.transport.pause_reading()
        self._tell()

    def on_message_complete(self) -> None:
        if self._parser.get_status_code() < 200:
            self._headers.clear()  # an interim answer; the other follows
        else:
            self._whole = True
            self._keeps = self._parser.should_keep_alive()
            self._tell()

    def _grow(self, size: int) -> None:
        self._head_size += size
        if self._head_size > _LARGEST_HEAD:
            raise NoHead
