"""What does a provider do that follows docs/callers.md? The same bytes until it is answered; polls."""

import asyncio
import hashlib
import json
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.claims import poll
from tests.gateway import FHIR
from tests.processes.running import PLAIN

_AGAIN_SECONDS = 0.1
_POLL_SECONDS = 0.2
_BUSY = (429, 503)


@dataclass(frozen=True, slots=True)
class Final:
    """An answer that decides. `digest`: of the ClaimResponse, whatever message it came in."""

    outcome: str
    digest: str


@dataclass(frozen=True, slots=True)
class Polled:
    """When a poll was sent first, and answered; by this machine's watch."""

    began: float
    ended: float


@dataclass
class Provider:
    """One hospital.

    `finals`: what it was told of each claim, by identifier; `polled`: when each message came by which poll,
    by its Bundle.id. `again`: how often something had to be sent again.
    """

    url: str
    key: str
    again: int = 0
    finals: dict[str, set[Final]] = field(default_factory=lambda: defaultdict(set))
    polled: dict[str, list[Polled]] = field(default_factory=lambda: defaultdict(list))
    problems: list[str] = field(default_factory=list)
    _polls: int = 0
    _client: httpx.AsyncClient = field(default_factory=lambda: httpx.AsyncClient(timeout=70, **PLAIN))

    async def close(self) -> None:
        await self._client.aclose()

    async def send(self, raw: bytes) -> dict[str, Any]:
        """The answer to a message, in the end. What it decides is noted."""
        answer = await self._until_answered(raw)
        header = answer["entry"][0]["resource"]
        asked = json.loads(raw)["entry"][0]["resource"]["id"]
        # A copy may be answered with what came by itself meanwhile, and that names no request (BV-00248).
        if header.get("response", {}).get("identifier", asked) != asked:
            self.problems.append(f"{asked} was answered with the answer to another message")
        self._note(answer)
        return answer

    async def poll(self, about: str) -> int:
        """One poll; how many messages came."""
        self._polls += 1
        began = time.monotonic()
        answer = await self._until_answered(poll(f"{about}-{self._polls}", 10))
        came = [e["resource"] for e in answer["entry"] if e["resource"]["resourceType"] == "Bundle"]
        for message in came:
            self.polled[message["id"]].append(Polled(began, time.monotonic()))
            self._note(message)
        return len(came)

    async def poll_until(self, about: str, identifiers: set[str], seconds: float) -> None:
        """Poll until all of these are decided and the mailbox is empty, or the time is up."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            came = await self.poll(about)
            if not came and identifiers <= self.finals.keys():
                return
            if not came:
                await asyncio.sleep(_POLL_SECONDS)

    async def _until_answered(self, raw: bytes) -> dict[str, Any]:
        headers = {**FHIR, "authorization": f"Bearer {self.key}"}
        while True:
            try:
                response = await self._client.post(self.url, content=raw, headers=headers)
                if response.status_code == 200:
                    answer: dict[str, Any] = json.loads(response.content)
                    return answer
                if response.status_code not in _BUSY or "retry-after" not in response.headers:
                    self.problems.append(f"heard {response.status_code}: {response.text[:200]}")
            except httpx.TransportError:
                pass
            self.again += 1
            await asyncio.sleep(_AGAIN_SECONDS)

    def _note(self, message: dict[str, Any]) -> None:
        for said in _responses(message):
            if said["outcome"] != "queued":
                self.finals[said["request"]["identifier"]["value"]].add(_final(said))


def _responses(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The ClaimResponses of a message, also of those within it."""
    for entry in message["entry"]:
        resource = entry["resource"]
        if resource["resourceType"] == "Bundle":
            yield from _responses(resource)
        elif resource["resourceType"] == "ClaimResponse":
            yield resource


def final_of(raw: bytes) -> Final:
    """What a kept answer decides."""
    [said] = _responses(json.loads(raw))
    return _final(said)


def _final(said: dict[str, Any]) -> Final:
    text = json.dumps(said, sort_keys=True).encode()
    return Final(said["outcome"], hashlib.sha256(text).hexdigest())
