"""When is a message tried no more, who is told, and does an answer still count? On both databases."""

import json
from datetime import timedelta
from typing import Any

import pytest

from claimgw.store import participants, pauses
from claimgw.store.ledger import ledger
from claimgw.store.records import State
from tests.clearinghouse.catalogue.senders import cancelling, communicating
from tests.clearinghouse.scene import Scene, playing
from tests.clearinghouse.spoken import (
    CLAIM,
    Play,
    acknowledging,
    complete,
    deferred,
    fresh,
    hanging_up,
    opened,
    says,
    tags,
)
from tests.gateway import FALCON, resource
from tests.insurers.peers import Talk

NOBODY = "http://127.0.0.1:1/"
DAY = 86_400.0


async def changed(scene: Scene, **policy: Any) -> None:
    """The insurer's policy is set anew, and every node knows."""
    async with scene.gateway.database.read() as unit:
        known = await participants.find_participant(unit, FALCON)
    assert known is not None
    await scene.move(known.endpoint or "", delivery=policy)


async def dead(scene: Scene) -> int:
    """How many dead letters the books show; they balance."""
    async with scene.gateway.database.read() as unit:
        stands = await ledger(unit)
    assert stands.balances
    return stands.total.dead


async def test_a_claim_never_delivered_for_five_days_is_an_error_for_its_provider(address: str) -> None:
    async with playing(address, endpoint=NOBODY) as scene:
        raw = fresh(CLAIM)
        await scene.send(raw)
        scene.clock.advance(5 * DAY - 1)
        assert await scene.work() == 1
        assert (await scene.exchange(raw)).state is State.HELD
        scene.clock.advance(61)
        assert await scene.work() == 0
        held = await scene.exchange(raw)
        assert (held.state, held.due_at, held.answered_by) == (State.GIVEN_UP, None, "gateway")
        assert held.reason.startswith("given up after 5 days; nobody listens at the insurer's address")
        [told] = await scene.poll()
        bundle = json.loads(told)
        response = resource(bundle, "ClaimResponse")
        assert response["outcome"] == "error"
        assert response["error"][0]["code"]["coding"][0]["code"] == "GE-00012"
        assert (tags(bundle), tags(response)) == (["nphies-generated"], ["NPHIES generated"])
        assert opened(told).responds_to == opened(raw).header_id
        assert (await scene.send(raw))[1]["id"] == bundle["id"]
        assert await dead(scene) == 1
        scene.clock.advance(10 * DAY)
        assert await scene.work() == 0
        assert await scene.poll() == []


async def test_an_answer_after_the_error_counts_and_both_stay_on_record(sqlite: str) -> None:
    async with playing(sqlite, endpoint=NOBODY) as scene:
        raw = await given_up(scene)
        [error] = await scene.poll()
        answer = deferred(raw)
        _, acknowledged = await scene.tell(answer)
        assert resource(acknowledged, "MessageHeader")["response"]["code"] == "ok"
        assert await scene.poll() == [answer]
        held = await scene.exchange(raw)
        assert (held.state, held.answered_by) == (State.ANSWERED, "insurer")
        assert opened(error).outcome == "error"
        assert await dead(scene) == 0


async def given_up(scene: Scene) -> bytes:
    """A claim that waited for more than five days."""
    raw = fresh(CLAIM)
    await scene.send(raw)
    scene.clock.advance(5 * DAY + 61)
    await scene.work()
    assert (await scene.exchange(raw)).state is State.GIVEN_UP
    return raw


async def test_of_a_claim_that_may_have_arrived_nobody_is_told_and_a_late_answer_counts(address: str) -> None:
    async with playing(address, hanging_up) as scene:
        raw = await given_up(scene)
        held = await scene.exchange(raw)
        assert held.reason.startswith("given up after 5 days, and it may have arrived; the insurer read and")
        assert await scene.poll() == []
        _, told = await scene.send(raw)
        assert resource(told, "ClaimResponse")["outcome"] == "queued"
        assert await dead(scene) == 1
        answer = deferred(raw)
        await scene.tell(answer)
        assert await scene.poll() == [answer]
        assert (await scene.exchange(raw)).state is State.ANSWERED


async def test_a_pause_does_not_stop_the_time(sqlite: str) -> None:
    async with playing(sqlite) as scene:
        async with scene.gateway.database.write() as unit:
            await pauses.set_pause(unit, pauses.Pause(FALCON, "a test", scene.clock.now(), "test"))
        scene.clock.advance(6)
        raw = await given_up(scene)
        assert scene.insurer.received == []
        assert (await scene.exchange(raw)).reason.endswith("delivery is paused: a test")


async def test_what_goes_by_hand_waits_for_a_person(sqlite: str) -> None:
    async with playing(sqlite, endpoint=NOBODY, participant={"mode": "by-hand"}) as scene:
        raw = fresh(CLAIM)
        await scene.send(raw)
        scene.clock.advance(100 * DAY)
        await scene.work()
        assert (await scene.exchange(raw)).state is State.HELD


@pytest.mark.parametrize(("play", "code"), [(None, "completed"), (hanging_up, "failed")])
async def test_a_claim_that_was_given_up_can_be_cancelled(play: Play | None, code: str, sqlite: str) -> None:
    """By the gateway if it cannot have arrived; otherwise its insurer would have to agree, and is away."""
    async with playing(sqlite, *([play] if play else []), endpoint=None if play else NOBODY) as scene:
        raw = await given_up(scene)
        _, told = await scene.send(cancelling(raw))
        assert resource(told, "Task")["status"] == code
        stands = (await scene.exchange(raw)).state
        assert stands is (State.CANCELLED if code == "completed" else State.GIVEN_UP)


async def test_what_waited_behind_a_given_up_claim_goes_on_alone(sqlite: str) -> None:
    async with playing(sqlite, endpoint=NOBODY) as scene:
        raw = fresh(CLAIM)
        await scene.send(raw)
        scene.clock.advance(4 * DAY)
        message = communicating(raw)
        await scene.send(message)
        await scene.move(scene.address)
        scene.clock.advance(DAY + 61)
        scene.insurer.plays = [says(acknowledging)]
        await changed(scene, give_up_seconds=2 * DAY)
        await scene.work()
        assert (await scene.exchange(raw)).state is State.GIVEN_UP
        await scene.work()
        assert scene.insurer.received == [message]


async def test_a_policy_that_is_changed_counts_for_what_is_held_already(address: str) -> None:
    async with playing(address, endpoint=NOBODY) as scene:
        raw = fresh(CLAIM)
        await scene.send(raw)
        await changed(scene, waits=[7000], spread=0)
        scene.clock.advance(10)
        assert await scene.work() == 1
        due = (await scene.exchange(raw)).due_at
        assert due == scene.clock.now() + timedelta(seconds=7000)
        await changed(scene, give_up_seconds=60)
        scene.clock.advance(60)
        assert await scene.work() == 0
        held = await scene.exchange(raw)
        assert held.state is State.GIVEN_UP
        assert held.reason.startswith("given up after 1 minute; ")


def unless(poisoned: bytes, then: Play) -> Play:
    """Answers everything but that message."""

    async def play(talk: Talk, raw: bytes) -> bytes | None:
        return await (then if raw == poisoned else complete)(talk, raw)

    return play


BROKEN = says(b"", "500 No")
TOO_LARGE = says(b"", "413 Too Large")


@pytest.mark.parametrize(("play", "told"), [(BROKEN, False), (TOO_LARGE, True)])
async def test_a_message_that_alone_fails_is_set_aside_while_others_pass(
    play: Play, told: bool, address: str
) -> None:
    policy = {"delivery": {"most_tries": 3, "waits": [10], "slow_seconds": 10}, "grace_seconds": 10}
    poison = fresh(CLAIM)
    async with playing(address, unless(poison, play), participant=policy) as scene:
        await scene.send(poison)
        for _ in range(3):
            _, heard = await scene.send(fresh(CLAIM))
            assert resource(heard, "ClaimResponse")["outcome"] == "complete"
            scene.clock.advance(13)
            await scene.work()
        held, made = await scene.exchange(poison), await scene.attempts(poison)
        assert (held.state, len(made)) == (State.GIVEN_UP, 3)
        assert held.reason.startswith("given up after 3 tries, while others got through")
        assert len(await scene.poll()) == told
        assert await dead(scene) == 1


async def test_where_nothing_gets_through_no_message_is_to_blame(sqlite: str) -> None:
    policy = {"delivery": {"most_tries": 2, "waits": [10]}, "grace_seconds": 10}
    never_open = {"least_failures": 1000}
    async with playing(sqlite, BROKEN, participant={**policy, "breaker": never_open}) as scene:
        raw = fresh(CLAIM)
        await scene.send(raw)
        for _ in range(4):
            await scene.send(fresh(CLAIM))
            scene.clock.advance(13)
            await scene.work()
        assert (await scene.exchange(raw)).state is State.UNCONFIRMED
        # It is there again: what failed until now gets through like the rest.
        scene.insurer.plays = [complete]
        scene.clock.advance(13)
        await scene.work()
        scene.clock.advance(13)
        await scene.work()
        assert await dead(scene) == 0
        assert (await scene.exchange(raw)).state is State.ANSWERED


async def test_an_answer_in_the_last_session_is_given_before_the_end(sqlite: str) -> None:
    """What is in flight when its time is up is heard first."""
    async with playing(sqlite, hanging_up) as scene:
        raw = fresh(CLAIM)
        await scene.send(raw)
        scene.insurer.plays = [complete]
        scene.clock.advance(5 * DAY - 1)
        assert await scene.work() == 1
        assert (await scene.exchange(raw)).state is State.ANSWERED
