"""Does the gateway take the polls of the SDK, and does the SDK get what was sent?"""

import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from claimgw.client import Credentials, GatewayClient, Provider, ProviderClient, poll_request
from claimgw.clock import ManualClock
from claimgw.conformance import Direction, check
from claimgw.messages.envelope import Envelope, read
from claimgw.messages.identifiers import Identifier, Licence
from tests.claims import fresh
from tests.gateway import CLINIC, FALCON, HOSPITAL, Gateway, example, parsed, register, running

NOW = datetime(2026, 11, 1, 8, tzinfo=UTC)
# The sandbox queues it, and answers long after the test.
CLAIM = fresh("claim-request-institutional", "polled", "QUEUE-9999")
# From its first brace to its last: white space around it belongs to whatever it stands in.
DEFERRED = example("claim-response-deferred").strip().replace(b"CLM-2026-04102", b"polled-QUEUE-9999")
PROVIDER = Provider(Licence.parse(HOSPITAL))


def task(raw: bytes) -> dict[str, Any]:
    envelope = read(raw)
    assert isinstance(envelope, Envelope)
    assert envelope.focal is not None
    return envelope.focal.resource


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"count": 100, "include": ["claim-response", "priorauth-response"]},
        {"exclude": ["payment-reconciliation"]},
        {"period": (NOW, None)},
        {"period": (NOW, NOW), "about": Identifier("http://alwaha.example/identifiers/claim", "CLM-1")},
    ],
    ids=["plain", "include", "exclude", "since", "about"],
)
def test_a_poll_has_nothing_that_could_be_found_wrong(asked: dict[str, Any]) -> None:
    envelope = read(poll_request(PROVIDER, NOW, **asked))
    assert isinstance(envelope, Envelope)
    assert check(envelope, NOW, direction=Direction.REQUEST, all_stages=True) == []


def test_every_poll_has_ids_of_its_own() -> None:
    first, second = (json.loads(poll_request(PROVIDER, NOW)) for _ in range(2))
    assert first["id"] != second["id"]
    assert first["entry"][0]["resource"]["id"] != second["entry"][0]["resource"]["id"]


def test_what_is_asked_for_stands_in_the_task() -> None:
    asked = task(poll_request(PROVIDER, NOW, count=7, include=["claim-response"], period=(NOW, None)))
    values = [
        (row["type"]["coding"][0]["code"], *(value for key, value in row.items() if key != "type"))
        for row in asked["input"]
    ]
    assert values == [
        ("include-message-type", "claim-response"),
        ("count", 7),
        ("period", {"start": "2026-11-01T08:00:00.000Z"}),
    ]


def speaking(gateway: Gateway, key: str) -> GatewayClient:
    transport = httpx.ASGITransport(app=gateway.app, raise_app_exceptions=False)
    return GatewayClient("http://gateway", Credentials(key=key), transport=transport)


async def test_what_an_insurer_sent_is_polled_byte_for_byte(address: str) -> None:
    async with running(address, worker=False) as gateway:
        hospital = await register(gateway.database, HOSPITAL)
        falcon = await register(gateway.database, FALCON)
        late = DEFERRED
        async with speaking(gateway, hospital) as provider, speaking(gateway, falcon) as insurer:
            await provider.send(CLAIM)
            acknowledged = await insurer.send(late)
            assert acknowledged.event == "acknowledgement"
            assert not acknowledged.refused
            polled = await provider.poll(HOSPITAL, count=10, include=["claim-response"])
            assert polled.messages == (late,)
            assert not polled.more
            assert (await provider.poll(HOSPITAL)).messages == ()


async def test_only_what_is_asked_for_is_fetched_and_the_rest_is_announced(address: str) -> None:
    async with running(address, worker=False) as gateway:
        hospital = await register(gateway.database, HOSPITAL)
        await register(gateway.database, CLINIC)
        falcon = await register(gateway.database, FALCON)
        late = DEFERRED
        about = parsed(httpx.Response(200, content=late))["entry"][1]["resource"]["request"]["identifier"]
        async with speaking(gateway, hospital) as provider, speaking(gateway, falcon) as insurer:
            await provider.send(CLAIM)
            await insurer.send(late)
            other = await provider.poll(HOSPITAL, about=Identifier(about["system"], "another"))
            assert (other.messages, other.more) == ((), True)
            again = await provider.send(fresh("claim-request-professional", "polls", "APPROVE"))
            assert again.more
            found = await provider.poll(HOSPITAL, about=Identifier(about["system"], about["value"]))
            assert found.messages == (late,)


async def test_what_a_client_has_finished_is_confirmed_and_what_it_lost_comes_again(address: str) -> None:
    clock = ManualClock(NOW)
    async with running(address, worker=False, clock=clock) as gateway:
        hospital = await register(gateway.database, HOSPITAL, settings={"confirms": True})
        falcon = await register(gateway.database, FALCON)
        clock.advance(6)

        def client() -> ProviderClient:
            transport = httpx.ASGITransport(app=gateway.app, raise_app_exceptions=False)
            return ProviderClient(
                "http://gateway", HOSPITAL, Credentials(key=hospital), transport=transport, clock=clock
            )

        async with client() as provider, speaking(gateway, falcon) as insurer:
            await provider.send(CLAIM)
            await insurer.send(DEFERRED)
            async for message in provider.poll():
                assert message.raw == DEFERRED
                break
        clock.advance(301)
        # Another process, which knows nothing of that poll.
        async with client() as provider:
            assert [message.raw async for message in provider.poll()] == [DEFERRED]
            clock.advance(301)
            assert [message async for message in provider.poll()] == []
            [one] = [one async for one in provider.delivered(NOW)]
            assert (one.offers, one.confirmed, one.event) == (2, one.delivered, "claim-response")
            assert (await provider.delivered_again(one)).raw == DEFERRED
            assert [one async for one in provider.delivered(end=NOW)] == []
