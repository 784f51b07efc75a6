"""The operation itself: bytes in, bytes out. A plain route, so that nothing parses or copies the body."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from claimgw.access.callers import Caller, Stranger
from claimgw.clearinghouse.beside.heavy import is_heavy
from claimgw.clearinghouse.own.poll import delivered
from claimgw.clearinghouse.parts import Given, Parts, Reply
from claimgw.clearinghouse.process import process
from claimgw.clearinghouse.session import Sessions
from claimgw.endpoint.body import FHIR_JSON, unacceptable
from claimgw.endpoint.entrance import Entrance
from claimgw.endpoint.identity import Doorkeeper
from claimgw.endpoint.outcomes import fhir, guarded, refuse, stranger
from claimgw.errors import StoreUnavailable
from claimgw.messages.identifiers import LicenceKind

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ProcessMessage:
    """POST …/$process-message."""

    parts: Parts
    sessions: Sessions
    doorkeeper: Doorkeeper
    entrance: Entrance

    async def handle(self, request: Request) -> Response:
        return await guarded(request, self._serve)

    async def _serve(self, request: Request) -> Response:
        if refusal := unacceptable(request):
            return refuse(refusal)
        caller = await self.doorkeeper.caller(request)
        if isinstance(caller, Stranger):
            return stranger()
        return await self.entrance.through(request, caller, lambda raw: self._answer(request, caller, raw))

    async def _answer(self, request: Request, caller: Caller, raw: bytes) -> Response:
        # Shielded: a provider that hangs up must not stop what has been accepted.
        reply = await asyncio.shield(self._process(raw, caller))
        if any(licence.startswith(LicenceKind.PAYER) for licence in caller.licences):
            # What an insurer sends by itself waits in a mailbox now, and somebody may be listening.
            self.parts.wake()
        return self._response(request, reply, None if self.doorkeeper.open_house else caller.credential_id)

    async def _process(self, raw: bytes, caller: Caller) -> Reply:
        if self.parts.beside is None or not is_heavy(raw):
            return await process(self.parts, self.sessions, raw, caller)
        reply: Reply = await self.parts.beside.do("process", raw, caller)
        return reply

    def _response(self, request: Request, reply: Reply, client: str | None) -> Response:
        given = reply.given
        if given is None:
            return fhir(reply.body, reply.status)
        return PollResponse(reply.body, request, lambda: self._delivered(given, client))

    async def _delivered(self, given: Given, client: str | None) -> None:
        try:
            await delivered(self.parts, given, client)
        except StoreUnavailable as fault:
            # The messages stay reserved until the lease ends, and are then offered again.
            _log.warning("what was written cannot be kept as delivered", poll=given.poll_id, fault=str(fault))


class PollResponse(Response):
    """A response that says when its body has been written, and does not if the provider is gone."""

    media_type = FHIR_JSON

    def __init__(self, body: bytes, request: Request, written: Callable[[], Awaitable[None]]) -> None:
        super().__init__(body)
        self._request = request
        self._written = written

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": True})
        # Asked before the response is closed: afterwards the server calls every client disconnected.
        gone = await self._request.is_disconnected()
        await send({"type": "http.response.body", "body": b"", "more_body": False})
        if not gone:
            await self._written()
