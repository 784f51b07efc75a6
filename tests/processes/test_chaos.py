"""Does a process that dies on the way of a message lose or double anything? `make chaos` is the long one."""

from pathlib import Path

import pytest

from campaigns.chaos.books import Failed, polled_twice
from campaigns.chaos.campaign import campaign, lines
from campaigns.chaos.points import Failure, named
from campaigns.chaos.provider import Polled, Provider
from campaigns.chaos.round import Outcome
from tests.postgres import Postgres

pytestmark = pytest.mark.processes

PLACES = (
    "after commit 1",
    "poll written, not confirmed",
    Failure.DATABASE_RESETS.value,
)


async def test_whatever_dies_or_fails_each_claim_has_one_answer_and_one_id(
    postgres: Postgres, postgres_template: str, sqlite_template: Path, tmp_path: Path
) -> None:
    templates = {
        "sqlite": f"sqlite:///{sqlite_template}",
        "postgresql": postgres.named(postgres_template),
    }
    outcomes: list[Outcome] = []
    await campaign(
        named(PLACES),
        templates,
        postgres,
        tmp_path,
        seed=1,
        runs=1,
        beside=2 * len(PLACES),
        tell=outcomes.append,
    )
    problems = [problem for one in outcomes for problem in one.problems]
    assert not problems, "\n".join([*lines(outcomes), *problems])
    assert [one.struck for one in outcomes] == [1] * (2 * len(PLACES) - 1)


@pytest.mark.parametrize(
    ("failed", "excused"), [(Failed(2.5, 4.0), True), (Failed(10.0, 12.0), False), (Failed(0.1, 1.0), False)]
)
async def test_a_message_may_come_twice_only_by_polls_with_a_failure_between(
    failed: Failed, excused: bool
) -> None:
    provider = Provider("http://127.0.0.1:1", "key")
    provider.polled["a"] = [Polled(1.5, 2.0), Polled(7.0, 7.1)]
    provider.polled["b"] = [Polled(1.5, 2.0)]
    await provider.close()
    assert list(polled_twice(provider, [failed], lease=5)) == [("a", excused)]
