"""How is the sandbox reached over HTTP? By an application of its own, for one or several insurers."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from datetime import UTC
from typing import assert_never

import httpx
import msgspec
import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from claimgw.clock import Clock
from claimgw.insurers.sandbox.control import Control
from claimgw.insurers.sandbox.control_page import ControlPage
from claimgw.insurers.sandbox.insurer import Availability, GatewayAway, Insurer, Shut, Silence, Spoken
from claimgw.insurers.sandbox.plan import FHIR_JSON

# The gateway answers within 60 s by contract; a little is added for the way.
GATEWAY_SECONDS = 65.0

_log = structlog.get_logger("claimgw.insurers.sandbox")


class _Switch(msgspec.Struct):
    state: Availability


class Post:
    """Hands late messages to the gateway's `$process-message` with the insurers' key."""

    def __init__(self, gateway_url: str, api_key: str, transport: httpx.AsyncBaseTransport | None) -> None:
        self._url = gateway_url
        self._client = httpx.AsyncClient(
            headers={"Authorization": f"Bearer {api_key}", "Content-Type": FHIR_JSON, "Accept": FHIR_JSON},
            timeout=GATEWAY_SECONDS,
            transport=transport,
            trust_env=False,
        )

    async def __call__(self, message: bytes) -> bytes:
        """Raises GatewayAway when there was no answer, or one that asks to come again (429, 5xx)."""
        try:
            answer = await self._client.post(self._url, content=message)
        except httpx.TransportError as fault:
            raise GatewayAway(f"the gateway could not be reached: {type(fault).__name__}") from fault
        if answer.status_code == 429 or answer.status_code >= 500:
            raise GatewayAway(f"the gateway said {answer.status_code}")
        return answer.content

    async def close(self) -> None:
        await self._client.aclose()


class _Doors:
    """Message, health, what came, outages; all but the first are for whoever plays with it."""

    def __init__(self, insurer: Insurer, clock: Clock) -> None:
        self._insurer = insurer
        self._clock = clock

    async def process_message(self, request: Request) -> Response:
        if not request.path_params["path"].endswith("$process-message"):
            return Response(status_code=404)
        reaction = self._insurer.receive(await request.body())
        match reaction:
            case Shut():
                return Response(status_code=503)
            case Silence():
                await _until_gone(request)
                return Response(status_code=503)  # nobody reads it
            case Spoken():
                if reaction.seconds:
                    await self._clock.sleep(reaction.seconds)
                return _response(reaction)
            case _:
                assert_never(reaction)

    async def health(self, _request: Request) -> Response:
        state = self._insurer.availability
        return JSONResponse({"state": state}, 503 if state is Availability.DOWN else 200)

    async def received(self, _request: Request) -> Response:
        seen = [
            {
                "header": header_id,
                "event": one.event,
                "licence": one.licence,
                "attempts": one.attempts,
                "answered": one.answered,
                "posted": one.posted,
                "times": [at.astimezone(UTC).isoformat() for at in one.times],
            }
            for header_id, one in self._insurer.received.items()
        ]
        return JSONResponse({"state": self._insurer.availability, "received": seen})

    async def switch(self, request: Request) -> Response:
        try:
            wanted = msgspec.json.decode(await request.body(), type=_Switch)
        except msgspec.DecodeError:
            return JSONResponse({"error": 'send {"state": "up"}, "down" or "silent"'}, 400)
        self._insurer.availability = wanted.state
        _log.info("the switch was turned", action="changed availability", state=wanted.state)
        return JSONResponse({"state": wanted.state})


def create_app(
    licences: Collection[str],
    *,
    gateway_url: str,
    api_key: str,
    clock: Clock,
    transport: httpx.AsyncBaseTransport | None = None,
    pay_every: float = 0.0,
) -> Starlette:
    """The server. `gateway_url` is the whole address of the gateway's `$process-message`.

    Run it with a short `timeout_graceful_shutdown`, or a silence in progress holds up the stop. `transport`
    replaces the network towards the gateway. `pay_every` is in seconds; 0: only on order. `app.state.insurer`
    is the Insurer behind it, `app.state.control` the hand on it.
    """
    post = Post(gateway_url, api_key, transport)
    insurer = Insurer(licences, clock=clock, send=post)
    control = Control(insurer, clock)
    doors = _Doors(insurer, clock)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        control.pay_every(pay_every)
        yield
        await insurer.close()
        await post.close()

    app = Starlette(
        routes=[
            Route("/health", doors.health, methods=["GET"]),
            Route("/received", doors.received, methods=["GET"]),
            Route("/switch", doors.switch, methods=["POST"]),
            *ControlPage(control, sorted(licences)).routes(),
            Route("/{path:path}", doors.process_message, methods=["POST"]),
        ],
        lifespan=lifespan,
    )
    app.state.insurer = insurer
    app.state.control = control
    return app


def _response(spoken: Spoken) -> Response:
    retry = {} if spoken.retry_after is None else {"Retry-After": str(spoken.retry_after)}
    return Response(spoken.body, spoken.status, headers={"Content-Type": spoken.content_type, **retry})


async def _until_gone(request: Request) -> None:
    while True:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            return
