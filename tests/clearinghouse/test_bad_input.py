"""Is whatever does not fit what came before refused with its code, and does it change nothing?"""

import json
import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.clearinghouse import bad_answers, bad_parties, bad_requests
from tests.clearinghouse.bad_said import checking
from tests.clearinghouse.bad_steps import Row, Rows, failed
from tests.clearinghouse.bad_world import Rows as Record
from tests.clearinghouse.bad_world import World, named, world
from tests.clearinghouse.spoken import opened
from tests.endpoint.errors_page import table
from tests.gateway import FALCON

pytestmark = pytest.mark.asyncio(loop_scope="module")

COMMIT: Rows = {**bad_parties.rows(), **bad_requests.rows(), **bad_answers.rows()}
ROWS = {(event, fault): told for event, fault, *told in table("Against what came before")}
_CODE = re.compile(r'/adjudication-error",\s*"code":\s*"([^"]+)"')


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """One gateway for all the rows: each has claims of its own."""
    async with world(f"sqlite:///{tmp_path_factory.mktemp('bad')}/claimgw.db") as opened:
        yield opened


async def test_every_row_has_a_message_and_every_message_a_row() -> None:
    assert set(ROWS) == set(COMMIT)


@pytest.mark.parametrize(("event", "fault"), COMMIT)
async def test_a_fault_is_refused_as_the_table_says_and_changes_nothing(
    event: str, fault: str, shared: World
) -> None:
    codes, status, body = ROWS[event, fault][:3]
    row: Row = COMMIT[event, fault]
    raw, who = await row(shared)
    before = await shared.record()
    response = await shared.post(raw, who)
    assert response.status_code == int(status), response.text
    tree = response.json()
    if response.status_code == 200:
        assert tree["entry"][0]["resource"]["eventCoding"]["code"] == body
    else:
        assert tree["resourceType"] == body == "OperationOutcome"
    assert set(_CODE.findall(json.dumps(tree))) == set(codes.split(", ")), response.text
    only_refused_by_its_sender(before, await shared.record(), who)


async def test_the_status_of_a_claim_that_was_answered_with_an_error_is_told_by_its_insurer(
    shared: World,
) -> None:
    raw = failed()
    await shared.claimed(raw, outcome="error")
    told = await shared.say(checking(named(raw)))
    assert str(opened(told).sender) == FALCON
    assert '"code":"error"' in told.decode()


def only_refused_by_its_sender(before: Record, after: Record, who: str) -> None:
    """Every row is as it was; what is new is that its sender was refused, and nobody got anything."""
    for name, rows in before.items():
        assert {key: after[name].get(key) for key in rows} == rows, name
        new = [after[name][key] for key in after[name].keys() - rows.keys()]
        assert all(who in row for row in new), new
        # The first batch of a pair is where its history begins, whatever became of its claims.
        assert not new or name == "history_start" or (name == "exchange" and "refused" in new[0]), new
        assert len(new) <= 3, new
