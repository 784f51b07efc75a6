"""Does the sandbox do the same as a server of its own, on real sockets?"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from claimgw.clock import ManualClock
from claimgw.insurers.sandbox.behaviour import TABLE
from claimgw.insurers.sandbox.orders import ORDERS, Order
from claimgw.insurers.sandbox.server import create_app
from tests.insurers.sandbox_events import TAKEN
from tests.insurers.sandbox_requests import (
    INSURER,
    PROVIDER,
    START,
    bundle,
    claim,
    claim_request,
    decode,
    encode,
    eventually,
    header_of,
    outcome_of,
    pass_time,
    response_of,
)

OTHER_INSURER = "7000911516"
KEY = "key-of-the-insurers"


@asynccontextmanager
async def serving(app: Any) -> AsyncIterator[str]:
    """A server on a free port of the loopback; gives its address."""
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, log_level="warning", ws="none", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    task = asyncio.ensure_future(server.serve())
    try:
        await eventually(lambda: server.started)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


@dataclass
class Gateway:
    """Where late answers go: keeps them, and says 503 as often as `away` tells."""

    came: list[bytes] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    away: int = 0

    async def process_message(self, request: Request) -> Response:
        if self.away:
            self.away -= 1
            return Response(status_code=503)
        self.keys.add(request.headers["Authorization"])
        self.came.append(await request.body())
        return Response(TAKEN, media_type="application/fhir+json")

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/$process-message", self.process_message, methods=["POST"])])


@dataclass
class Scene:
    client: httpx.AsyncClient
    clock: ManualClock
    gateway: Gateway

    async def post(self, message: bytes) -> httpx.Response:
        return await self.client.post("/any/base/$process-message", content=message)

    async def received(self) -> dict[str, Any]:
        seen = (await self.client.get("/received")).json()["received"]
        return {one["header"]: one for one in seen}

    async def wait_for(self, condition: Callable[[], bool]) -> None:
        """Let time go on until the condition holds."""

        def later() -> bool:
            self.clock.advance(1)
            return condition()

        await eventually(later)


def app_with(gateway: Gateway, clock: ManualClock, address: str | None = None) -> Starlette:
    """The sandbox for two insurers; its gateway is called without sockets unless there is an address."""
    return create_app(
        [INSURER, OTHER_INSURER],
        gateway_url=f"{address or 'http://gateway.test'}/$process-message",
        api_key=KEY,
        clock=clock,
        transport=None if address else httpx.ASGITransport(gateway.app()),
    )


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    """The application alone, for what does not depend on sockets."""
    clock, gateway = ManualClock(START), Gateway()
    app = app_with(gateway, clock)
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://sandbox.test") as client,
    ):
        yield Scene(client, clock, gateway)


@pytest.fixture
async def wire() -> AsyncIterator[Scene]:
    """The sandbox and its gateway, each a server on the loopback."""
    clock, gateway = ManualClock(START), Gateway()
    async with (
        serving(gateway.app()) as gateway_address,
        serving(app_with(gateway, clock, gateway_address)) as address,
        httpx.AsyncClient(base_url=address, trust_env=False, timeout=5) as client,
    ):
        yield Scene(client, clock, gateway)


SAID: dict[str, Callable[[bytes], object]] = {
    "APPROVE": lambda body: outcome_of(response_of(body)) == "approved",
    "PARTIAL": lambda body: outcome_of(response_of(body)) == "partial",
    "REJECT": lambda body: outcome_of(response_of(body)) == "rejected",
    "QUEUE": lambda body: response_of(body)["outcome"] == "queued",
    "STEPS": lambda body: response_of(body)["outcome"] == "queued",
    "ERROR": lambda body: b'"1658"' in body,
    "DECLINE": lambda body: header_of(body)["response"]["code"] == "fatal-error",
    "DUPLICATE": lambda body: b'"1677"' in body,
    "TWICE": lambda body: response_of(body)["outcome"] == "complete",
    "ASK": lambda body: response_of(body)["outcome"] == "queued",
    "ASKNOW": lambda body: b'"CommunicationRequest"' in body,
    "REVIEW": lambda body: outcome_of(response_of(body)) == "approved",
    "STRANGER": lambda body: header_of(body)["sender"]["identifier"]["value"] == "INS-STRANGER",
    "FOREIGN": lambda body: response_of(body)["outcome"] == "complete",
    "NOTHING": lambda body: response_of(body)["outcome"] == "complete",
    "DESPITE": lambda body: response_of(body)["outcome"] == "queued",
    "BARE": lambda body: response_of(body)["outcome"] == "complete",
    "OTHER": lambda body: response_of(body)["outcome"] == "complete",
    "INVALID": lambda body: "outcome" not in response_of(body),
    "GARBAGE": lambda body: body.startswith(b"<!DOCTYPE html>"),
    "HUGE": lambda body: len(body) > 10 * 1024 * 1024,
}


@pytest.mark.parametrize("ending", SAID)
async def test_what_is_said_in_session_comes_with_status_200(scene: Scene, ending: str) -> None:
    answer = await scene.post(claim_request(ending))
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == ("text/html" if ending == "GARBAGE" else "application/fhir+json")
    assert SAID[ending](answer.content)


def test_every_row_of_the_table_is_tried_over_http() -> None:
    tried_below = {"SILENT", "BUSY", "SLOW"}
    assert {row.name for row in TABLE} == SAID.keys() | tried_below


async def test_busy_is_503_with_retry_after(wire: Scene) -> None:
    request = claim_request("BUSY-1")
    busy = await wire.post(request)
    assert (busy.status_code, busy.headers["Retry-After"]) == (503, "1")
    assert (await wire.post(request)).status_code == 200


async def test_silence_holds_the_connection_until_the_client_goes(wire: Scene) -> None:
    request = claim_request("SILENT-1")
    with pytest.raises(httpx.ReadTimeout):
        await wire.client.post("/$process-message", content=request, timeout=0.1)
    assert (await wire.post(request)).status_code == 200
    seen = (await wire.received())[header_of(request)["id"]]
    assert (seen["attempts"], seen["answered"]) == (2, 1)


async def test_a_slow_answer_waits_for_its_seconds(scene: Scene) -> None:
    task = asyncio.ensure_future(scene.post(claim_request("SLOW-9")))
    await scene.wait_for(task.done)
    assert (scene.clock.now() - START).total_seconds() >= 9
    assert response_of((await task).content)["outcome"] == "complete"


async def test_late_answers_are_posted_to_the_gateway_with_the_key(wire: Scene) -> None:
    request = claim_request("STEPS-2")
    await wire.post(request)
    await wire.wait_for(lambda: len(wire.gateway.came) == 2)
    assert [response_of(one)["outcome"] for one in wire.gateway.came] == ["partial", "complete"]
    assert wire.gateway.keys == {f"Bearer {KEY}"}


async def test_late_answers_are_posted_again_while_the_gateway_is_away(wire: Scene) -> None:
    wire.gateway.away = 2
    await wire.post(claim_request("QUEUE-1"))
    await wire.wait_for(lambda: bool(wire.gateway.came))
    assert wire.gateway.away == 0


async def test_a_gateway_that_cannot_be_reached_is_tried_again_and_the_stop_is_clean() -> None:
    tried: list[httpx.Request] = []

    async def refuse(request: httpx.Request) -> httpx.Response:
        tried.append(request)
        raise httpx.ConnectError("refused")

    clock = ManualClock(START)
    app = create_app(
        [INSURER],
        gateway_url="http://gateway.test/$process-message",
        api_key=KEY,
        clock=clock,
        transport=httpx.MockTransport(refuse),
    )
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sandbox.test") as client,
    ):
        await client.post("/$process-message", content=claim_request("TWICE"))

        def tried_thrice() -> bool:
            clock.advance(1)
            return len(tried) == 3

        await eventually(tried_thrice)
        assert len({one.content for one in tried}) == 1


async def test_one_server_plays_several_insurers_and_no_others(scene: Scene) -> None:
    for licence in (INSURER, OTHER_INSURER):
        answer = await scene.post(claim_request(receiver=licence))
        assert header_of(answer.content)["sender"]["identifier"]["value"] == licence
    stranger = await scene.post(claim_request(receiver="7000000000"))
    assert stranger.status_code == 422
    assert stranger.json()["resourceType"] == "OperationOutcome"


async def test_what_is_no_message_gets_400_with_an_operation_outcome(scene: Scene) -> None:
    answer = await scene.post(b"hello")
    assert answer.status_code == 400
    assert answer.json()["issue"][0]["details"]["coding"][0]["code"] == "GE-00013"


async def test_other_paths_are_not_found(scene: Scene) -> None:
    assert (await scene.client.post("/$process-request", content=claim_request())).status_code == 404
    assert (await scene.client.get("/nothing")).status_code in {404, 405}


async def test_received_lists_headers_with_their_attempts_and_times(scene: Scene) -> None:
    request = claim_request("QUEUE-1")
    notice = encode(bundle("error-notice", claim("C")))
    for message in (request, notice, request):
        await scene.post(message)
    await scene.wait_for(lambda: bool(scene.gateway.came))
    seen = await scene.received()
    assert list(seen) == [header_of(request)["id"], header_of(notice)["id"]]
    first = seen[header_of(request)["id"]]
    assert (first["event"], first["licence"]) == ("claim-request", INSURER)
    assert (first["attempts"], first["answered"], first["posted"]) == (2, 2, 1)
    assert first["times"] == ["2026-03-01T06:00:00+00:00"] * 2


async def test_the_switch_plays_outages(wire: Scene) -> None:
    request = claim_request()
    assert (await wire.client.get("/health")).status_code == 200
    await wire.client.post("/switch", json={"state": "down"})
    assert (await wire.client.get("/health")).status_code == 503
    assert (await wire.post(request)).status_code == 503
    assert await wire.received() == {}
    await wire.client.post("/switch", json={"state": "silent"})
    with pytest.raises(httpx.ReadTimeout):
        await wire.client.post("/$process-message", content=request, timeout=0.1)
    assert (await wire.received())[header_of(request)["id"]]["attempts"] == 1
    await wire.client.post("/switch", json={"state": "up"})
    assert (await wire.post(request)).status_code == 200


@pytest.mark.parametrize("body", [b"", b"{}", b'{"state": "sideways"}', b"[]", b"\xff"])
async def test_a_switch_that_is_not_understood_says_how_to_turn_it(scene: Scene, body: bytes) -> None:
    answer = await scene.client.post("/switch", content=body)
    assert answer.status_code == 400
    assert "silent" in answer.text


async def test_orders_are_given_in_json_and_tell_what_was_handed_over(scene: Scene) -> None:
    request = claim_request("QUEUE-900")
    await scene.post(request)
    claim_ = decode(request)["entry"][1]["resource"]["identifier"][0]["value"]
    for order, body, event in (
        ("ask", {"claim": claim_, "text": "The report, please."}, "communication-request"),
        ("decide", {"claim": claim_, "outcome": "partial"}, "claim-response"),
        ("authorize", {"provider": PROVIDER, "insurer": INSURER}, "advanced-authorization"),
    ):
        answer = await scene.client.post(f"/control/{order}", json=body)
        (handed,) = answer.json()["handed"]
        assert (answer.status_code, handed["event"]) == (200, event)
        assert handed["header"] == header_of(scene.gateway.came[-1])["id"]
    number = handed["subject"]
    for order in ("restate", "revoke"):
        assert (await scene.client.post(f"/control/{order}", json={"number": number})).status_code == 200
    assert len(scene.gateway.came) == 5


async def test_the_page_and_its_json_show_what_is_known(scene: Scene) -> None:
    assert "Nothing came yet" in (await scene.client.get("/")).text
    await scene.post(encode(bundle("claim-request", claim("CLM-<b>"))))
    (known,) = (await scene.client.get("/control")).json()["known"]
    assert (known["identifier"], known["state"], known["decision"]) == ("CLM-<b>", "complete", "approved")
    page = await scene.client.get("/")
    assert page.headers["Content-Type"].startswith("text/html")
    assert "CLM-&lt;b&gt;" in page.text
    for word in (INSURER, *ORDERS, *(row.name for row in TABLE)):
        assert word in page.text
    assert "Patient" not in page.text


@pytest.mark.parametrize("row", ORDERS.values(), ids=lambda row: row.name)
async def test_every_order_is_understood_as_its_example_is_written(scene: Scene, row: Order) -> None:
    answer = await scene.client.post(f"/control/{row.name}", content=row.example)
    assert answer.status_code in {200, 409}
    assert row.example in (await scene.client.post(f"/control/{row.name}", content=b"[]")).json()["error"]


@pytest.mark.parametrize(
    ("order", "body", "status"),
    [
        ("dance", b"{}", 404),
        ("ask", b"", 400),
        ("ask", b'{"claim": "CLM-1", "else": 1}', 400),
        ("pay-every", b'{"seconds": -1}', 400),
        ("pay", b"", 200),
        ("ask", b'{"claim": "CLM-1"}', 409),
        ("authorize", b'{"provider": "PR-1001"}', 409),
        ("behave", b'{"behaviour": "DANCE"}', 409),
    ],
)
async def test_an_order_that_cannot_be_followed_says_why(
    scene: Scene, order: str, body: bytes, status: int
) -> None:
    answer = await scene.client.post(f"/control/{order}", content=body)
    assert answer.status_code == status
    assert ("error" in answer.json()) == (status != 200)


async def test_an_order_while_the_gateway_is_away_is_503_and_can_be_given_again(scene: Scene) -> None:
    await scene.post(claim_request())
    scene.gateway.away = 1
    answers = [await scene.client.post("/control/pay") for _ in range(2)]
    assert [one.status_code for one in answers] == [503, 200]
    assert len(scene.gateway.came) == 1


async def test_the_next_messages_behave_as_ordered(scene: Scene) -> None:
    await scene.client.post("/control/behave", json={"behaviour": "BUSY", "times": 1})
    assert [(await scene.post(claim_request())).status_code for _ in range(2)] == [503, 200]


async def test_a_server_can_have_a_payday() -> None:
    clock, gateway = ManualClock(START), Gateway()
    app = create_app(
        [INSURER],
        gateway_url="http://gateway.test/$process-message",
        api_key=KEY,
        clock=clock,
        transport=httpx.ASGITransport(gateway.app()),
        pay_every=60,
    )
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sandbox.test") as client,
    ):
        await client.post("/$process-message", content=claim_request())
        await pass_time(clock, 60)
        await eventually(lambda: len(gateway.came) == 1)
        assert header_of(gateway.came[0])["eventCoding"]["code"] == "payment-reconciliation"
