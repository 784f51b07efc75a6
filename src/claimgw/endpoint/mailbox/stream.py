"""GET /mailbox/events: something waits to be polled, told to whoever listens."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from claimgw.access.callers import Caller, Stranger
from claimgw.access.participants import Kind
from claimgw.access.permissions import blocked
from claimgw.clearinghouse.open import Refusal
from claimgw.clearinghouse.parts import Parts
from claimgw.clock import Clock
from claimgw.endpoint.identity import Doorkeeper
from claimgw.endpoint.mailbox.lookout import Lookout, Seen
from claimgw.endpoint.mailbox.news import News
from claimgw.endpoint.outcomes import guarded, refuse, stranger
from claimgw.endpoint.peer import ENDING
from claimgw.errors import StoreUnavailable
from claimgw.messages.findings import Finding

_EVENT_STREAM = "text/event-stream"
# Proxies close what is silent for a minute, and some after half of one.
_HEARTBEAT_SECONDS = 15.0
_RECONNECT = b"retry: 5000\n\n"
_RETRY_AFTER = "60"

_NOT_JSON = Finding("GE-00016", "", f"The answer would be {_EVENT_STREAM}", f"Accept {_EVENT_STREAM}")
_TOO_MANY = Finding(
    "GE-00016", "", "This credential has as many streams open as it may", "Close one; one is enough for all"
)
_NO_PROVIDER = Finding("BV-00545", "", "Only providers have a mailbox", "Listen with the key of a provider")


@dataclass(frozen=True, slots=True)
class MailboxEvents:
    """The door. `most`: open streams of one credential in this process."""

    parts: Parts
    doorkeeper: Doorkeeper
    lookout: Lookout
    most: int
    _open: Counter[str] = field(default_factory=Counter)

    async def handle(self, request: Request) -> Response:
        return await guarded(request, self._serve)

    async def _serve(self, request: Request) -> Response:
        caller = await self.doorkeeper.caller(request)
        if isinstance(caller, Stranger):
            return stranger()
        accepted = request.headers.get("accept", "*/*").lower()
        if not any(media in accepted for media in (_EVENT_STREAM, "text/*", "*/*")):
            return refuse(Refusal(406, (_NOT_JSON,)))
        own = await self._mailboxes(caller)
        if isinstance(own, Refusal):
            return refuse(own)
        if self._open[caller.credential_id] >= self.most:
            response = refuse(Refusal(429, (_TOO_MANY,)))
            response.headers["retry-after"] = _RETRY_AFTER
            return response
        return EventStream(
            own,
            News(request.headers.get("last-event-id", "")),
            lookout=self.lookout,
            clock=self.parts.clock,
            welcome=lambda: self._welcome(request, caller, own),
            held=_Held(self._open, caller.credential_id),
        )

    async def _mailboxes(self, caller: Caller) -> frozenset[str] | Refusal:
        registry = await self.parts.registry.current()
        known = (registry.participants.get(licence) for licence in caller.licences)
        providers = [one for one in known if one is not None and one.kind is Kind.PROVIDER]
        if not providers:
            return Refusal(403, (_NO_PROVIDER,))
        free = frozenset(one.licence for one in providers if not one.blocked)
        if not free and (denied := blocked(providers[0])):
            return Refusal(denied.status, (Finding(denied.code, "", denied.text),))
        return free

    async def _welcome(self, request: Request, caller: Caller, own: frozenset[str]) -> bool:
        """Whether nothing has changed since the stream was opened; keys are revoked and providers blocked."""
        try:
            return await self.doorkeeper.caller(request) == caller and await self._mailboxes(caller) == own
        except StoreUnavailable:
            return False


@dataclass(frozen=True, slots=True)
class _Held:
    """One of the streams of a credential, while it is open."""

    open: Counter[str]
    credential: str

    def __enter__(self) -> None:
        self.open[self.credential] += 1

    def __exit__(self, *_: object) -> None:
        self.open[self.credential] -= 1
        if not self.open[self.credential]:
            del self.open[self.credential]


class EventStream(Response):
    """Written until the caller goes, is no longer welcome, or the server is told to stop."""

    media_type = _EVENT_STREAM

    def __init__(
        self,
        own: frozenset[str],
        news: News,
        *,
        lookout: Lookout,
        clock: Clock,
        welcome: Callable[[], Awaitable[bool]],
        held: _Held,
    ) -> None:
        super().__init__(headers={"cache-control": "no-store", "x-accel-buffering": "no"})
        del self.headers["content-length"]
        self._own = own
        self._news = news
        self._lookout = lookout
        self._clock = clock
        self._welcome = welcome
        self._held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._held, self._lookout.listening(self._own) as last:
            over = asyncio.create_task(_over(scope, receive))
            try:
                await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
                await send({"type": "http.response.body", "body": _RECONNECT, "more_body": True})
                await self._tell(send, over, last)
            finally:
                over.cancel()
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _tell(self, send: Send, over: "asyncio.Task[None]", number: int) -> None:
        written = self._clock.monotonic()
        while (seen := await _unless(over, self._lookout.after(number))) is not None:
            number = seen.number
            if not await self._welcome():
                return
            text = self._news.of(self._waiting(seen)) if self._own <= seen.asked else ""
            now = self._clock.monotonic()
            if not text and now - written >= _HEARTBEAT_SECONDS:
                text = ":\n\n"
            if text:
                written = now
                await send({"type": "http.response.body", "body": text.encode(), "more_body": True})

    def _waiting(self, seen: Seen) -> dict[str, str]:
        return {provider: newest for provider, newest in seen.newest.items() if provider in self._own}


async def _unless(over: "asyncio.Task[None]", look: Awaitable[Seen]) -> Seen | None:
    """The look, unless the stream is over before it is made."""
    looking = asyncio.ensure_future(look)
    await asyncio.wait({over, looking}, return_when=asyncio.FIRST_COMPLETED)
    if not over.done():
        return looking.result()
    looking.cancel()
    await asyncio.gather(looking, return_exceptions=True)
    return None


async def _over(scope: Scope, receive: Receive) -> None:
    """Return when the caller hangs up or the server wants to stop."""
    ending: asyncio.Event = scope.get("extensions", {}).get(ENDING) or asyncio.Event()
    stop = asyncio.create_task(ending.wait())
    gone = asyncio.create_task(_gone(receive))
    try:
        await asyncio.wait({stop, gone}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stop.cancel()
        gone.cancel()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
