"""What becomes of a fault that nobody foresaw? An answer, and not a word of the message in the log."""

import logging
from dataclasses import replace

import httpx
import pytest
import structlog
from starlette.applications import Starlette
from starlette.routing import Route

from claimgw.endpoint.entrance import Bounds, Entrance
from claimgw.endpoint.identity import Doorkeeper
from claimgw.endpoint.process_message import ProcessMessage
from tests.clearinghouse.spoken import CLAIM, fresh
from tests.endpoint.doors import Doors
from tests.gateway import FHIR
from tests.served import served

SECRET = "Rakan Yusuf 1098765401"


def broken() -> float:
    raise RuntimeError(SECRET)


def app_with_a_bug(doors: Doors) -> Starlette:
    house = doors.gateway.house
    parts = replace(house.parts, jitter=broken)
    doorkeeper = Doorkeeper(parts.registry, parts.clock, trusted=(), certificate_header="x")
    door = ProcessMessage(parts, house.sessions, doorkeeper, Entrance(Bounds(), parts.clock))
    return Starlette(routes=[Route("/$process-message", door.handle, methods=["POST"])])


async def post(doors: Doors, raw: bytes) -> httpx.Response:
    headers = {**FHIR, "authorization": f"Bearer {doors.key}"}
    async with served(app_with_a_bug(doors)) as base, httpx.AsyncClient(base_url=base) as client:
        return await client.post("/$process-message", content=raw, headers=headers)


async def test_a_bug_is_a_500_that_quotes_nothing(doors: Doors, caplog: pytest.LogCaptureFixture) -> None:
    with structlog.testing.capture_logs() as lines:
        response = await post(doors, fresh(CLAIM))
    assert response.status_code == 500
    assert response.json()["resourceType"] == "OperationOutcome"
    assert "GE-00001" in response.text
    [told] = [line for line in lines if line.get("action") == "answer"]
    assert told["fault"] == "RuntimeError"
    assert any("broken" in frame for frame in told["place"])
    everything = str(lines) + caplog.text + response.text
    assert not [word for word in SECRET.split() if word in everything]
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_a_claim_whose_session_broke_is_on_record_and_a_repeat_says_so(doors: Doors) -> None:
    """Commit 1 was made: the attempt stays open, and a worker takes it up."""
    raw = fresh(CLAIM)
    await post(doors, raw)
    response = await doors.gateway.post(raw, doors.key)
    assert response.status_code == 200
    assert "BV-00542" in response.text
