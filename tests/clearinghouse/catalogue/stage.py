"""On which stage is every event played? A provider, the gateway, and the sandbox insurer behind a socket."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

import httpx

from claimgw.clock import ManualClock
from claimgw.insurers.sandbox.answers import DECLINED
from claimgw.insurers.sandbox.in_process import InProcess
from claimgw.insurers.spi import Answered, Connection
from claimgw.store import attempts, exchanges, mailbox, messages
from claimgw.store.records import Exchange, State
from tests.clearinghouse.catalogue.told import NOTHING, counted, listed
from tests.clearinghouse.scene import Scene, playing, until
from tests.clearinghouse.spoken import START, acknowledging, opened, renamed
from tests.gateway import HOSPITAL
from tests.insurers.peers import Goodbye, Talk, answer, unused_port
from tests.insurers.sandbox_events import TAKEN
from tests.insurers.sandbox_requests import decode, encode

LIMITS = {"answer_seconds": 60, "most_in_flight": 8}


class Mood(Enum):
    """How the insurer meets the next messages."""

    ANSWERS = auto()
    SPOILS = auto()  # an answer that does not say to what (BV-00247)
    DECLINES = auto()  # says that he cannot process it (GE-00026)
    CLOSES = auto()  # reads all, says nothing
    WAITS = auto()  # until the gate is opened


@dataclass(frozen=True)
class Sent:
    """A message to post. `parts`: what the insurer shall get of it. `target`: the request it is about."""

    raw: bytes
    parts: tuple[bytes, ...] = ()
    target: bytes | None = None

    @property
    def delivered(self) -> tuple[bytes, ...]:
        return self.parts or (self.raw,)


@dataclass
class Stage:
    """The scene, and the hand on its insurer, who knows what he was sent. His own clock stands still:

    he posts nothing by himself. What he is told to begin is handed to the test (`begun`).
    """

    scene: Scene
    desk: InProcess
    mood: Mood = Mood.ANSWERS
    to_notices: Mood = Mood.ANSWERS
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    answers: dict[str, bytes] = field(default_factory=dict)
    begun: list[bytes] = field(default_factory=list)

    async def meet(self, talk: Talk, raw: bytes) -> bytes | None:
        mood = self.mood  # as it was when the message came
        reply = await self.desk.deliver(raw, seconds=5)
        assert isinstance(reply, Answered)
        self.answers[_header(raw)] = reply.body
        return await self._say(talk, mood, raw, reply.body)

    async def be_noticed(self, talk: Talk, raw: bytes) -> bytes | None:
        return await self._say(talk, self.to_notices, raw, acknowledging(raw))

    async def _say(self, talk: Talk, mood: Mood, raw: bytes, body: bytes) -> bytes | None:
        if mood is Mood.CLOSES:
            await talk.leave(Goodbye.CLOSE)
            return None
        if mood is Mood.WAITS:
            await self.gate.wait()
        said = by_itself(body) if mood is Mood.SPOILS else body
        if mood is Mood.DECLINES:
            said = acknowledging(raw, DECLINED)
        await talk.send(answer(said))
        return said

    async def post(self, raw: bytes) -> httpx.Response:
        """By whom it is from."""
        insurers = str(opened(raw).sender).startswith("payer")
        return await self.scene.gateway.post(raw, self.scene.insurer_key if insurers else self.scene.key)

    async def calling(self, sent: Sent) -> asyncio.Task[httpx.Response]:
        """Post it: the insurer has it, and answers once the gate is open. Others it answers at once."""
        self.mood = Mood.WAITS
        session = asyncio.create_task(self.post(sent.raw))
        await self.taken(sent)
        self.mood = Mood.ANSWERS
        return session

    async def done(self, raw: bytes) -> bytes:
        """Post what another message presupposes, and see it answered."""
        response = await self.post(raw)
        assert response.status_code == 200, response.text
        told = json.loads(response.content)["entry"]
        assert told[0]["resource"]["response"]["code"] == "ok", response.text
        await self.mailbox()
        return raw

    async def quiet(self) -> None:
        """The worker does all that is due now: a check, then the delivery, then a notice about it."""
        for _ in range(3):
            self.scene.clock.advance(0.1)
            await self.scene.work()

    async def taken(self, sent: Sent) -> None:
        """Wait until the insurer has all of it, whoever brings it."""

        async def came() -> bool:
            self.scene.clock.advance(0.001)
            await self.scene.gateway.house.worker.look()
            return self.brought(sent)

        await until(came)

    def brought(self, sent: Sent) -> bool:
        """Whether the insurer has all of it."""
        return all(raw in self.scene.insurer.received for raw in sent.delivered)

    async def exchange(self, raw: bytes) -> Exchange | None:
        """The exchange of a request, found by its ids."""
        envelope = opened(raw)
        ids = envelope.bundle_id or "", envelope.header_id or ""
        async with self.scene.gateway.database.read() as unit:
            arrived = await messages.arrived(unit, str(envelope.sender), *ids)
            return await exchanges.find(unit, arrived[0].message_id) if arrived else None

    async def away(self) -> None:
        """Nobody listens at the insurer's address."""
        await self.scene.move(f"http://127.0.0.1:{unused_port()}/")

    async def back(self) -> None:
        """The insurer listens and answers again."""
        self.mood = Mood.ANSWERS
        await self.scene.move(self.scene.address)

    async def standing(self, raw: bytes) -> State:
        """The state of the exchange of a request."""
        held = await self.exchange(raw)
        assert held is not None
        return held.state

    async def state_of(self, exchange_id: str) -> str:
        async with self.scene.gateway.database.read() as unit:
            held = await exchanges.find(unit, exchange_id)
        assert held is not None
        return held.state.value

    async def state(self, sent: Sent) -> str | None:
        """Of the exchange, or of all its parts (None while they go one by one); then of what it is about."""
        own = [held.state.value for raw in sent.delivered if (held := await self.exchange(raw))]
        if len(set(own)) > 1:
            return None
        about = await self.exchange(sent.target) if sent.target else None
        words = list(dict.fromkeys(own)) + ([f"(target {about.state.value})"] if about else [])
        return " ".join(words) or NOTHING

    async def got(self, sent: Sent, notices: int) -> str:
        """What the insurer was sent of it; `notices`: how many he had before."""
        events = [str(_event(raw)) for raw in self.scene.insurer.received if raw in sent.delivered]
        later = [_notice(raw) for raw in self.scene.insurer.notices[notices:]]
        return counted(events + later) or NOTHING

    async def mailbox(self) -> str:
        """What a poll gives; nobody polls what is known to be empty, which takes a second in all."""
        async with self.scene.gateway.database.read() as unit:
            waiting = await mailbox.any_waiting(unit, HOSPITAL, self.scene.clock.now())
        return listed(await self.scene.poll()) if waiting else NOTHING

    async def all_closed(self) -> None:
        async def closed() -> bool:
            async with self.scene.gateway.database.read() as unit:
                return not await attempts.still_open(unit)

        await until(closed)


@asynccontextmanager
async def stage(address: str, **settings: Any) -> AsyncIterator[Stage]:
    begun: list[bytes] = []

    async def door(message: bytes) -> bytes:
        begun.append(message)
        return TAKEN

    connection = Connection(licence="INS-2001", name="Falcon Insurance", endpoint="sandbox:")
    desk = InProcess(connection, clock=ManualClock(START), door=door)
    async with playing(address, participant=LIMITS, **settings) as scene:
        made = Stage(scene, desk, begun=begun)
        scene.insurer.plays, scene.insurer.on_notice = [made.meet], made.be_noticed
        yield made
        made.gate.set()
    await desk.close()


def by_itself(body: bytes) -> bytes:
    """An answer as a message of the insurer's own: new ids, and no `response` in its header (BV-00248)."""
    tree = decode(renamed(body))
    del tree["entry"][0]["resource"]["response"]
    return encode(tree)


def unfinished(body: bytes) -> bytes:
    """A message whose focal resource lacks its status, which every one of them must have."""
    tree = decode(body)
    del tree["entry"][1]["resource"]["status"]
    return encode(tree)


def _header(raw: bytes) -> str:
    return opened(raw).header_id or ""


def _event(raw: bytes) -> str:
    event = opened(raw).event
    assert event is not None
    return event.code


def _notice(raw: bytes) -> str:
    issues = json.loads(raw)["entry"][1]["resource"]["issue"]
    return " ".join([_event(raw), *(issue["details"]["coding"][0]["code"] for issue in issues)])
