"""Which ending does each HTTP status stand for, one by one?"""

from datetime import timedelta

import pytest

from claimgw.clearinghouse.delivery.outcomes import Outcome
from tests.clearinghouse.scene import playing
from tests.clearinghouse.spoken import (
    CLAIM,
    bare_refusal,
    fresh,
    says,
)
from tests.gateway import resource

REDIRECTS = (300, 301, 302, 303, 304, 305, 307, 308)
BLAMES_THE_GATEWAY = (*range(400, 408), *range(410, 419), 421, 422, 423, 424, 426, 428, 431, 451)
STATUSES: dict[Outcome, tuple[tuple[int, str], ...]] = {
    Outcome.MISCONFIGURED: tuple((status, "") for status in (*REDIRECTS, *BLAMES_THE_GATEWAY)),
    Outcome.BUSY: ((408, ""), (425, ""), (429, ""), (429, "7"), (503, "7")),
    Outcome.SERVER_ERROR: ((409, ""), (500, ""), (501, ""), (502, ""), (503, ""), (503, "soon"), (504, "")),
    Outcome.NOT_A_MESSAGE: ((204, ""), (206, "")),
}


@pytest.mark.parametrize("outcome", STATUSES)
async def test_every_status_ends_its_attempt_as_the_table_says(outcome: Outcome, sqlite: str) -> None:
    plays = [
        says(b"", f"{status} X", *([f"Retry-After: {after}"] if after else []))
        for status, after in STATUSES[outcome]
    ]
    never_open = {"breaker": {"least_failures": 1000}}
    async with playing(sqlite, *plays, participant=never_open) as scene:
        for status, _ in STATUSES[outcome]:
            raw = fresh(CLAIM)
            _, told = await scene.send(raw)
            [made] = await scene.attempts(raw)
            assert (status, made.outcome) == (status, outcome)
            assert resource(told, "ClaimResponse")["outcome"] == "queued"
        assert len(scene.insurer.received) == len(plays)


@pytest.mark.parametrize("status", ["429 Busy", "503 Busy"])
async def test_a_retry_after_prolongs_the_wait(status: str, sqlite: str) -> None:
    async with playing(sqlite, says(b"", status, "Retry-After: 77")) as scene:
        raw = fresh(CLAIM)
        await scene.send(raw)
        held = await scene.exchange(raw)
        assert held.due_at == scene.clock.now() + timedelta(seconds=77)


async def test_a_body_over_the_cap_under_an_error_status_is_judged_by_the_status(sqlite: str) -> None:
    page = b"x" * (10 * 1024 * 1024 + 1)
    async with playing(sqlite, says(page, "404 Not Found")) as scene:
        raw = fresh(CLAIM)
        await scene.send(raw)
        [made] = await scene.attempts(raw)
        assert made.outcome == Outcome.MISCONFIGURED


@pytest.mark.parametrize("status", ["400 Bad Request", "422 Unprocessable"])
async def test_a_refusal_with_an_bare_refusal_names_its_codes_to_the_provider(
    status: str, sqlite: str
) -> None:
    async with playing(sqlite, says(bare_refusal, status)) as scene:
        _, told = await scene.send(fresh(CLAIM))
        coding = resource(told, "ClaimResponse")["error"][0]["code"]["coding"][0]
        assert coding["code"] == "GE-00026"
        assert status[:3] in coding["display"]
