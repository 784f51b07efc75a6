"""How is a request answered whose body nobody wants to read? At once, and so that its sender can read it."""

import asyncio
from contextlib import suppress

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from claimgw.messages.decode import LARGEST

# A client reads its answer when it has sent all; closed earlier, it sees a broken connection.
_LINGER_SECONDS = 2.0


class UnreadResponse(Response):
    """The answer, whole; what still comes is thrown away for a moment, and then the connection is closed."""

    def __init__(self, answer: Response) -> None:
        super().__init__(answer.body, status_code=answer.status_code)
        self.raw_headers = answer.raw_headers
        self.headers["connection"] = "close"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": True})
        with suppress(TimeoutError):
            async with asyncio.timeout(_LINGER_SECONDS):
                await throw_away(receive)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def throw_away(receive: Receive) -> None:
    """Let what comes of the body pass by, until its end."""
    thrown = 0
    while thrown <= LARGEST:  # nobody who means well sends more
        message = await receive()
        thrown += len(message.get("body", b""))
        if not message.get("more_body", False):
            break


def unread(request: Request, answer: Response, small: int) -> Response:
    """The answer to a request whose body is left unread; a `small` one passes by on a kept connection."""
    return answer if is_small(request.scope, small) else UnreadResponse(answer)


def is_small(scope: Scope, small: int) -> bool:
    """Whether a body of no more bytes than that is announced."""
    announced = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
    return announced.isdigit() and int(announced) <= small
