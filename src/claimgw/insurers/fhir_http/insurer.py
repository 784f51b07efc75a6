"""How is a message handed to an insurer's endpoint? One POST, one deadline, four endings."""

import asyncio
from collections.abc import AsyncIterator

import httpx

from claimgw.clock import Clock
from claimgw.errors import ConfigurationError
from claimgw.insurers.fhir_http import tls
from claimgw.insurers.fhir_http.answer import Body, retry_after
from claimgw.insurers.fhir_http.attempt import Attempt
from claimgw.insurers.fhir_http.endings import ending
from claimgw.insurers.fhir_http.transport import ATTEMPT, InsurerTransport
from claimgw.insurers.spi import Answered, Connection, Health, NotSent, Reply, TooLarge, Unanswered

FHIR_JSON = "application/fhir+json"
PROBE_SECONDS = 5.0
PIECE = 64 * 1024


class FhirHttpInsurer:
    """One insurer with a $process-message endpoint; one client and its pool for the life of the adapter."""

    def __init__(self, connection: Connection, clock: Clock) -> None:
        """Raises ConfigurationError when an address or a certificate file cannot be used."""
        self._connection = connection
        self._clock = clock
        self._endpoint = _address(connection, connection.endpoint)
        self._health = (
            _address(connection, connection.health_endpoint)
            if connection.health_endpoint
            else self._endpoint.copy_with(raw_path=b"/health", fragment=None)
        )
        plain = self._endpoint.scheme == self._health.scheme == "http"
        # Called without httpx's client around it: of what that does for a request (cookies, redirects,
        # authentication, limits for each chunk) nothing is wanted here, and it takes as long as the call.
        self._transport = InsurerTransport(
            None if plain else tls.context(connection), connection.most_connections
        )
        self._post = _headers(self._endpoint, ("Content-Type", FHIR_JSON), ("Accept", FHIR_JSON))
        self._get = _headers(self._health, ("Accept", "*/*"))

    async def deliver(self, message: bytes, *, seconds: float) -> Reply:
        length = (b"Content-Length", b"%d" % len(message))
        return await self._call("POST", self._endpoint, [*self._post, length], _Message(message), seconds)

    async def probe(self) -> Health:
        started = self._clock.monotonic()
        reply = await self._call("GET", self._health, self._get, None, PROBE_SECONDS)
        seconds = self._clock.monotonic() - started
        match reply:
            case Answered(status=status) | TooLarge(status=status):
                return Health(200 <= status <= 299, f"answered {status}", seconds)
            case NotSent(fault=fault, detail=detail) | Unanswered(fault=fault, detail=detail):
                return Health(False, f"{fault}, {detail}", seconds)

    async def close(self) -> None:
        await self._transport.aclose()

    async def _call(
        self,
        method: str,
        address: httpx.URL,
        headers: list[tuple[bytes, bytes]],
        stream: httpx.AsyncByteStream | None,
        seconds: float,
    ) -> Reply:
        """One request and its whole answer. Only the cancellation of the task gets out of here."""
        deadline = asyncio.timeout(seconds)
        attempt = Attempt(deadline, self._connection.connect_seconds)
        extensions = {ATTEMPT: attempt}
        request = httpx.Request(method, address, headers=headers, stream=stream, extensions=extensions)
        try:
            async with deadline:
                if seconds <= 0:
                    raise TimeoutError
                return await self._exchange(request)
        except Exception as fault:
            return ending(fault, attempt, await attempt.refusal())

    async def _exchange(self, request: httpx.Request) -> Answered | TooLarge:
        cap = self._connection.answer_cap
        response = await self._transport.handle_async_request(request)
        assert isinstance(response.stream, httpx.AsyncByteStream)
        try:
            body = Body(response.headers.get("content-encoding", ""), cap)
            async for piece in response.stream:
                if not body.add(piece):
                    return TooLarge(response.status_code, cap)
        finally:
            await response.stream.aclose()
        return Answered(
            response.status_code,
            body.whole(),
            response.headers.get("content-type", ""),
            retry_after(response.headers.get("retry-after"), self._clock.now()),
        )


def _headers(address: httpx.URL, *more: tuple[str, str]) -> list[tuple[bytes, bytes]]:
    """What every request there has."""
    common = [("User-Agent", "claimgw"), ("Accept-Encoding", "gzip, deflate")]
    request = httpx.Request("GET", address, headers=[*common, *more])
    if address.username or address.password:
        request = next(httpx.BasicAuth(address.username, address.password).auth_flow(request))
    return request.headers.raw


class _Message(httpx.AsyncByteStream):
    """The body of a request."""

    def __init__(self, message: bytes) -> None:
        self._message = message

    def __aiter__(self) -> AsyncIterator[bytes]:
        return _pieces(self._message)


def _address(connection: Connection, address: str) -> httpx.URL:
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL as fault:
        raise ConfigurationError(f"insurer {connection.licence}: {address!r} is not an address") from fault
    if url.scheme not in {"http", "https"} or not url.host or not 0 < (url.port or 80) < 65536:
        raise ConfigurationError(
            f"insurer {connection.licence}: {address!r} must begin with https:// or http://, "
            "name a host, and have a port below 65536 if any"
        )
    if url.scheme == "http" and (connection.tls.authority or connection.tls.certificate):
        raise ConfigurationError(
            f"insurer {connection.licence}: certificates are set, but {address!r} is reached without TLS"
        )
    return url


async def _pieces(message: bytes) -> AsyncIterator[bytes]:
    # The loop would take a large message at once into a buffer of its own, and never ask whether to go on.
    for start in range(0, len(message), PIECE):
        yield message[start : start + PIECE]
