"""Do the messages that real parties exchanged go through the door, unchanged, and is each kept as it came?"""

import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from claimgw.clock import Clock, ManualClock, SystemClock
from claimgw.ids import new_id
from claimgw.insurers.sandbox.server import create_app as create_sandbox
from claimgw.messages.encode import encode
from claimgw.messages.envelope import Envelope, read
from claimgw.messages.identifiers import Licence
from claimgw.store import Database, messages
from claimgw.store.records import Message as Row
from claimgw.store.schema import upgrade
from tests.conformance import real_messages
from tests.conformance.real_messages import FOLDER, needed
from tests.gateway import EXAMPLES, Gateway, parsed, register, resource, running
from tests.served import served

TYPES = ("institutional", "professional", "oral", "pharmacy", "vision")
REQUESTS = ("claim-request", "priorauth-request")


def accepted() -> list[Path]:
    """The claims and authorizations that the real server took; those that refer to others come last."""
    names = [name for name in real_messages.accepted() if name.startswith(REQUESTS)]
    return [FOLDER / name for name in sorted(names, key=lambda name: "related" in name)]


def written() -> list[Path]:
    return [EXAMPLES / f"{event}-{kind}.json" for event in REQUESTS for kind in TYPES]


def envelope(raw: bytes) -> Envelope:
    found = read(raw)
    assert isinstance(found, Envelope)
    return found


class Wire:
    """An ASGI app in front of a sandbox that keeps what was posted to it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.posted: list[bytes] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        parts: list[bytes] = []

        async def listen() -> Message:
            event = await receive()
            if event["type"] == "http.request":
                parts.append(event.get("body", b""))
                if not event.get("more_body"):
                    self.posted.append(b"".join(parts))
            return event

        await self._app(scope, listen, send)


@asynccontextmanager
async def exchange_with(
    address: str, raws: list[bytes], *, clock: Clock | None = None, insurer: ASGIApp | None = None
) -> AsyncIterator[tuple[Gateway, Wire, dict[str, str]]]:
    """A gateway that knows every party of these messages; all its insurers are one server, over real HTTP.

    A sandbox, unless another is given.
    """
    parties = {
        str(party) for raw in raws for party in (envelope(raw).sender, envelope(raw).receiver) if party
    }
    payers = [party for party in parties if party.startswith("payer")]
    sandbox = Wire(
        insurer
        or create_sandbox(
            [Licence.parse(party).value for party in payers],
            gateway_url="http://127.0.0.1:1/$process-message",
            api_key="none",
            clock=SystemClock(),
        )
    )
    async with served(sandbox) as base:
        # Before the gateway starts: it need not look again, on a clock that may stand still.
        database = Database(address)
        await upgrade(database)
        keys = {
            party: await register(
                database, party, endpoint=f"{base}/$process-message" if party in payers else None
            )
            for party in sorted(parties)
            if not party.startswith("nphies")
        }
        await database.close()
        async with running(address, clock=clock) as gateway:
            yield gateway, sandbox, keys


@pytest.mark.parametrize("source", ["real", "written"])
async def test_every_accepted_claim_and_authorization_is_taken_forwarded_and_answered(
    address: str, source: str
) -> None:
    files = accepted() if source == "real" else written()
    if not files:
        pytest.skip("the folder of real messages is not beside the repository")
    raws = [file.read_bytes() for file in files]
    async with exchange_with(address, raws) as (gateway, sandbox, keys):
        for file, raw in zip(files, raws, strict=True):
            response = await gateway.post(raw, keys[str(envelope(raw).sender)])
            assert response.status_code == 200, (file.name, response.text)
            answer = resource(parsed(response), "ClaimResponse")
            assert answer["outcome"] in ("complete", "partial", "queued"), (file.name, response.text[:2000])
            header = parsed(response)["entry"][0]["resource"]
            assert header["sender"]["identifier"]["value"] != "NPHIES", file.name
            assert header["response"]["identifier"] == envelope(raw).header_id
        assert sandbox.posted == raws


@pytest.mark.parametrize("source", ["real", "written"])
async def test_the_order_of_entries_behind_the_header_does_not_matter(
    clock: ManualClock, tmp_path: Path, source: str
) -> None:
    files = accepted() if source == "real" else written()
    if not files:
        pytest.skip("the folder of real messages is not beside the repository")
    mixed = random.Random(2026)
    raws = []
    for file in files:
        bundle = envelope(file.read_bytes()).bundle
        first, *others = bundle["entry"]
        mixed.shuffle(others)
        raws.append(encode({**bundle, "entry": [first, *others]}))
    async with exchange_with(f"sqlite:///{tmp_path}/claimgw.db", raws) as (gateway, sandbox, keys):
        for file, raw in zip(files, raws, strict=True):
            response = await gateway.post(raw, keys[str(envelope(raw).sender)])
            answer = resource(parsed(response), "ClaimResponse")
            assert answer["outcome"] == "complete", (file.name, response.text[:2000])
        assert sandbox.posted == raws


@needed
async def test_every_real_message_is_stored_as_it_came(database: Database, clock: ManualClock) -> None:
    files = sorted(FOLDER.glob("*.json"))
    assert len(files) == 162
    kept: dict[str, bytes] = {}
    async with database.write() as unit:
        for file in files:
            message_id, raw = new_id(clock.now()), file.read_bytes()
            header = envelope(raw)
            row = Row(
                id=message_id,
                sender=str(header.sender),
                receiver=str(header.receiver),
                event=header.event.code if header.event else "",
                bundle_id=header.bundle_id or "",
                header_id=header.header_id or "",
                size=len(raw),
                received_at=clock.now(),
            )
            await messages.keep(unit, row, raw)
            kept[message_id] = raw
    async with database.read() as unit:
        assert await messages.contents(unit, list(kept)) == kept


def reissued(answer: bytes) -> bytes:
    """The same with a reason why it comes after a complete one (BV-00055)."""
    reason = {"system": "http://nphies.sa/terminology/CodeSystem/reissue-reason", "code": "correction"}
    told = encode(
        {
            "url": "http://nphies.sa/fhir/ksa/nphies-fs/StructureDefinition/extension-adjudication-reissue",
            "valueCodeableConcept": {"coding": [reason]},
        }
    )
    before, found, after = answer.partition(b'"outcome"')
    at = before.rindex(b'"extension": [') + len(b'"extension": [')
    return before[:at] + told + b"," + before[at:] + found + after


async def test_a_late_answer_is_polled_byte_for_byte(address: str) -> None:
    request = (EXAMPLES / "claim-request-institutional.json").read_bytes()
    late = reissued((EXAMPLES / "claim-response-deferred.json").read_bytes())
    poll = (EXAMPLES / "poll-request.json").read_bytes()
    async with exchange_with(address, [request, late]) as (gateway, _, keys):
        provider, insurer = (str(envelope(request).sender), str(envelope(late).sender))
        await gateway.post(request, keys[provider])
        acknowledged = await gateway.post(late, keys[insurer])
        assert parsed(acknowledged)["entry"][0]["resource"]["response"]["code"] == "ok"
        polled = await gateway.post(poll, keys[provider])
        assert late.strip() in polled.content
        nested = [entry for entry in parsed(polled)["entry"] if entry["resource"]["resourceType"] == "Bundle"]
        assert [entry["resource"] for entry in nested] == [json.loads(late)]
