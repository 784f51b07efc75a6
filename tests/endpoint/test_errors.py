"""Is every fault answered as docs/errors.md says, without a word of the message in answers or logs?"""

import json
import logging
import shutil
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog

from tests.clearinghouse.spoken import CLAIM, fresh
from tests.endpoint.doors import open_doors, without_store
from tests.endpoint.errors_page import table
from tests.endpoint.faults import COMMIT
from tests.gateway import resource

PERSONAL = ("Rakan", "Rayan", "Al-Safwan", "1098765401", "1979-05-17")
# An answer to a provider repeats its own entries, as real ones do (spec 0.3 item 10).
ECHOED = {"Patient", "Coverage", "Organization", "Practitioner"}
ROWS = table()


def test_every_row_has_a_request_and_every_request_a_row() -> None:
    names = [row[0] for row in ROWS]
    assert len(names) == len(set(names))
    assert set(names) == set(COMMIT)


def test_the_message_holds_the_words_that_are_looked_for() -> None:
    assert all(word.encode() in fresh(CLAIM) for word in PERSONAL if word != "Rayan")


@pytest.fixture
def folder(tmp_path: Path, sqlite_template: Path) -> Path:
    """One that can be taken away, with a migrated database in it."""
    folder = tmp_path / "store"
    folder.mkdir()
    shutil.copyfile(sqlite_template, folder / "claimgw.db")
    return folder


@pytest.mark.parametrize(("fault", "code", "status", "body"), [row[:4] for row in ROWS])
async def test_a_fault_is_answered_as_the_table_says(
    fault: str, code: str, status: str, body: str, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)  # what `telemetry.logs` lets libraries say
    with structlog.testing.capture_logs() as lines:
        async with open_doors(f"sqlite:///{folder / 'claimgw.db'}") as doors:
            response = await COMMIT[fault](doors)
    assert response.status_code == int(status)
    check_body(response, code, body)
    check_headers(response)
    logged = json.dumps(lines, default=str) + caplog.text
    assert not [word for word in PERSONAL if word in logged]


def check_body(response: httpx.Response, code: str, body: str) -> None:
    tree = response.json()
    if response.status_code != 200:
        assert body == tree["resourceType"] == "OperationOutcome"
        assert "entry" not in tree
    else:
        assert (tree["resourceType"], tree["type"]) == ("Bundle", "message")
        assert resource(tree, "MessageHeader")["eventCoding"]["code"] == body
    assert code in codes_of(tree)
    written = json.dumps(without_echo(tree), ensure_ascii=False)
    assert not [word for word in PERSONAL if word in written]


def codes_of(tree: dict[str, Any]) -> list[str]:
    """The code of every finding, wherever the kind of answer keeps them."""
    resources = [tree] if tree["resourceType"] != "Bundle" else [one["resource"] for one in tree["entry"]]
    concepts = [
        concept
        for one in resources
        for concept in (
            *(issue["details"] for issue in one.get("issue", [])),
            *(row["code"] for row in one.get("error", [])),
            *(row["valueCodeableConcept"] for row in one.get("output", [])),
        )
    ]
    return [concept["coding"][0]["code"] for concept in concepts]


def without_echo(tree: dict[str, Any]) -> dict[str, Any]:
    resources = [one["resource"] for one in tree.get("entry", [])]
    # A Patient at fault is not repeated, but named by its identifier: somebody is being answered about.
    kept = [{**one, "patient": None} for one in resources if one["resourceType"] not in ECHOED]
    return {**tree, "entry": kept}


def check_headers(response: httpx.Response) -> None:
    assert response.headers["content-type"] == "application/fhir+json"
    assert len(response.headers.get_list("x-request-id")) == 1
    assert ("retry-after" in response.headers) == (response.status_code == 503)
    assert ("www-authenticate" in response.headers) == (response.status_code == 401)
    assert ("allow" in response.headers) == (response.status_code == 405)


async def test_a_message_lost_with_the_store_is_taken_when_it_is_sent_again(folder: Path) -> None:
    """Nothing was acknowledged, so the same message with the same ids is a new one."""
    raw = fresh(CLAIM)
    async with open_doors(f"sqlite:///{folder / 'claimgw.db'}") as doors:
        await doors.gateway.post(fresh(CLAIM), doors.key)
        lost = await without_store(doors, folder, lambda: doors.gateway.post(raw, doors.key))
        assert lost.status_code == 503
        assert (await doors.gateway.post(raw, doors.key)).status_code == 200
