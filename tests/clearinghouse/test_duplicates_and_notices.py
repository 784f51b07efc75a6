"""What if the insurer has had it before, cannot take a notice, or refuses a claim that was held?"""

import json
from collections.abc import Callable

import pytest

from claimgw.insurers.sandbox import answers
from claimgw.store.records import State
from tests.clearinghouse.scene import GRACE, playing
from tests.clearinghouse.spoken import (
    CLAIM,
    Play,
    acknowledging,
    bare_refusal,
    deferred,
    fresh,
    hanging_up,
    in_session,
    says,
    tags,
)
from tests.gateway import resource


def fatal(raw: bytes) -> bytes:
    return acknowledging(raw, answers.DECLINED)


def duplicate_by_outcome(code: str) -> Play:
    return says(lambda raw: in_session(raw, "error", code=code))


def duplicate_by_status(code: str) -> Play:
    return says(lambda raw: bare_refusal(raw).replace(b"GE-00026", code.encode()), "422 X")


def duplicate_by_acknowledgement(code: str) -> Play:
    return says(lambda raw: acknowledging(raw, answers.Fault(code, "A duplicate")))


DUPLICATES = [
    (code, made)
    for code, made in (
        ("1677", duplicate_by_outcome),
        ("1678", duplicate_by_status),
        ("BV-00542", duplicate_by_acknowledgement),
    )
]


@pytest.mark.parametrize(("code", "made"), DUPLICATES)
async def test_a_duplicate_after_an_unknown_attempt_is_no_rejection(
    code: str, made: Callable[[str], Play], sqlite: str
) -> None:
    async with playing(sqlite, hanging_up, made(code)) as scene:
        raw = fresh(CLAIM)
        await scene.send(raw)
        scene.clock.advance(GRACE)
        assert await scene.work() == 1
        assert [row.outcome for row in await scene.attempts(raw)] == ["closed", "duplicate"]
        held = await scene.exchange(raw)
        assert (held.state, held.due_at) == (State.QUEUED, None)
        assert await scene.poll() == []
        real = deferred(raw)
        await scene.tell(real)
        assert await scene.poll() == [real]


async def test_a_duplicate_after_attempts_that_cannot_have_arrived_is_the_insurers_verdict(
    sqlite: str,
) -> None:
    async with playing(sqlite, says(b"", "429 X"), duplicate_by_outcome("1677")) as scene:
        raw = fresh(CLAIM)
        await scene.send(raw)
        scene.clock.advance(10)
        assert await scene.work() == 1
        assert [row.outcome for row in await scene.attempts(raw)] == ["busy", "error"]
        assert await scene.poll() == [scene.insurer.said[-1]]


# Notices


async def test_an_unusable_answer_to_a_notice_ends_it_without_another(sqlite: str) -> None:
    async with playing(sqlite, says(b"no"), on_notice=says(b"no again")) as scene:
        await scene.send(fresh(CLAIM))
        assert await scene.work() == 1
        assert await scene.notices() == []
        scene.clock.advance(100_000)
        assert await scene.work() == 0
        assert len(scene.insurer.notices) == 1


async def test_a_notice_that_cannot_be_delivered_is_tried_again(sqlite: str) -> None:
    async with playing(sqlite, says(b"no"), on_notice=says(b"", "429 X")) as scene:
        await scene.send(fresh(CLAIM))
        assert await scene.work() == 1
        [held] = await scene.notices()
        assert held.state is State.HELD
        scene.clock.advance(10)
        assert await scene.work() == 1
        first, second = scene.insurer.notices
        assert first == second


async def test_a_refusal_of_a_held_claim_goes_into_the_mailbox(sqlite: str) -> None:
    async with playing(sqlite, says(b"", "429 X"), says(fatal)) as scene:
        raw = fresh(CLAIM)
        await scene.send(raw)
        scene.clock.advance(10)
        await scene.work()
        [written] = await scene.poll()
        response = resource(json.loads(written), "ClaimResponse")
        assert response["outcome"] == "error"
        assert tags(response) == ["NPHIES generated"]
        assert (await scene.exchange(raw)).state is State.ANSWERED
