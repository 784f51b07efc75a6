"""How does a message get to the gateway, and its answer back? The same bytes, until there is an answer."""

import ssl
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, TypedDict

import httpx
import tenacity

from claimgw.client.answers import Answer, Polled, nested_messages
from claimgw.client.closing import Closing
from claimgw.client.delivered import read_confirms
from claimgw.client.doorbell import PATH as EVENTS
from claimgw.client.doorbell import Doorbell
from claimgw.client.faults import GatewayBusy, GatewayUnreachable, NotAnAnswer, PollRefused
from claimgw.client.parties import Provider
from claimgw.client.tasks import Period, poll_request
from claimgw.clock import Clock, SystemClock
from claimgw.errors import ConfigurationError
from claimgw.messages.encode import encode
from claimgw.messages.identifiers import Identifier, Licence

FHIR_JSON = "application/fhir+json"
OPERATION = "$process-message"
# A session lasts 60 s on the wire (spec §3.2); a little is added for the way.
SESSION_SECONDS = 65.0
_CONNECT_SECONDS = 10.0
# Asked to wait longer than this, a caller is better told than kept.
_LONGEST_WAIT = 120.0
# Safe to meet with the same bytes again: the gateway knows a repeat by its ids.
_AGAIN = frozenset({429, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Credentials:
    """An API key, or a client certificate (PEM files); `authority` is who vouches for the gateway's own."""

    key: str | None = None
    certificate: Path | None = None
    certificate_key: Path | None = None
    authority: Path | None = None

    def context(self) -> ssl.SSLContext:
        """Raises ConfigurationError if a file cannot be used."""
        try:
            context = ssl.create_default_context(cafile=self.authority)
            if self.certificate is not None:
                context.load_cert_chain(self.certificate, self.certificate_key)
        except (OSError, ssl.SSLError) as fault:
            raise ConfigurationError(f"the TLS files cannot be used: {fault}") from fault
        return context


class Options(TypedDict, total=False):
    """What may be chosen about the way to the gateway; see GatewayClient."""

    seconds: float
    tries: int
    proxy: str | None
    transport: httpx.AsyncBaseTransport | None


class GatewayClient(Closing):
    """A connection to one gateway, for as long as the `async with` block lasts.

    `url` is the gateway's base address, or the whole address of its `$process-message`. A message without an
    answer, or met with 429, 502, 503 or 504, is sent again, the same bytes, `tries` times in all. `proxy` is
    the URL of an outbound proxy; the environment's are not looked at. `transport` replaces the network.
    """

    def __init__(
        self,
        url: str,
        credentials: Credentials | None = None,
        *,
        seconds: float = SESSION_SECONDS,
        tries: int = 5,
        proxy: str | None = None,
        clock: Clock | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        shown = credentials or Credentials()
        self._url = url if url.endswith(OPERATION) else f"{url.rstrip('/')}/{OPERATION}"
        if not self._url.startswith(("http://", "https://")):
            raise ConfigurationError(f"{url!r} is no address; write https://HOST or http://HOST")
        self._clock = clock or SystemClock()
        self._tries = tries
        headers = {"Content-Type": FHIR_JSON, "Accept": FHIR_JSON}
        if shown.key is not None:
            headers["Authorization"] = f"Bearer {shown.key}"
        self._client = httpx.AsyncClient(
            headers=headers,
            timeout=httpx.Timeout(seconds, connect=_CONNECT_SECONDS),
            verify=shown.context(),
            proxy=proxy,
            transport=transport,
            trust_env=False,
        )

    async def close(self) -> None:
        """Give the connections back."""
        await self._client.aclose()

    async def send(self, message: bytes | Mapping[str, Any]) -> Answer:
        """The answer to a message, a refusal included. A tree is written out once, and sent as those bytes.

        Raises GatewayUnreachable, GatewayBusy or NotAnAnswer.
        """
        raw = message if isinstance(message, bytes) else encode(message)
        response = await self._tried("POST", self._url, content=raw)
        return Answer.read(response.status_code, response.content)

    async def ask(self, path: str, parameters: Mapping[str, str]) -> bytes:
        """What the gateway says at one of its other addresses, such as /exchanges: the body of a 200.

        Raises GatewayUnreachable, GatewayBusy, or NotAnAnswer for any other status.
        """
        headers = {"Accept": "application/json"}
        response = await self._tried("GET", self._door(path), params=parameters, headers=headers)
        if response.status_code != 200:
            raise NotAnAnswer(f"the gateway answered {path} with HTTP {response.status_code}")
        return response.content

    async def confirm(self, poll: str) -> bool:
        """Say that all a poll brought is safe; `poll` is its MessageHeader.id.

        Gives whether that makes a difference: whether the gateway takes it, and offers again what a client of
        the caller has not confirmed. Raises GatewayUnreachable, GatewayBusy.
        """
        response = await self._tried("POST", self._door("/mailbox/confirmed"), params={"poll": poll})
        return response.status_code == 200 and read_confirms(response.content)

    def doorbell(self, interval: float) -> Doorbell:
        """What rings when something waits for the caller; `interval` in seconds where nothing does."""
        return Doorbell(self._client, self._door(EVENTS), self._clock, interval)

    def _door(self, path: str) -> str:
        return str(httpx.URL(self._url).copy_with(path=path, query=None))

    async def poll(
        self,
        provider: Provider | Licence | str,
        *,
        count: int = 1,
        include: Collection[str] = (),
        exclude: Collection[str] = (),
        period: Period | None = None,
        about: Identifier | None = None,
    ) -> Polled:
        """Fetch what waits for a provider, a licence such as "provider:PR-1001"; see `poll_request`.

        Raises PollRefused, and what `send` raises.
        """
        request = poll_request(
            Provider.of(provider),
            self._clock.now(),
            count=count,
            include=include,
            exclude=exclude,
            period=period,
            about=about,
        )
        answer = await self.send(request)
        if answer.refused:
            raise PollRefused(answer.findings)
        return Polled(nested_messages(answer.raw), answer.more, answer)

    async def _tried(self, method: str, url: str, **what: Any) -> httpx.Response:
        retrying = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception_type((GatewayUnreachable, GatewayBusy)),
            wait=_wait,
            stop=self._enough,
            sleep=self._clock.sleep,
            reraise=True,
        )
        response: httpx.Response = await retrying(self._request, method, url, **what)
        return response

    async def _request(self, method: str, url: str, **what: Any) -> httpx.Response:
        try:
            response = await self._client.request(method, url, **what)
        except httpx.TransportError as fault:
            raise GatewayUnreachable(
                f"{url} gave no answer ({type(fault).__name__}); the message may have arrived,"
                " so send the same one again, unchanged"
            ) from fault
        if response.status_code in _AGAIN:
            after = self._retry_after(response)
            wait = "a while" if after is None else f"{after:g} s"
            raise GatewayBusy(
                f"the gateway is busy (HTTP {response.status_code});"
                f" send the same message again, unchanged, in {wait}",
                after,
            )
        return response

    def _enough(self, state: tenacity.RetryCallState) -> bool:
        return state.attempt_number >= self._tries or _asked_for(state) > _LONGEST_WAIT

    def _retry_after(self, response: httpx.Response) -> float | None:
        """Seconds, from a number or a date (RFC 9110 §10.2.3); None if there is neither."""
        text = response.headers.get("retry-after", "")
        if text.isdecimal():
            return float(text)
        try:
            at = parsedate_to_datetime(text)
        except ValueError:
            return None
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        return max((at - self._clock.now()).total_seconds(), 0.0)


_growing = tenacity.wait_random_exponential(multiplier=0.5, max=30)


def _wait(state: tenacity.RetryCallState) -> float:
    return max(_growing(state), _asked_for(state))


def _asked_for(state: tenacity.RetryCallState) -> float:
    fault = state.outcome.exception() if state.outcome else None
    return (fault.retry_after or 0.0) if isinstance(fault, GatewayBusy) else 0.0
