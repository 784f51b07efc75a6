"""How does a request of httpx get to an insurer and its answer back? Over a pool for each address."""

import ssl
from collections.abc import AsyncIterator

import httpx

from claimgw.insurers.fhir_http.attempt import Attempt
from claimgw.insurers.fhir_http.pool import Pool
from claimgw.insurers.fhir_http.wire import Wire

# Under this name a request carries its `Attempt` along.
ATTEMPT = "claimgw.attempt"


class InsurerTransport(httpx.AsyncBaseTransport):
    """HTTP/1.1, without redirects, cookies, proxies and repetitions. It has no limit of time of its own.

    An exception goes out as it came; how far the attempt had got by then, the attempt knows.
    """

    def __init__(self, tls: ssl.SSLContext | None, most_connections: int) -> None:
        """`tls`: for addresses that begin with https. At most so many connections to each address."""
        self._tls = tls
        self._most = most_connections
        self._pools: dict[tuple[bytes, bytes, int | None], Pool] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        attempt: Attempt = request.extensions[ATTEMPT]
        assert isinstance(request.stream, httpx.AsyncByteStream)
        pool = self._pool(request.url)
        wire = await pool.take(attempt)
        try:
            await wire.send(_head(request), request.stream)
            status, headers = await wire.head()
        except BaseException:
            pool.give_back(wire)
            raise
        attempt.answering()
        return httpx.Response(status, headers=headers, stream=_Body(pool, wire))

    async def aclose(self) -> None:
        for pool in self._pools.values():
            await pool.close()

    def _pool(self, url: httpx.URL) -> Pool:
        origin = url.raw_scheme, url.raw_host, url.port
        if (pool := self._pools.get(origin)) is None:
            tls = self._tls if url.scheme == "https" else None
            port = url.port or (443 if tls else 80)
            pool = self._pools[origin] = Pool(url.raw_host.decode("ascii"), port, tls, self._most)
        return pool


class _Body(httpx.AsyncByteStream):
    """The body of an answer as it comes. Closed before its end, it takes the connection with it."""

    def __init__(self, pool: Pool, wire: Wire) -> None:
        self._pool = pool
        self._wire = wire

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if (piece := await self._wire.piece()) is None:
            raise StopAsyncIteration
        return piece

    async def aclose(self) -> None:
        self._pool.give_back(self._wire)


def _head(request: httpx.Request) -> bytes:
    first = b"%b %b HTTP/1.1" % (request.method.encode("ascii"), request.url.raw_path)
    lines = [b"%b: %b" % header for header in request.headers.raw]
    return b"\r\n".join((first, *lines, b"", b""))
