"""How does an insurer take messages from the gateway? A small ASGI app that it mounts or serves."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from typing import Any, Protocol

from claimgw.client.faults import NotAMessage
from claimgw.client.gateway import FHIR_JSON, OPERATION
from claimgw.client.parties import licence
from claimgw.client.request import Request
from claimgw.clock import Clock, SystemClock
from claimgw.errors import ConfigurationError
from claimgw.messages.decode import LARGEST
from claimgw.messages.encode import encode
from claimgw.messages.events import EVENTS
from claimgw.messages.findings import Finding, operation_outcome
from claimgw.messages.identifiers import Licence

Handler = Callable[[Request], Awaitable[bytes]]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_NOT_OURS = Finding("GE-00015", "", "No insurer of that licence is here")
_NOT_TAKEN = Finding("GE-00026", "", "The insurer does not take this kind of message")
_FAILED = Finding("GE-00017", "", "The insurer could not process the message now", "Send it again")
_TOO_LARGE = Finding("BV-00076", "", "The message is larger than 10 MB")


class Answers(Protocol):
    """Where answers are kept, so that a repeat of a message gets the answer of the first.

    `key` is made of the sender's licence and the MessageHeader.id.
    """

    async def find(self, key: str) -> bytes | None:
        """The answer given before, or None."""

    async def keep(self, key: str, answer: bytes) -> None:
        """Keep an answer. What was kept is found after a crash, if repeats may come after one."""


class RecentAnswers:
    """The last so many answers, for as long as the process lives."""

    def __init__(self, limit: int = 1000) -> None:
        self._limit = limit
        self._kept: OrderedDict[str, bytes] = OrderedDict()

    async def find(self, key: str) -> bytes | None:
        """The answer, unless so many others came after it."""
        return self._kept.get(key)

    async def keep(self, key: str, answer: bytes) -> None:
        """Keep it, and drop the oldest if there are too many."""
        self._kept[key] = answer
        if len(self._kept) > self._limit:
            self._kept.popitem(last=False)


class InsurerApp:
    """An ASGI app: POST …/$process-message for the gateway, GET /health for its look at us.

    `licences` are those it answers for, such as "payer:INS-2001". What it is asked goes to the handler of the
    event, registered with `on`; the bytes the handler gives are the answer, best written by the Request. A
    message with the same MessageHeader.id gets the same answer again, from `answers`. Who may come in is for
    the server in front of it: mutual TLS, or a key.
    """

    def __init__(
        self,
        licences: Collection[Licence | str],
        *,
        answers: Answers | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._licences = frozenset(map(licence, licences))
        self._answers = answers or RecentAnswers()
        self._clock = clock or SystemClock()
        self._handlers: dict[str, Handler] = {}
        self._at_work: dict[str, asyncio.Task[bytes]] = {}

    def on(self, *events: str) -> Callable[[Handler], Handler]:
        """Register the handler of events, such as "claim-request". Raises ConfigurationError for others.

        A handler that raises is answered with 500, and its exception goes on to the server: the gateway
        comes again with the same message.
        """
        unknown = sorted(set(events) - EVENTS.keys())
        if unknown:
            raise ConfigurationError(f"there is no event {', '.join(unknown)}")

        def register(handler: Handler) -> Handler:
            self._handlers.update(dict.fromkeys(events, handler))
            return handler

        return register

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The door of ASGI."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        method, path = scope["method"], scope["path"]
        if method == "GET" and path.endswith("/health"):
            await _respond(send, 200, b'{"status":"up"}', "application/json")
        elif not path.endswith("/" + OPERATION):
            await _respond(send, 404, b"", FHIR_JSON)
        elif method != "POST":
            await _respond(send, 405, b"", FHIR_JSON)
        elif (raw := await _body(receive)) is None:
            await _refuse(send, 413, _TOO_LARGE)
        else:
            await self._process(raw, send)

    async def _process(self, raw: bytes, send: Send) -> None:
        try:
            request = Request.read(raw, self._clock.now())
        except NotAMessage as fault:
            await _refuse(send, 400, Finding("GE-00013", "", str(fault)))
            return
        try:
            answer = await self._answered(request)
        except Exception:
            await _refuse(send, 500, _FAILED)
            raise
        await _respond(send, 200, answer, FHIR_JSON)

    async def _answered(self, request: Request) -> bytes:
        """The answer, worked out once: a repeat waits for the first."""
        key = f"{request.sender} {request.header_id}"
        if (known := await self._answers.find(key)) is not None:
            return known
        if key not in self._at_work:
            work = asyncio.create_task(self._work(key, request))
            self._at_work[key] = work
            work.add_done_callback(lambda _: self._at_work.pop(key, None))
        # Shielded: a gateway that hangs up must not stop what others wait for.
        return await asyncio.shield(self._at_work[key])

    async def _work(self, key: str, request: Request) -> bytes:
        handler = self._handlers.get(request.event.code)
        if request.receiver not in self._licences:
            return request.acknowledged([_NOT_OURS])
        if handler is None:
            return request.acknowledged([_NOT_TAKEN])
        try:
            answer = await handler(request)
        except NotAMessage as fault:
            return request.acknowledged([Finding("GE-00013", "", str(fault))])
        await self._answers.keep(key, answer)
        return answer


async def _body(receive: Receive) -> bytes | None:
    """The body, or None if it is larger than a message may be."""
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        event = await receive()
        if event["type"] == "http.disconnect":
            break
        part: bytes = event.get("body", b"")
        size += len(part)
        if size <= LARGEST:
            parts.append(part)
        more = event.get("more_body", False)
    return b"".join(parts) if size <= LARGEST else None


async def _refuse(send: Send, status: int, finding: Finding) -> None:
    await _respond(send, status, encode(operation_outcome([finding])), FHIR_JSON)


async def _respond(send: Send, status: int, body: bytes, kind: str) -> None:
    headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        event = await receive()
        await send({"type": event["type"] + ".complete"})
        if event["type"] == "lifespan.shutdown":
            return
