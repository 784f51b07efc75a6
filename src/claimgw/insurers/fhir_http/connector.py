"""How far did one attempt get? Known from the pool of connections itself, not guessed from an exception."""

import asyncio
import ssl
from contextvars import ContextVar
from enum import StrEnum

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from aiohttp.tracing import Trace

# Below the five seconds after which common servers close an idle connection: a request written into
# a connection that the peer is just closing ends as *unknown*, so such reuse must be rare.
KEEPALIVE_SECONDS = 4.0


class Stage(StrEnum):
    """What has been done for the attempt so far. The peer can have read of it only from CONNECTED on."""

    WAITING = "waiting"  # for one of the insurer's connections to become free
    CONNECTING = "connecting"  # name, TCP and TLS
    CONNECTED = "connected"  # the request is being written, or its answer awaited
    ANSWERING = "answering"  # the head of the answer was read


class Attempt:
    """One call, followed through the pool. It moves its deadline: connecting has a limit of its own."""

    def __init__(self, deadline: asyncio.Timeout, connect_seconds: float) -> None:
        self.stage = Stage.WAITING
        self.refusable = False  # may the peer still refuse our certificate?
        self._deadline = deadline
        self._end = deadline.when()
        self._connect_seconds = connect_seconds
        self._protocol: ResponseHandler | None = None
        self._transport: asyncio.Transport | None = None
        self._lost: asyncio.Future[None] | None = None

    def connecting(self) -> None:
        """A new connection is begun."""
        self.stage = Stage.CONNECTING
        limit = asyncio.get_running_loop().time() + self._connect_seconds
        self._deadline.reschedule(limit if self._end is None else min(limit, self._end))

    def connected(self, protocol: ResponseHandler, transport: asyncio.Transport) -> None:
        """A connection is there, new or used before; the next thing is that the request is written."""
        tls: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
        # TLS 1.3 (RFC 8446 §4.4.2.4): a server checks our certificate after our side of the handshake
        # has ended, and reads no application data before it has. In TLS 1.2 that is inside the handshake,
        # and a later refusal belongs to a renegotiation, begun after the server had read the request.
        self.refusable = self.stage is Stage.CONNECTING and tls is not None and tls.version() == "TLSv1.3"
        self.stage = Stage.CONNECTED
        self._protocol, self._transport = protocol, transport
        if self.refusable and (lost := protocol.closed):
            self._lost = lost
            lost.add_done_callback(_look_at)
        self._deadline.reschedule(self._end)

    def answering(self) -> None:
        """The head of the answer was read."""
        self.stage = Stage.ANSWERING
        self.refusable = False

    def reset(self) -> OSError | None:
        """The fault by which the connection was lost; None while it stands, or if it was closed in order."""
        fault = None if self._protocol is None else self._protocol.exception()
        return fault if isinstance(fault, OSError) else None

    async def refusal(self) -> BaseException | None:
        """What broke a connection on which our certificate could be refused; to be asked after `abandon`."""
        if not self.refusable or self._lost is None:
            return None
        # The alert may have come while the request was being written: then aiohttp tells of the failed
        # write only, and the alert shows here, within a turn or two of the loop.
        await asyncio.wait([self._lost], timeout=1)
        known = self._lost.done() and not self._lost.cancelled()
        return self._lost.exception() if known else None

    def abandon(self) -> None:
        """Drop the connection at once, with whatever is still unsent in it."""
        if self._transport is not None:
            self._transport.abort()


# The attempt of the running task. httpx does not carry anything of ours down to the connector.
current_attempt: ContextVar[Attempt] = ContextVar("current_attempt")


class InsurerConnector(aiohttp.TCPConnector):
    """The pool of connections to one insurer; it reports to the attempt of the running task."""

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - aiohttp's signature; it carries no limit here
    ) -> Connection:
        attempt = current_attempt.get()
        while True:
            connection = await super().connect(req, traces, timeout)
            protocol, transport = connection.protocol, connection.transport
            assert protocol is not None
            assert transport is not None
            # aiohttp hands out an idle connection without a look at what came in meanwhile: a second
            # answer, or a 408, would be taken for the answer to this request.
            if attempt.stage is Stage.CONNECTING or not protocol.should_close:
                attempt.connected(protocol, transport)
                return connection
            connection.close()


def session(tls: ssl.SSLContext, most_connections: int) -> aiohttp.ClientSession:
    """A session with a pool of at most that many connections. To be called inside the running loop."""
    trace = aiohttp.TraceConfig()
    trace.on_connection_create_start.append(_connecting)
    return aiohttp.ClientSession(
        connector=InsurerConnector(ssl=tls, limit=most_connections, keepalive_timeout=KEEPALIVE_SECONDS),
        cookie_jar=aiohttp.DummyCookieJar(),
        trace_configs=[trace],
    )


def _look_at(lost: asyncio.Future[None]) -> None:
    # asyncio logs an exception that nobody has looked at.
    if not lost.cancelled():
        lost.exception()


async def _connecting(*_: object) -> None:
    current_attempt.get().connecting()
