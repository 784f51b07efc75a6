"""Who answers the claims of a campaign? The sandbox's adjudication behind a socket that can be cut anywhere.

Answers are those of an honest insurer: to the same MessageHeader.id the same bytes.
"""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx

from campaigns.chaos.points import Failure, Moment, Reading, Role
from claimgw.clock import SystemClock
from claimgw.insurers.sandbox.insurer import GatewayAway, Insurer, Spoken
from tests.gateway import FALCON, FHIR
from tests.insurers.peers import Goodbye, Talk, answer, peer
from tests.processes.running import PLAIN

_STALL_SECONDS = 4.0
_FLUSH_SECONDS = 0.02
_AWAY = (429, 500, 502, 503, 504)


@dataclass
class Office:
    """One insurer. `kill`: ends the process that asks, at `reading`. `failure`: of the first attempt of each.

    `seen`: the header ids under which each claim came, by its identifier, and how often.
    """

    reading: Reading | None = None
    failure: Failure | None = None
    kill: Callable[[], None] | None = None
    struck: bool = False
    happened: asyncio.Event = field(default_factory=asyncio.Event)
    door: str = ""
    key: str = ""
    address: str = ""
    seen: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(int)))
    _client: httpx.AsyncClient = field(default_factory=lambda: httpx.AsyncClient(timeout=70, **PLAIN))

    def __post_init__(self) -> None:
        self._brain = Insurer({FALCON.partition(":")[2]}, clock=SystemClock(), send=self._post)

    async def close(self) -> None:
        await self._brain.close()
        await self._client.aclose()

    async def follow(self, talk: Talk) -> None:
        """One connection, request after request."""
        while True:
            if self.failure is Failure.INSURER_DROPS and await self._drops(talk):
                return
            request = await talk.request()
            _, _, body = request.partition(b"\r\n\r\n")
            if not body:
                await talk.send(answer(b"{}"))  # its health
                continue
            attempt = self._note(body)
            if await self._fails(talk, attempt) or self._strikes(Moment.BEFORE, attempt):
                return
            await self._speak(talk, body, attempt)

    async def _drops(self, talk: Talk) -> bool:
        """Close when the head has come; every second connection."""
        if talk.number % 2:
            return False
        await talk.head()
        self.happened.set()
        await talk.leave(Goodbye.CLOSE)
        return True

    def _note(self, body: bytes) -> int:
        resources = [entry["resource"] for entry in json.loads(body)["entry"]]
        claims = [one for one in resources if one["resourceType"] == "Claim"]
        name = claims[0]["identifier"][0]["value"] if claims else resources[0]["eventCoding"]["code"]
        attempts = self.seen[name]
        attempts[resources[0]["id"]] += 1
        return sum(attempts.values())

    async def _fails(self, talk: Talk, attempt: int) -> bool:
        if attempt > 1:
            return False
        if self.failure is Failure.INSURER_STALLS:
            self.happened.set()
            await asyncio.sleep(_STALL_SECONDS)
            return True
        if self.failure is Failure.INSURER_RESETS:
            self.happened.set()
            await talk.leave(Goodbye.RESET)
            return True
        return False

    def _strikes(self, moment: Moment, attempt: int) -> bool:
        """Kill whoever asks, if it is time to; a second attempt is always a worker's."""
        reading = self.reading
        if reading is None or self.kill is None or reading.moment is not moment:
            return False
        if (reading.role is Role.WORKER) is not (attempt > 1):
            return False
        self.reading, self.struck = None, True
        self.kill()
        return True

    async def _speak(self, talk: Talk, body: bytes, attempt: int) -> None:
        said = self._brain.receive(body)
        assert isinstance(said, Spoken), said
        await asyncio.sleep(said.seconds)
        wait = [f"Retry-After: {said.retry_after}"] if said.retry_after is not None else []
        status = "200 OK" if said.status == 200 else f"{said.status} Away"
        whole = answer(said.body, status, *wait)
        halves = self.failure is Failure.INSURER_HALVES and attempt == 1
        if halves or self._is_cut(attempt):
            await talk.send(whole[: len(whole) // 2])
            await asyncio.sleep(_FLUSH_SECONDS)
            if halves:
                self.happened.set()
            self._strikes(Moment.HALF, attempt)
            talk.writer.close()
            return
        await talk.send(whole)

    def _is_cut(self, attempt: int) -> bool:
        return self.reading is not None and self.reading.moment is Moment.HALF and attempt == 1

    async def _post(self, message: bytes) -> bytes:
        """A deferred answer, to the gateway's door. Raises GatewayAway if it should be sent again."""
        try:
            response = await self._client.post(
                self.door, content=message, headers={**FHIR, "authorization": f"Bearer {self.key}"}
            )
        except httpx.TransportError as fault:
            raise GatewayAway(type(fault).__name__) from fault
        if response.status_code in _AWAY:
            raise GatewayAway(str(response.status_code))
        return response.content


@asynccontextmanager
async def office() -> AsyncIterator[Office]:
    """An insurer that listens."""
    one = Office()
    async with peer(one.follow) as there:
        one.address = there.address
        try:
            yield one
        finally:
            await one.close()
