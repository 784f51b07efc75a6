"""Does $validate tell everything, and send nothing?"""

from collections.abc import Callable

import httpx
import pytest

from claimgw.store import messages
from claimgw.store.rule_changes import RuleChange, add_rule_change
from tests.clearinghouse.spoken import CLAIM, deferred, fresh, opened, polling
from tests.endpoint.doors import Doors
from tests.gateway import FHIR, HOSPITAL


async def validate(doors: Doors, raw: bytes, query: str = "", **headers: str) -> httpx.Response:
    named = {**FHIR, "authorization": f"Bearer {doors.keys[HOSPITAL]}", **headers}
    return await doors.gateway.client.post(f"/fhir/$validate{query}", content=raw, headers=named)


def codes(response: httpx.Response) -> list[str]:
    return [issue["details"]["coding"][0]["code"] for issue in response.json()["issue"]]


@pytest.mark.parametrize("made", [lambda: fresh(CLAIM), polling, lambda: deferred(fresh(CLAIM))])
async def test_a_sound_message_has_no_error(made: Callable[[], bytes], doors: Doors) -> None:
    response = await validate(doors, made())
    assert response.status_code == 200
    assert response.json()["resourceType"] == "OperationOutcome"
    assert not [issue for issue in response.json()["issue"] if issue["severity"] == "error"]


async def test_a_bundle_that_is_no_message_is_told_so(doors: Doors) -> None:
    response = await validate(doors, b'{"resourceType":"Bundle","entry":[]}')
    assert (response.status_code, codes(response)) == (200, ["BV-00126"])


async def test_a_faulty_message_is_told_every_finding_and_nothing_is_kept(doors: Doors) -> None:
    raw = fresh(CLAIM).replace(b'"status": "active"', b'"status": "active", "mood": "good"', 1)
    response = await validate(doors, raw)
    assert "FR-00027" in codes(response)
    sound = fresh(CLAIM)
    await validate(doors, sound)
    async with doors.gateway.database.read() as unit:
        for message in (raw, sound):
            sent = opened(message)
            ids = str(sent.bundle_id), str(sent.header_id)
            assert await messages.arrived(unit, str(sent.sender), *ids) == []


async def test_codes_that_nobody_can_check_are_told_here_and_not_on_the_wire(doors: Doors) -> None:
    told = (await validate(doors, fresh(CLAIM))).json()["issue"]
    assert {issue["severity"] for issue in told} == {"information"}
    assert [issue for issue in told if "Not checked" in issue["details"]["coding"][0]["display"]]
    refused = fresh(CLAIM).replace(b'"status": "active"', b'"status": "active", "mood": "good"', 1)
    answer = await doors.gateway.post(refused, doors.keys[HOSPITAL])
    assert b"FR-00027" in answer.content
    assert b"Not checked" not in answer.content


async def test_an_operators_change_holds_here_as_well(doors: Doors) -> None:
    raw = fresh(CLAIM).replace(b'"status": "active"', b'"status": "active", "mood": "good"', 1)
    assert "FR-00027" in codes(await validate(doors, raw))
    now = doors.clock.now()
    change = RuleChange("FR-00027", "off", now.date(), None, "", now, "a test")
    async with doors.gateway.database.write() as unit:
        await add_rule_change(unit, change)
    doors.clock.advance(3)
    assert "FR-00027" not in codes(await validate(doors, raw))


async def test_an_event_nobody_knows_is_a_finding_too(doors: Doors) -> None:
    raw = fresh(CLAIM).replace(b'"code": "claim-request"', b'"code": "claim"')
    assert codes(await validate(doors, raw))


async def test_a_body_that_cannot_come_in_is_refused_as_at_the_other_door(doors: Doors) -> None:
    response = await validate(doors, b"{}", **{"content-type": "text/plain"})
    assert (response.status_code, codes(response)) == (415, ["GE-00016"])
    assert (await validate(doors, b" " * (11 * 1024 * 1024))).status_code == 413


async def test_stages_are_told_one_by_one_unless_all_are_asked_for(doors: Doors) -> None:
    raw = fresh(CLAIM).replace(b'"status": "active"', b'"status": "active", "mood": "good"', 1)
    raw = raw.replace(b'"type": "message"', b'"type": "batch"', 1)
    staged, whole = await validate(doors, raw), await validate(doors, raw, "?stages=all")
    assert set(codes(staged)) < set(codes(whole))
    assert "BV-00130" in codes(whole)


@pytest.mark.parametrize("query", ["?stages=some", "?profile=x", "?stages=all&async=true"])
async def test_other_parameters_are_refused(query: str, doors: Doors) -> None:
    assert (await validate(doors, fresh(CLAIM), query)).status_code == 400
