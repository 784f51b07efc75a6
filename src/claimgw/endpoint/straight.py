"""Which requests go straight to their door? The operations on messages, past all that looks for a route."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

Door = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Straight:
    """`doors`: what answers a POST to an address that ends with `$` and that name.

    The same doors stand among the routes, for other methods; the way through FastAPI's layers and routes
    takes as much processor time as a statement to the database. The mapping is filled when the app has
    started: its layers are put together before that.
    """

    app: ASGIApp
    doors: Mapping[str, Door]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        door = self._door(scope)
        if door is None:
            await self.app(scope, receive, send)
            return
        response = await door(Request(scope, receive, send))
        await response(scope, receive, send)

    def _door(self, scope: Scope) -> Door | None:
        if scope["type"] != "http" or scope["method"] != "POST":
            return None
        # The operation's name is the last part of the path; what stands before it is free (spec §0.2).
        _, sign, name = scope["path"].rpartition("$")
        return self.doors.get(name) if sign else None
