"""How is the sandbox reached without a network? By a call that ends like one over HTTP."""

import asyncio
from typing import assert_never

from claimgw.clock import Clock
from claimgw.errors import StoreUnavailable
from claimgw.insurers.sandbox.control import Control
from claimgw.insurers.sandbox.insurer import Availability, GatewayAway, Insurer, Shut, Silence, Spoken
from claimgw.insurers.spi import (
    Answered,
    Connection,
    Door,
    Health,
    NotSent,
    NotSentFault,
    Reply,
    TooLarge,
    Unanswered,
    UnansweredFault,
)


class InProcess:
    """The adapter `sandbox`. Open to tests and demos: `insurer` for what it received and its outages,
    `control` for what it should do by itself (see there).
    """

    def __init__(self, connection: Connection, *, clock: Clock, door: Door) -> None:
        self._connection = connection
        self._clock = clock
        self._door = door
        self.insurer = Insurer({connection.licence}, clock=clock, send=self._send)
        self.control = Control(self.insurer, clock)

    async def deliver(self, message: bytes, *, seconds: float) -> Reply:
        reaction = self.insurer.receive(message)
        match reaction:
            case Shut():
                return NotSent(NotSentFault.REFUSED, "the sandbox is switched off")
            case Silence() | Spoken():
                try:
                    async with asyncio.timeout(seconds):
                        return await self._speak(reaction)
                except TimeoutError:
                    return Unanswered(UnansweredFault.SILENT, f"no answer within {seconds:g} s")
            case _:
                assert_never(reaction)

    async def probe(self) -> Health:
        reachable = self.insurer.availability is not Availability.DOWN
        return Health(reachable, f"the sandbox is {self.insurer.availability}", 0.0)

    async def close(self) -> None:
        await self.insurer.close()

    async def _speak(self, reaction: Spoken | Silence) -> Reply:
        if isinstance(reaction, Silence):
            await asyncio.Event().wait()  # until the deadline, or until the caller goes
            raise AssertionError("a silence does not end by itself")
        if reaction.seconds:
            await self._clock.sleep(reaction.seconds)
        if len(reaction.body) > self._connection.answer_cap:
            return TooLarge(reaction.status, self._connection.answer_cap)
        retry_after = None if reaction.retry_after is None else float(reaction.retry_after)
        return Answered(reaction.status, reaction.body, reaction.content_type, retry_after)

    async def _send(self, message: bytes) -> bytes:
        try:
            return await self._door(message)
        except StoreUnavailable as fault:
            raise GatewayAway("the gateway cannot record the message now") from fault
