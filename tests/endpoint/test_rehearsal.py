"""Does $validate?submit=dry tell what would become of a message, to its sender alone, and keep nothing?"""

import json
from typing import Any

import pytest
from sqlalchemy import func, select

from claimgw.store import pauses
from claimgw.store.tables import metadata
from tests.clearinghouse.spoken import AUTHORIZATION, CLAIM, deferred, fresh, opened, polling, renamed
from tests.endpoint.doors import Doors, ask, open_doors
from tests.endpoint.said import cancelling
from tests.gateway import CLINIC, FALCON, FHIR, HOSPITAL, example


async def rehearse(doors: Doors, raw: bytes, who: str = HOSPITAL, more: str = "") -> Any:
    headers = {**FHIR, "authorization": f"Bearer {doors.keys[who]}"}
    path = f"/fhir/$validate?submit=dry{more}"
    return (await doors.gateway.client.post(path, content=raw, headers=headers)).json()


def prospect(outcome: Any) -> str:
    assert [issue for issue in outcome["issue"] if "extension" in issue] == outcome["issue"][:1]
    return str(outcome["issue"][0]["extension"][0]["valueCode"])


def codes(outcome: Any) -> list[str]:
    return [one["details"]["coding"][0]["code"] for one in outcome["issue"] if one["severity"] == "error"]


async def rows(doors: Doors) -> dict[str, int]:
    async with doors.gateway.database.read() as unit:
        tables = metadata.sorted_tables
        return {one.name: await unit.scalar(select(func.count()).select_from(one)) or 0 for one in tables}


async def test_it_tells_what_would_become_of_a_message_and_keeps_nothing(address: str) -> None:
    async with open_doors(address) as doors:
        raw = fresh(CLAIM)
        before = await rows(doors)
        assert prospect(await rehearse(doors, raw)) == "accepted"
        assert prospect(await rehearse(doors, polling())) == "accepted"
        unknown = await rehearse(doors, cancelling("CLM-nowhere"))
        assert (prospect(unknown), codes(unknown)) == ("refused", ["BV-00222"])
        faulty = await rehearse(doors, raw.replace(b'"active"', b'"dormant"', 1))
        assert prospect(faulty) == "refused"
        assert codes(faulty)
        assert await rows(doors) == before

        await doors.gateway.post(raw, doors.key)
        for copy in (raw, renamed(raw)):
            again = await rehearse(doors, copy)
            assert prospect(again) == "duplicate"
            _, [held] = await ask(doors, "/exchanges", identifier=opened(raw).header_id or "")
            assert again["issue"][0]["extension"][1]["valueId"] == held["id"]
        other = renamed(raw).replace(b'"priority"', b'"language": "en", "priority"', 1)
        assert codes(await rehearse(doors, other)) == ["BV-00457"]


async def test_an_insurer_that_takes_nothing_now_is_told_of(doors: Doors) -> None:
    async with doors.gateway.database.write() as unit:
        await pauses.set_pause(unit, pauses.Pause(FALCON, "the insurer moves", doors.clock.now(), "test"))
    held = await rehearse(doors, fresh(AUTHORIZATION))
    assert prospect(held) == "closed"
    assert "the insurer moves" in held["issue"][0]["diagnostics"]
    lost = await rehearse(doors, fresh("eligibility-request"))
    assert (prospect(lost), prospect(held)) == ("closed", "closed")
    assert lost["issue"][0]["details"] != held["issue"][0]["details"]
    await doors.gateway.post(fresh(CLAIM, claim="CLM-1"), doors.key)
    # It has not left the gateway, which takes it back itself.
    assert prospect(await rehearse(doors, cancelling("CLM-1"))) == "accepted"
    blocked = await rehearse(doors, fresh(CLAIM).replace(b"INS-2001", b"INS-2002"))
    assert (prospect(blocked), codes(blocked)) == ("refused", ["GE-00029"])


async def test_of_a_batch_it_tells_how_many_of_its_claims_would_be_accepted(doors: Doors) -> None:
    sound = await rehearse(doors, example("batch-request-three"))
    assert (prospect(sound), codes(sound)) == ("accepted", [])
    tree = json.loads(example("batch-request-three"))
    del tree["entry"][2]["resource"]["entry"][1]["resource"]["priority"]
    spoilt = await rehearse(doors, json.dumps(tree).encode())
    assert prospect(spoilt) == "accepted"
    assert "2 of its 3 claims" in spoilt["issue"][0]["details"]["coding"][0]["display"]
    assert codes(spoilt)


async def test_an_insurer_learns_what_would_become_of_a_late_answer(doors: Doors) -> None:
    raw = fresh(CLAIM)
    assert prospect(await rehearse(doors, deferred(raw), FALCON)) == "refused"
    await doors.gateway.post(raw, doors.key)
    again = deferred(raw, earlier=("complete",))
    assert prospect(await rehearse(doors, again, FALCON)) == "accepted"
    blocked = fresh("advanced-authorization").replace(b"PR-1001", b"PR-1003")
    assert codes(await rehearse(doors, blocked, FALCON)) == ["GE-00030"]


@pytest.mark.parametrize("who", [CLINIC, FALCON])
async def test_nobody_asks_for_another(who: str, doors: Doors) -> None:
    raw = fresh(CLAIM)
    await doors.gateway.post(raw, doors.key)
    assert codes(await rehearse(doors, raw, who)) == ["GE-00020"]


async def test_an_event_that_is_not_offered_would_be_refused(doors: Doors) -> None:
    outcome = await rehearse(doors, fresh("referral-request"))
    assert (prospect(outcome), codes(outcome)) == ("refused", ["BV-00545"])


async def test_a_profile_goes_with_no_message_that_is_sent(doors: Doors) -> None:
    assert codes(await rehearse(doors, fresh(CLAIM), more="&profile=x")) == ["GE-00016"]
