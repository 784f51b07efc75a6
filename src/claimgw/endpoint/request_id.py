"""By which name do caller and log speak of one request? X-Request-Id, the caller's own if it is sane."""

import re
from dataclasses import dataclass

import structlog
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from claimgw.clock import Clock
from claimgw.ids import new_id

HEADER = "x-request-id"
_RAW = HEADER.encode()
# Bounded, and nothing that could forge a line of the log or hold a sentence.
_SANE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:=+/@-]{0,63}", re.ASCII)
_KEY = "claimgw.request_id"


def request_id(request: Request) -> str:
    """The name of this request; "" where nobody gave it one."""
    return str(request.scope.get(_KEY, ""))


def name_of(scope: Scope, clock: Clock) -> str:
    """The name that the caller gave it, if it gave one that is sane; else a new one."""
    given = [value.decode("latin-1") for name, value in scope["headers"] if name == _RAW]
    return given[0] if len(given) == 1 and _SANE.fullmatch(given[0]) else new_id(clock.now())


@dataclass(frozen=True, slots=True)
class RequestIds:
    """Names every request: on its answer, in its log lines and in those of what it sets going.

    It is a name and nothing more: two requests may bear the same, and nobody is let in by it.
    """

    app: ASGIApp
    clock: Clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        name = scope[_KEY] = name_of(scope, self.clock)

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[HEADER] = name
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=name):
            await self.app(scope, receive, named)
