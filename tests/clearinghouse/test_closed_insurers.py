"""What becomes of messages to a closed insurer: when are they sent, and what is told meanwhile?"""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from claimgw.store.records import State
from tests.clearinghouse.batches import outcomes, three
from tests.clearinghouse.catalogue.senders import an, cancelling, checking
from tests.clearinghouse.scene import FALCON_NAME, Scene, playing, until
from tests.clearinghouse.spoken import AUTHORIZATION, CLAIM, Json, complete, fresh, opened
from tests.gateway import resource
from tests.insurers.peers import Talk, answer, unused_port

# The scene begins on a Sunday at eleven in Riyadh.
AFTERNOONS: dict[str, Any] = {"weekly": {"sunday-thursday": ["13:00-17:00"]}}
NEXT = "not accepting at the moment; next Sunday 1/11 at 1:00pm"
ONE_BY_ONE = {"most_in_flight": 1}


def disposition(told: Json) -> str:
    return str(resource(told, "ClaimResponse")["disposition"])


async def at(scene: Scene, day: int, hour: int, minute: int = 0) -> None:
    """Move on to a time in Riyadh in that November."""
    then = datetime(2026, 11, day, hour, minute, tzinfo=UTC) - timedelta(hours=3)
    scene.clock.advance((then - scene.clock.now()).total_seconds())


async def worked_off(scene: Scene) -> None:
    """The worker looks until nothing is left to send."""
    while await scene.work():
        scene.clock.advance(0.1)


async def test_a_closed_insurer_holds_the_claim_until_opening(address: str) -> None:
    async with playing(address, participant={"hours": AFTERNOONS}) as scene:
        raw = fresh(CLAIM)
        body, told = await scene.send(raw)
        assert NEXT in disposition(told)
        assert len(disposition(told)) <= 250
        held = await scene.exchange(raw)
        assert (held.state, held.reason, held.waiting) == (State.HELD, NEXT, False)
        assert await scene.send(raw) == (body, told)
        asked = f"/exchanges?header={opened(raw).header_id}"
        response = await scene.gateway.client.get(asked, headers={"authorization": f"Bearer {scene.key}"})
        assert response.json()[0]["next_attempt"] == "2026-11-01T10:00:00Z"
        await at(scene, 1, 12, 59)
        assert await scene.work() == 0
        assert (scene.insurer.received, await scene.attempts(raw)) == ([], [])
        await at(scene, 1, 13)
        assert await scene.work() == 1
        assert scene.insurer.received == [raw]
        assert await scene.poll() == scene.insurer.said


async def test_what_waited_goes_in_the_order_in_which_it_came(sqlite: str) -> None:
    async with playing(sqlite, participant={"hours": AFTERNOONS, **ONE_BY_ONE}) as scene:
        sent = [fresh(name) for name in (CLAIM, AUTHORIZATION, CLAIM, CLAIM)]
        for raw in sent:
            await scene.send(raw)
            scene.clock.advance(60)
        await at(scene, 1, 13)
        await worked_off(scene)
        assert scene.insurer.received == sent


NOT_HELD = {
    "eligibility-request": lambda _: an("eligibility-request"),
    "status-check": checking,
    "cancel-request": cancelling,
}


@pytest.mark.parametrize("event", NOT_HELD)
async def test_what_may_not_wait_is_answered_at_once(event: str, address: str) -> None:
    async with playing(address, participant={"hours": {"weekly": {"sunday": ["09:00-12:00"]}}}) as scene:
        claim = fresh(CLAIM)
        await scene.send(claim)
        scene.insurer.received.clear()
        await at(scene, 1, 12)
        raw = NOT_HELD[event](claim)
        body, told = await scene.send(raw)
        assert "GE-00012" in body.decode()
        assert f"{FALCON_NAME} is not accepting at the moment; next Sunday 8/11 at 9:00am" in body.decode()
        assert await scene.send(raw) == (body, told)
        await at(scene, 8, 10)
        assert await scene.work() == 0
        assert (scene.insurer.received, await scene.poll()) == ([], [])


async def test_the_gateway_itself_takes_back_what_waits_for_an_opening(sqlite: str) -> None:
    async with playing(sqlite, participant={"hours": AFTERNOONS}) as scene:
        claim = fresh(CLAIM)
        await scene.send(claim)
        _, told = await scene.send(cancelling(claim))
        assert resource(told, "Task")["status"] == "completed"
        await at(scene, 1, 14)
        assert await scene.work() == 0
        assert scene.insurer.received == []


async def test_a_batch_waits_as_its_claims_do(sqlite: str) -> None:
    async with playing(sqlite, participant={"hours": AFTERNOONS, **ONE_BY_ONE}) as scene:
        raw, members = three()
        body, told = await scene.send(raw)
        assert outcomes(told) == ["queued"] * 3
        assert body.decode().count(NEXT) == 3
        assert (await scene.exchange(members[0])).reason == NEXT
        assert await scene.work() == 0
        await at(scene, 1, 13)
        await worked_off(scene)
        assert scene.insurer.received == members


async def test_a_large_claim_is_checked_although_its_insurer_is_closed(sqlite: str) -> None:
    async with playing(sqlite, participant={"hours": AFTERNOONS}, large_items=1) as scene:
        raw = fresh(CLAIM)
        _, told = await scene.send(raw)
        assert NEXT in disposition(told)
        assert await scene.work() == 0
        assert (await scene.exchange(raw)).state is State.HELD
        await at(scene, 1, 13)
        await scene.work()
        await worked_off(scene)
        assert scene.insurer.received == [raw]


async def test_a_closure_entered_over_a_backlog_holds_it_until_its_end(address: str) -> None:
    """Two weeks of it, and nothing is given up: the days do not count."""
    nowhere = f"http://127.0.0.1:{unused_port()}/"
    async with playing(address, endpoint=nowhere, participant=ONE_BY_ONE) as scene:
        sent = [fresh(CLAIM) for _ in range(3)]
        for raw in sent:
            await scene.send(raw)
        closure = {"begins": "2026-11-01T11:00", "ends": "2026-11-15", "reason": "moving house"}
        await scene.move(scene.address, hours={"closures": [closure]})
        made = [len(await scene.attempts(raw)) for raw in sent]
        scene.clock.advance(60)
        _, told = await scene.send(late := fresh(CLAIM))
        assert "next Monday 16/11 at 12:00am" in disposition(told)
        assert (await scene.exchange(late)).reason.endswith("at 12:00am (moving house)")
        for day in range(2, 16):
            await at(scene, day, 9)
            assert await scene.work() == 0
        assert [len(await scene.attempts(raw)) for raw in sent] == made
        await at(scene, 16, 0)
        await worked_off(scene)
        assert sorted(scene.insurer.received[:3]) == sorted(sent)
        assert scene.insurer.received[3:] == [late]
        assert {(await scene.exchange(raw)).state for raw in (*sent, late)} == {State.ANSWERED}


async def test_hours_that_are_changed_count_for_what_is_held_already(sqlite: str) -> None:
    async with playing(sqlite, participant={"hours": AFTERNOONS}) as scene:
        raw = fresh(CLAIM)
        await scene.send(raw)
        assert await scene.work() == 0
        await scene.move(scene.address, hours={})
        assert await scene.work() == 1
        assert scene.insurer.received == [raw]


async def test_a_session_that_is_open_at_closing_time_gets_its_answer(sqlite: str) -> None:
    gate = asyncio.Event()

    async def slow(talk: Talk, raw: bytes) -> bytes | None:
        await gate.wait()
        return await complete(talk, raw)

    hours = {"weekly": {"sunday": ["09:00-11:01"]}}
    async with playing(sqlite, slow, participant={"hours": hours}) as scene:
        await at(scene, 1, 11)
        scene.clock.advance(45)
        raw = fresh(CLAIM)
        session = asyncio.create_task(scene.send(raw))

        async def taken() -> bool:
            return scene.insurer.received == [raw]

        await until(taken)
        scene.clock.advance(20)
        gate.set()
        body, _ = await session
        assert body == scene.insurer.said[0]
        _, told = await scene.send(fresh(CLAIM))
        assert "next Sunday 8/11 at 9:00am" in disposition(told)
        assert scene.insurer.received == [raw]


async def test_what_failed_shortly_before_closing_is_tried_at_the_opening(sqlite: str) -> None:
    async def broken(talk: Talk, raw: bytes) -> bytes | None:
        await talk.send(answer(b"", "503 Service Unavailable", "Retry-After: 30"))
        return None

    hours = {"weekly": {"sunday-monday": ["09:00-11:01"]}}
    async with playing(sqlite, broken, complete, participant={"hours": hours}) as scene:
        scene.clock.advance(45)
        raw = fresh(CLAIM)
        _, told = await scene.send(raw)
        assert resource(told, "ClaimResponse")["outcome"] == "queued"
        for _ in range(3):
            scene.clock.advance(600)
            assert await scene.work() == 0
        await at(scene, 2, 9)
        assert await scene.work() == 1
        assert [made.outcome for made in await scene.attempts(raw)] == ["busy", "complete"]


async def test_a_trial_says_when_it_would_be_delivered(sqlite: str) -> None:
    async with playing(sqlite, participant={"hours": AFTERNOONS}) as scene:
        response = await scene.gateway.client.post(
            "/fhir/$validate?submit=dry",
            content=fresh(CLAIM),
            headers={"authorization": f"Bearer {scene.key}", "content-type": "application/fhir+json"},
        )
        [first, *_] = json.loads(response.content)["issue"]
        assert first["extension"][0]["valueCode"] == "closed"
        assert NEXT in first["diagnostics"]
