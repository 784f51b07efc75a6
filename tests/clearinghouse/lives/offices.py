"""How do the insurers of these lives behave? A sandbox behind a real socket, with a line of bad manners."""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import assert_never

from claimgw.clock import ManualClock
from claimgw.insurers.sandbox.control import Control
from claimgw.insurers.sandbox.insurer import Insurer, Send, Spoken
from tests.clearinghouse.spoken import opened
from tests.insurers.peers import Goodbye, Talk, answer

# A gateway waits so long for a whole answer, on the clock of the test.
ANSWER_SECONDS = 50.0


class Manner(StrEnum):
    """What the line does with a message, whatever the insurer would say to it."""

    LISTEN = "listen"
    WITHHOLD = "withhold"  # the message is taken; the answer comes when it is released, or never
    CLOSE = "close"
    RESET = "reset"
    LOSE = "lose"  # closed, and the insurer never saw the message
    BUSY = "busy"
    FAIL = "fail"
    KILL = "kill"  # the gateway's node dies while the insurer has the message
    KILL_SOON = "kill soon"  # and here a statement or two after it was answered


_DEAF = frozenset({Manner.BUSY, Manner.FAIL, Manner.LOSE})
# Statements to the database that the node still makes.
_DEADLY = {Manner.KILL: 0, Manner.KILL_SOON: 3}

# What a sandbox can be told to do with a message that comes over a line in order.
BEHAVIOURS = (
    "APPROVE",
    "PARTIAL",
    "REJECT",
    "QUEUE",
    "STEPS",
    "ASK",
    "ASKNOW",
    "ERROR",
    "DECLINE",
    "DUPLICATE",
    "TWICE",
    "OTHER",
    "STRANGER",
    "FOREIGN",
    "NOTHING",
    "DESPITE",
    "BARE",
    "INVALID",
    "GARBAGE",
)


@dataclass
class Office:
    """One insurer. `received` is what its line brought, in order; `withheld` waits for its release.

    `kill` lets the node that called die after so many statements more.
    """

    licence: str
    clock: ManualClock
    send: Send
    kill: Callable[[int], None]
    address: str = ""
    open: bool = True
    manners: list[tuple[Manner, str]] = field(default_factory=list)
    received: list[bytes] = field(default_factory=list)
    withheld: dict[bytes, asyncio.Event] = field(default_factory=dict)
    by_identifier: dict[str, set[bytes]] = field(default_factory=lambda: defaultdict(set))

    def __post_init__(self) -> None:
        number = self.licence.partition(":")[2]
        self.sandbox = Insurer([number], clock=self.clock, send=self.send)
        self.control = Control(self.sandbox, self.clock)

    async def follow(self, talk: Talk) -> None:
        """One connection."""
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                body = (await talk.request()).partition(b"\r\n\r\n")[2]
                if self.open:
                    await self._meet(talk, body)
                else:
                    await talk.leave(Goodbye.RESET)

    async def _meet(self, talk: Talk, body: bytes) -> None:
        manner, behaviour = self.manners.pop(0) if self.manners else (Manner.LISTEN, "APPROVE")
        self._note(body)
        if body in self.withheld or (manner is Manner.WITHHOLD and not await self._released(talk, body)):
            await talk.gone()
            return
        spoken = None if manner in _DEAF else self._spoken(body, behaviour)
        match manner:
            case Manner.BUSY:
                await talk.send(answer(b"", "429 Busy"))
            case Manner.FAIL:
                await talk.send(answer(b"", "500 Broken"))
            case Manner.LOSE | Manner.CLOSE:
                await talk.leave(Goodbye.CLOSE)
            case Manner.RESET:
                await talk.leave(Goodbye.RESET)
            case Manner.LISTEN | Manner.WITHHOLD | Manner.KILL | Manner.KILL_SOON:
                assert spoken is not None
                if manner in _DEADLY:
                    self.kill(_DEADLY[manner])
                await talk.send(answer(spoken.body, f"{spoken.status} X", content_type=spoken.content_type))
            case _:
                assert_never(manner)

    def _note(self, body: bytes) -> None:
        self.received.append(body)
        envelope = opened(body)
        if envelope.focal is not None and envelope.focal_identifier is not None:
            named = envelope.focal_identifier
            key = f"{envelope.sender} {envelope.focal.type} {named.system} {named.value}"
            self.by_identifier[key].add(body)

    def _spoken(self, body: bytes, behaviour: str) -> Spoken:
        self.control.behave(behaviour, times=1)
        spoken = self.sandbox.receive(body)
        # It is for this message only, also if that one was known already.
        self.control.behave("APPROVE", times=0)
        assert isinstance(spoken, Spoken)
        return spoken

    async def _released(self, talk: Talk, body: bytes) -> bool:
        """Whether the answer may be given after all; False once nobody waits for it any more."""
        released = asyncio.Event()
        self.withheld[body] = released
        waits = [asyncio.ensure_future(released.wait()), asyncio.ensure_future(talk.gone())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            del self.withheld[body]
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)
        return released.is_set()

    def release(self, which: int) -> None:
        """One of the answers that are withheld is given."""
        if self.withheld:
            list(self.withheld.values())[which % len(self.withheld)].set()

    def keeps_waiting(self, body: bytes) -> bool:
        """Whether an answer to this is withheld. The gateway's limit for the call is of real time."""
        return body in self.withheld and not self.withheld[body].is_set()
