"""What is sent to a sandbox insurer in the tests of every event? The written examples, under new ids."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from claimgw.clock import ManualClock
from claimgw.conformance import Direction, check, direction_of
from claimgw.conformance.history.remembered import remember
from claimgw.errors import StoreUnavailable
from claimgw.insurers.sandbox.control import Control
from claimgw.insurers.sandbox.in_process import InProcess
from claimgw.insurers.spi import Answered, Connection
from claimgw.messages import envelope
from claimgw.messages.findings import Severity
from tests.insurers.sandbox_requests import SD, Json, decode, encode, pass_time

EXAMPLES = Path(__file__).parents[2] / "examples"
HOSPITAL, FALCON = "PR-1001", "INS-2001"
NOW = datetime(2026, 11, 1, 8, tzinfo=UTC)
LATER = datetime(2026, 12, 30, tzinfo=UTC)
CLAIM = "CLM-1"
TAKEN = (
    b'{"resourceType":"Bundle","entry":[{"resource":'
    b'{"resourceType":"MessageHeader","response":{"code":"ok"}}}]}'
)


@dataclass
class Gateway:
    """Keeps what it is handed; takes nothing while `away`."""

    came: list[bytes] = field(default_factory=list)
    away: bool = False
    transcript: list[bytes] = field(default_factory=list)  # all that was said, by either side

    async def door(self, message: bytes) -> bytes:
        if self.away:
            raise StoreUnavailable("the database is away")
        self.came.append(message)
        self.transcript.append(message)
        return TAKEN


@dataclass
class Scene:
    insurer: InProcess
    clock: ManualClock
    gateway: Gateway

    @property
    def control(self) -> Control:
        return self.insurer.control

    async def says(self, message: bytes) -> bytes:
        """The body it answers with."""
        reply = await self.insurer.deliver(message, seconds=5)
        assert isinstance(reply, Answered)
        assert reply.status == 200
        self.gateway.transcript += [message, reply.body]
        return reply.body

    async def claims(self, identifier: str) -> Json:
        """Send a claim of that identifier; the ClaimResponse in session."""
        return focal(await self.says(sent("claim-request-professional", identifier)))

    async def posts(self, seconds: float = 1.0) -> bytes:
        """The last message it has handed to the gateway by itself when that time is over."""
        await pass_time(self.clock, seconds)
        return self.gateway.came[-1]


@asynccontextmanager
async def scene_of(licence: str = FALCON) -> AsyncIterator[Scene]:
    clock, gateway = ManualClock(NOW), Gateway()
    connection = Connection(licence=licence, name="Sandbox", endpoint="sandbox:")
    insurer = InProcess(connection, clock=clock, door=gateway.door)
    yield Scene(insurer, clock, gateway)
    await insurer.close()


def sent(example: str, identifier: str | None = None, **changed: object) -> bytes:
    """That example under new ids; `changed` replaces elements of its focus, None takes them out."""
    tree = decode((EXAMPLES / f"{example}.json").read_bytes())
    tree["id"], tree["entry"][0]["resource"]["id"] = str(uuid.uuid4()), str(uuid.uuid4())
    resource = tree["entry"][1]["resource"]
    if identifier is not None:
        resource["identifier"][0]["value"] = identifier
    resource.update(changed)
    for name in [name for name, value in changed.items() if value is None]:
        del resource[name]
    return encode(tree)


def about(claim: str) -> Json:
    """The reference by which a Task or a Communication names a claim of the hospital's."""
    return {
        "type": "Claim",
        "identifier": {"system": "http://alwaha.example/identifiers/claim", "value": claim},
    }


def focal(message: bytes) -> Json:
    """The resource in focus, which the sandbox writes second."""
    found: Json = decode(message)["entry"][1]["resource"]
    return found


def all_of(message: bytes, kind: str) -> list[Json]:
    return [one["resource"] for one in decode(message)["entry"] if one["resource"]["resourceType"] == kind]


def event_of(message: bytes) -> str:
    code: str = decode(message)["entry"][0]["resource"]["eventCoding"]["code"]
    return code


def assert_faultless(*messages: bytes) -> None:
    """By all stages, and as strictly as a provider's request; what cannot be checked is no fault."""
    for message in messages:
        judged = envelope.read(message)
        assert isinstance(judged, envelope.Envelope), judged
        found = check(judged, LATER, direction=Direction.REQUEST, all_stages=True)
        assert [one for one in found if one.severity is not Severity.INFORMATION] == []


def code(concept: Json) -> str:
    found: str = concept["coding"][0]["code"]
    return found


def reissued(response: Json) -> str | None:
    held = [one for one in response["extension"] if one["url"] == f"{SD}extension-adjudication-reissue"]
    return code(held[0]["valueCodeableConcept"]) if held else None


def site_of(holder: Json) -> str:
    (found,) = [one for one in holder["extension"] if one["url"] == f"{SD}extension-siteEligibility"]
    return code(found["valueCodeableConcept"])


def cancel(claim: str = CLAIM, **changed: Any) -> bytes:
    return sent("cancel-request", "TSK-1", focus=about(claim), **changed)


def status(claim: str = CLAIM) -> bytes:
    return sent("status-check", "TSK-2", focus=about(claim))


def reply_to(question: Json, identifier: str = "COM-1", claim: str = CLAIM) -> bytes:
    based_on = [{"type": "CommunicationRequest", "identifier": question["identifier"][0]}]
    return sent("communication", identifier, basedOn=based_on, about=[about(claim)])


async def status_of(scene: Scene, claim: str = CLAIM) -> str:
    answer = await scene.says(status(claim))
    assert_faultless(answer)
    return code(focal(answer)["output"][0]["valueCodeableConcept"])


def faults_in(transcript: list[bytes]) -> list[str]:
    """The codes of what the insurer said wrongly, to someone who remembers all that was said before."""
    before: list[envelope.Envelope] = []
    codes: list[str] = []
    for message in transcript:
        told = envelope.read(message)
        assert isinstance(told, envelope.Envelope)
        direction = direction_of(told.event)
        if direction is not Direction.REQUEST:
            known = remember(before, told, since=NOW.date())
            found = check(told, LATER, direction=direction, all_stages=True, memory=known)
            codes += [one.code for one in found]
        before.append(told)
    return codes
