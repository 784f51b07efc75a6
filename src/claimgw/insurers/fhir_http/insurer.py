"""How is a message handed to an insurer's endpoint? One POST, one deadline, four endings."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx
from httpx_aiohttp import AiohttpTransport

from claimgw.clock import Clock
from claimgw.errors import ConfigurationError
from claimgw.insurers.fhir_http import tls
from claimgw.insurers.fhir_http.answer import Body, retry_after
from claimgw.insurers.fhir_http.connector import Attempt, current_attempt, session
from claimgw.insurers.fhir_http.endings import ending
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
        secured = tls.trusting_nobody() if plain else tls.context(connection)
        self._client = httpx.AsyncClient(
            transport=AiohttpTransport(
                verify=secured, client=partial(session, secured, connection.most_connections)
            ),
            headers={"User-Agent": "claimgw", "Accept-Encoding": "gzip, deflate"},
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            timeout=None,  # noqa: S113 - httpx's are per chunk; the deadline of `_call` is around everything
            follow_redirects=False,
            trust_env=False,
        )

    async def deliver(self, message: bytes, *, seconds: float) -> Reply:
        request = self._client.build_request(
            "POST",
            self._endpoint,
            content=_pieces(message),
            headers={"Content-Type": FHIR_JSON, "Accept": FHIR_JSON, "Content-Length": str(len(message))},
        )
        return await self._call(request, seconds)

    async def probe(self) -> Health:
        started = self._clock.monotonic()
        reply = await self._call(self._client.build_request("GET", self._health), PROBE_SECONDS)
        seconds = self._clock.monotonic() - started
        match reply:
            case Answered(status=status) | TooLarge(status=status):
                return Health(200 <= status <= 299, f"answered {status}", seconds)
            case NotSent(fault=fault, detail=detail) | Unanswered(fault=fault, detail=detail):
                return Health(False, f"{fault}, {detail}", seconds)

    async def close(self) -> None:
        await self._client.aclose()

    async def _call(self, request: httpx.Request, seconds: float) -> Reply:
        """One request and its whole answer. Only the cancellation of the task gets out of here."""
        deadline = asyncio.timeout(seconds)
        attempt = Attempt(deadline, self._connection.connect_seconds)
        outer = current_attempt.set(attempt)
        reply: Reply | None = None
        try:
            async with deadline:
                reply = await self._exchange(request, attempt)
        except Exception as fault:
            attempt.abandon()
            reply = ending(fault, attempt, await attempt.refusal())
        finally:
            current_attempt.reset(outer)
            if not isinstance(reply, Answered):
                attempt.abandon()
        return reply

    async def _exchange(self, request: httpx.Request, attempt: Attempt) -> Answered | TooLarge:
        cap = self._connection.answer_cap
        response = await self._client.send(request, stream=True)
        try:
            attempt.answering()
            body = Body(response.headers.get("content-encoding", ""), cap)
            async for piece in response.aiter_raw():
                if not body.add(piece):
                    return TooLarge(response.status_code, cap)
        finally:
            await response.aclose()
        # aiohttp takes a reset for the end of an answer that has no length of its own.
        if not _framed(response) and (fault := attempt.reset()):
            raise fault
        return Answered(
            response.status_code,
            body.whole(),
            response.headers.get("content-type", ""),
            retry_after(response.headers.get("retry-after"), self._clock.now()),
        )


def _framed(response: httpx.Response) -> bool:
    """Does the answer say itself where it ends (RFC 9112 §6.3), or only the end of the connection?"""
    empty = response.status_code in {204, 304}
    return empty or "content-length" in response.headers or "transfer-encoding" in response.headers


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
    # A generator can be read once only, so nothing below can send the message a second time by itself.
    # It also spares aiohttp's warning about bodies above 1 MB, which is about one blocking write.
    for start in range(0, len(message), PIECE):
        yield message[start : start + PIECE]
