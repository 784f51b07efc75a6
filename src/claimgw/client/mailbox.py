"""How is a mailbox emptied so that no message is lost? Each poll is finished before the next is made."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial

from claimgw.client.answers import Answer
from claimgw.client.faults import ClientFault, PollRefused
from claimgw.client.gateway import GatewayClient
from claimgw.client.parties import Provider
from claimgw.client.tasks import Asked, poll_request
from claimgw.client.unfinished import Pending, PollMemory, PollState
from claimgw.clock import Clock

# A message, and what is called when its receiver has finished with it.
Incoming = tuple[Answer, Callable[[], Awaitable[None]]]


class Mailbox:
    """What waits for one provider at one gateway; `interval` in seconds between looks without a doorbell."""

    def __init__(self, gateway: GatewayClient, provider: Provider, clock: Clock, interval: float) -> None:
        self._gateway = gateway
        self._provider = provider
        self._clock = clock
        self._bell = gateway.doorbell(interval)
        self._unfinished: dict[Asked, PollState] = {}
        self._confirming = True

    async def incoming(self, asked: Asked, wait: float, state: PollState | None) -> AsyncIterator[Incoming]:
        """What waits, and comes within so many seconds. Raises PollRefused, or as GatewayClient.send."""
        kept = state or self._unfinished.setdefault(asked, PollMemory())
        until = self._clock.monotonic() + wait
        waited = False
        while True:
            found = False
            async for one in self._waiting(asked, kept):
                found = True
                yield one
            left = until - self._clock.monotonic()
            if left <= 0:
                break
            await self._bell.wait(left, in_vain=waited and not found)
            waited = True
        self._unfinished.pop(asked, None)

    async def _waiting(self, asked: Asked, state: PollState) -> AsyncIterator[Incoming]:
        """What waits now, poll after poll, each only when the one before is finished."""
        more = True
        while more:
            pending = state.load() or self._begin(asked, state)
            answer = await self._gateway.send(pending.request)
            if answer.refused:
                if answer.status == 200:
                    # The gateway has read this very poll, and will never answer it otherwise.
                    state.save(None)
                raise PollRefused(answer.findings)
            messages = answer.inside
            if pending.finished >= len(messages):
                state.save(None)
            for number, message in enumerate(messages[pending.finished :], pending.finished + 1):
                last = number == len(messages)
                after = None if last else replace(pending, finished=number)
                yield message, partial(self._finished, state, after, answer.responds_to)
            more = answer.more and bool(messages)

    async def _finished(self, state: PollState, after: Pending | None, poll: str | None) -> None:
        """One message is finished; with the last one the poll is, and the gateway may be told so."""
        state.save(after)
        if after is None and poll is not None and self._confirming:
            # What the gateway did not hear is offered again; the messages are finished all the same.
            with suppress(ClientFault):
                self._confirming = await self._gateway.confirm(poll)

    def _begin(self, asked: Asked, state: PollState) -> Pending:
        request = poll_request(
            self._provider,
            self._clock.now(),
            count=asked.count,
            include=asked.include,
            exclude=asked.exclude,
            period=asked.period,
            about=asked.about,
        )
        pending = Pending(request)
        state.save(pending)
        return pending
