"""What stands in for a gateway's mailbox? A small server that reserves for each poll what it brought."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from claimgw.client import Identifier
from claimgw.ids import new_id
from claimgw.messages.envelope import Envelope, read
from claimgw.messages.findings import Finding
from claimgw.messages.frame import Stamp
from claimgw.messages.poll_replies import Waiting, delivered, failed
from claimgw.messages.replies import outcome
from claimgw.messages.splice import add_header_tag
from claimgw.messages.tags import QUEUED_MESSAGES
from tests.client.test_messages import NOW
from tests.gateway import example

REFUSAL = [Finding("BV-00456", "bundle.entry[0].resource.destination[0].receiver", "Not the gateway")]


def answered(identifier: str) -> bytes:
    """An insurer's answer to the claim of that number."""
    return example("claim-response-deferred").strip().replace(b"CLM-2026-04102", identifier.encode())


@dataclass
class Office:
    """The mailbox of one provider. `polls` are the bundle ids of the polls it heard, repeats too.

    `confirming`: whether it says that the provider confirms, None if it knows nothing of that; `confirmed`
    are the header ids of the polls that were.
    """

    streaming: bool = True
    refusing: int | None = None
    waiting: list[bytes] = field(default_factory=list)
    known: dict[str, Any] = field(default_factory=dict)
    polls: list[str] = field(default_factory=list)
    confirming: bool | None = None
    confirmed: list[str] = field(default_factory=list)
    listeners: int = 0
    _given: dict[str, list[bytes]] = field(default_factory=dict)
    _deposits: int = 0
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/$process-message", self.poll, methods=["POST"]),
                Route("/exchanges", self.exchanges),
                Route("/mailbox/confirmed", self.confirm, methods=["POST"]),
                *([Route("/mailbox/events", self.events)] if self.streaming else []),
            ]
        )

    def deposit(self, *identifiers: str) -> None:
        """Let answers to those claims wait."""
        self.waiting += map(answered, identifiers)
        self._deposits += 1
        self._changed.set()

    async def heard(self, *, polls: int = 0, listeners: int = 0) -> None:
        """Wait until there were so many of each."""
        async with asyncio.timeout(10):
            while len(self.polls) < polls or self.listeners < listeners:
                self._news.clear()
                await self._news.wait()

    async def poll(self, request: Request) -> Response:
        envelope = read(await request.body())
        assert isinstance(envelope, Envelope)
        poll_id = envelope.bundle_id or ""
        self.polls.append(poll_id)
        self._news.set()
        stamp = Stamp(new_id(NOW), NOW)
        if self.refusing == 200:
            return Response(failed(envelope, stamp, REFUSAL))
        if self.refusing:
            return Response(outcome(REFUSAL), self.refusing)
        if poll_id not in self._given:
            self._given[poll_id] = self._take(envelope)
        brought = [Waiting(new_id(NOW), raw, NOW) for raw in self._given[poll_id]]
        body = delivered(envelope, stamp, brought)
        return Response(add_header_tag(body, QUEUED_MESSAGES) if self.waiting else body)

    def _take(self, envelope: Envelope) -> list[bytes]:
        assert envelope.focal is not None
        task = envelope.focal.resource
        about = Identifier.of(task.get("focus", {}).get("identifier"))
        count = next(row["valuePositiveInt"] for row in task["input"] if "valuePositiveInt" in row)
        wanted = [raw for raw in self.waiting if about is None or f'"{about.value}"'.encode() in raw]
        taken = wanted[:count]
        self.waiting = [raw for raw in self.waiting if raw not in taken]
        return taken

    async def confirm(self, request: Request) -> Response:
        self.confirmed.append(request.query_params["poll"])
        if self.confirming is None:
            return Response(status_code=404)
        return JSONResponse({"confirmed": 1, "confirms": self.confirming})

    async def exchanges(self, request: Request) -> Response:
        if self.refusing:
            return Response(status_code=self.refusing)
        return JSONResponse(self.known.get(request.query_params["identifier"], []))

    async def events(self, request: Request) -> Response:
        told = request.headers.get("last-event-id", "0")
        return StreamingResponse(self._events(int(told)), media_type="text/event-stream")

    async def _events(self, told: int) -> AsyncIterator[str]:
        self.listeners += 1
        self._news.set()
        yield ": hello\n\n"
        while not self.waiting or self._deposits == told:
            self._changed.clear()
            await self._changed.wait()
        yield f"event: mailbox\nid: {self._deposits}\ndata: {{}}\n\n"
