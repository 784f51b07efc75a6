"""Does the client send the same bytes until there is an answer, and not for ever?"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from claimgw.client import Credentials, GatewayBusy, GatewayClient, GatewayUnreachable, PollRefused
from claimgw.clock import ManualClock
from claimgw.errors import ConfigurationError
from claimgw.messages.findings import Finding
from claimgw.messages.replies import outcome
from tests.gateway import example
from tests.insurers.peers import unused_port
from tests.served import served

ANSWER = example("claim-response-complete")


class PatientClock(ManualClock):
    """Time passes as soon as somebody waits for it."""

    def __init__(self) -> None:
        super().__init__(datetime(2026, 11, 1, 8, tzinfo=UTC))
        self.waits: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.advance(seconds)


class Script:
    """A gateway that answers as it is told, and remembers what it heard. The last line repeats."""

    def __init__(self) -> None:
        self.lines = [Response(ANSWER)]
        self.heard: list[tuple[bytes, str | None]] = []

    async def speak(self, request: Request) -> Response:
        self.heard.append((await request.body(), request.headers.get("authorization")))
        return self.lines.pop(0) if len(self.lines) > 1 else self.lines[0]


@pytest.fixture
def patience() -> PatientClock:
    return PatientClock()


@pytest.fixture
def script() -> Script:
    return Script()


@pytest_asyncio.fixture
async def client(script: Script, patience: PatientClock) -> AsyncIterator[GatewayClient]:
    app = Starlette(routes=[Route("/fhir/$process-message", script.speak, methods=["POST"])])
    async with (
        served(app) as url,
        GatewayClient(f"{url}/fhir", Credentials(key="cgw_1"), clock=patience) as client,
    ):
        yield client


def busy(status: int, **headers: str) -> Response:
    return Response(status_code=status, headers=headers)


async def test_a_message_is_sent_as_it_is_with_the_key(client: GatewayClient, script: Script) -> None:
    answer = await client.send(b'{"a": 100.00}')
    assert answer.raw == ANSWER
    assert script.heard == [(b'{"a": 100.00}', "Bearer cgw_1")]


@pytest.mark.parametrize("status", [429, 502, 503, 504])
async def test_a_busy_gateway_hears_the_same_bytes_again(
    client: GatewayClient, script: Script, status: int
) -> None:
    script.lines.insert(0, busy(status))
    assert (await client.send(b"{}")).outcome == "complete"
    assert [raw for raw, _ in script.heard] == [b"{}", b"{}"]


async def test_the_gateway_says_how_long_to_wait(
    client: GatewayClient, script: Script, patience: PatientClock
) -> None:
    script.lines[:0] = [
        busy(503, **{"Retry-After": "40"}),
        busy(503, **{"Retry-After": "Sun, 01 Nov 2026 08:02:00 GMT"}),
    ]
    await client.send(b"{}")
    assert patience.waits == [40, 80]


async def test_a_gateway_that_stays_busy_is_given_up_with_what_it_said(
    client: GatewayClient, script: Script
) -> None:
    script.lines[0] = busy(503, **{"Retry-After": "7"})
    with pytest.raises(GatewayBusy, match="again, unchanged, in 7 s") as given_up:
        await client.send(b"{}")
    assert given_up.value.retry_after == 7
    assert len(script.heard) == 5


async def test_nobody_is_kept_waiting_for_an_hour(
    client: GatewayClient, script: Script, patience: PatientClock
) -> None:
    script.lines[0] = busy(503, **{"Retry-After": "3600"})
    with pytest.raises(GatewayBusy):
        await client.send(b"{}")
    assert patience.waits == []


async def test_a_refusal_is_an_answer_and_is_not_repeated(client: GatewayClient, script: Script) -> None:
    finding = Finding("GE-00020", "", "Not who is calling")
    script.lines[0] = Response(outcome([finding]), status_code=403)
    answer = await client.send(b"{}")
    assert (answer.status, answer.refused, len(script.heard)) == (403, True, 1)


async def test_a_refused_poll_is_raised_with_its_reasons(client: GatewayClient, script: Script) -> None:
    finding = Finding("GE-00020", "", "Not who is calling")
    script.lines[0] = Response(outcome([finding]), status_code=403)
    with pytest.raises(PollRefused, match="GE-00020 Not who is calling") as refused:
        await client.poll("provider:PR-1001")
    assert refused.value.findings == (finding,)


async def test_a_repeated_poll_is_the_same_poll(client: GatewayClient, script: Script) -> None:
    """Its messages are reserved for it: under new ids it would get others."""
    script.lines = [busy(503), Response(example("poll-response-empty"))]
    polled = await client.poll("provider:PR-1001")
    assert (polled.messages, polled.more) == ((), False)
    first, second = [raw for raw, _ in script.heard]
    assert first == second


async def test_a_gateway_that_is_not_there_is_said_to_be_unreachable(patience: PatientClock) -> None:
    async with GatewayClient(f"http://127.0.0.1:{unused_port()}", clock=patience, tries=3) as client:
        with pytest.raises(GatewayUnreachable, match=r"ConnectError.*the same one again, unchanged"):
            await client.send(b"{}")
    assert len(patience.waits) == 2


def test_an_address_or_a_file_that_cannot_be_used_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="is no address"):
        GatewayClient("gateway.example")
    (tmp_path / "bad.pem").write_text("no certificate")
    with pytest.raises(ConfigurationError, match="TLS files"):
        GatewayClient("https://gateway.example", Credentials(certificate=tmp_path / "bad.pem"))
