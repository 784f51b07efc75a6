"""What do providers and insurers say in the tests of delivery? Sound messages, and how a peer gives them."""

import json
import re
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from claimgw.insurers.sandbox import answers
from claimgw.insurers.sandbox.adjudicate import Judgement, adjudicate
from claimgw.insurers.sandbox.claim_response import PayerError, Stage, Stamp, decided, queued, refused
from claimgw.insurers.sandbox.reading import Request
from claimgw.insurers.sandbox.reading import read as read_request
from claimgw.messages.envelope import Envelope, read
from tests.gateway import HOSPITAL, example
from tests.insurers.peers import JSON, Goodbye, Talk, answer

START = datetime(2026, 11, 1, 8, tzinfo=UTC)
CLAIM, AUTHORIZATION, POLL = "claim-request-professional", "priorauth-request-professional", "poll-request"

Json = dict[str, Any]
# What the insurer does with one request; it gives the body it has said, if any.
Play = Callable[[Talk, bytes], Awaitable[bytes | None]]


def fresh(name: str, *, claim: str | None = None) -> bytes:
    """A written example under new ids; `claim` is its business identifier, new as well unless given."""
    raw = example(name)
    envelope = read(raw)
    assert isinstance(envelope, Envelope)
    assert envelope.bundle_id
    assert envelope.header_id
    raw = raw.replace(envelope.bundle_id.encode(), str(uuid.uuid4()).encode())
    raw = raw.replace(envelope.header_id.encode(), str(uuid.uuid4()).encode())
    if envelope.focal_identifier is None:
        return raw
    known = f'"{envelope.focal_identifier.value}"'.encode()
    return raw.replace(known, json.dumps(claim or f"CLM-{uuid.uuid4()}").encode())


def renamed(raw: bytes) -> bytes:
    """The same message under other Bundle and header ids."""
    envelope = opened(raw)
    raw = raw.replace((envelope.bundle_id or "").encode(), str(uuid.uuid4()).encode())
    return raw.replace((envelope.header_id or "").encode(), str(uuid.uuid4()).encode())


def opened(raw: bytes) -> Envelope:
    envelope = read(raw)
    assert isinstance(envelope, Envelope), envelope
    return envelope


def polling(*inputs: Json, about: Json | None = None, sender: str = HOSPITAL) -> bytes:
    """A poll with those inputs and that focus."""
    tree = json.loads(fresh(POLL))
    task = next(one["resource"] for one in tree["entry"] if one["resource"]["resourceType"] == "Task")
    if inputs:
        task["input"] = list(inputs)
    if about:
        task["focus"] = {"type": "Claim", "identifier": about}
    return json.dumps(tree).replace("PR-1001", sender.partition(":")[2]).encode()


def asking(code: str, **value: Any) -> Json:
    """One input of a poll."""
    system = "http://nphies.sa/terminology/CodeSystem/task-input-type"
    return {"type": {"coding": [{"system": system, "code": code}]}, **value}


def _stamp(at: datetime = START) -> Stamp:
    return Stamp(str(uuid.uuid4()), str(uuid.uuid4()), str(uuid.uuid4()), at)


def verdict(request: Request, outcome: str, *, earlier: tuple[str, ...] = (), code: str = "1658") -> Json:
    """The ClaimResponse of that outcome."""
    if outcome == "queued":
        return queued(request, _stamp())
    if outcome == "error":
        return refused(request, PayerError(code, "The insurer's own words", "item"), _stamp())
    judgement = Judgement.PARTIAL if outcome == "partial" else Judgement.APPROVE
    adjudication = adjudicate(request.claim or {}, judgement)
    return decided(request, adjudication, _stamp(), stage=Stage(outcome), earlier=earlier)


def in_session(raw: bytes, outcome: str = "complete", *, code: str = "1658") -> bytes:
    """A sound answer in the session of that request."""
    request = read_request(raw)
    return answers.in_session(request, verdict(request, outcome, code=code), _stamp())


def deferred(raw: bytes, outcome: str = "complete", *, earlier: tuple[str, ...] = ()) -> bytes:
    """The insurer's own late message about that request."""
    request = read_request(raw)
    return answers.deferred(request, verdict(request, outcome, earlier=earlier), _stamp())


def acknowledging(raw: bytes, fault: answers.Fault | None = None) -> bytes:
    return answers.acknowledgement(read_request(raw), _stamp(), fault)


def bare_refusal(_: bytes) -> bytes:
    """The OperationOutcome that goes with HTTP 400 and 422."""
    issue = {"severity": "error", "code": "processing", "details": {"coding": [{"code": "GE-00026"}]}}
    return json.dumps({"resourceType": "OperationOutcome", "issue": [issue]}).encode()


def says(
    body: bytes | Callable[[bytes], bytes], status: str = "200 OK", *headers: str, content_type: str = JSON
) -> Play:
    """Answers that, or what is made of the request, under that status."""

    async def play(talk: Talk, request: bytes) -> bytes:
        made = body if isinstance(body, bytes) else body(request)
        await talk.send(answer(made, status, *headers, content_type=content_type))
        return made

    return play


async def silence(talk: Talk, _: bytes) -> None:
    """Takes the request and never says a word."""
    await talk.gone()


async def hanging_up(talk: Talk, _: bytes) -> None:
    """Takes the whole request and closes."""
    await talk.leave(Goodbye.CLOSE)


async def resetting(talk: Talk, _: bytes) -> None:
    """Takes the whole request and breaks the connection."""
    await talk.leave(Goodbye.RESET)


complete = says(in_session)


def nested(poll_response: bytes) -> list[bytes]:
    """The bytes of every message inside an answer to a poll."""
    tree = json.loads(poll_response)
    assert tree["entry"][0]["resource"]["response"]["code"] == "ok", tree
    count = sum(one["resource"]["resourceType"] == "Bundle" for one in tree["entry"])
    text, found = poll_response.decode(), []
    for start in re.finditer(r'"fullUrl":"http://nphies\.sa/Bundle/[^"]+","resource":', text):
        _, end = json.JSONDecoder().raw_decode(text, start.end())
        found.append(text[start.end() : end].encode())
    assert len(found) == count
    return found


def tags(resource: Json) -> list[str]:
    return [tag["code"] for tag in resource.get("meta", {}).get("tag", [])]
