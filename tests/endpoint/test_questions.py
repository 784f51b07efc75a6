"""What does a caller learn of its own exchanges and of insurers, and of nobody else's?"""

import pytest

from claimgw.store import pauses
from tests.clearinghouse.spoken import CLAIM, fresh, opened
from tests.endpoint.doors import Doors, open_doors
from tests.gateway import CLINIC, DESERT_ROSE, FALCON, HOSPITAL, parsed


async def ask(doors: Doors, path: str, licence: str = HOSPITAL, **params: str) -> tuple[int, object]:
    headers = {"authorization": f"Bearer {doors.keys[licence]}"}
    response = await doors.gateway.client.get(path, headers=headers, params=params)
    return response.status_code, response.json()


async def test_an_exchange_is_found_by_each_of_its_names(address: str) -> None:
    async with open_doors(address) as doors:
        raw = fresh(CLAIM)
        answered = parsed(await doors.gateway.post(raw, doors.key))
        envelope = opened(raw)
        assert envelope.focal_identifier
        names = (
            envelope.focal_identifier.value,
            envelope.bundle_id,
            envelope.header_id,
            answered["id"],
            answered["entry"][0]["resource"]["id"],
        )
        views = [(await ask(doors, "/exchanges", identifier=name or ""))[1] for name in names]
        assert all(view == views[0] for view in views)
        [view] = views[0] if isinstance(views[0], list) else []
        assert (view["state"], view["insurer"], view["answered_by"]) == ("answered", FALCON, "insurer")
        assert [made["outcome"] for made in view["attempts"]] == ["complete"]


async def test_a_wait_is_told_with_its_reason_and_its_end(sqlite: str) -> None:
    async with open_doors(sqlite) as doors:
        async with doors.gateway.database.write() as unit:
            pause = pauses.Pause(FALCON, "the insurer moves house", doors.clock.now(), "test")
            await pauses.set_pause(unit, pause)
        raw = fresh(CLAIM)
        await doors.gateway.post(raw, doors.key)
        _, found = await ask(doors, "/exchanges", identifier=opened(raw).header_id or "")
        assert isinstance(found, list)
        assert found[0]["state"] == "held"
        assert "moves house" in found[0]["reason"]
        assert found[0]["next_attempt"] > found[0]["received"]
        _, insurer = await ask(doors, "/insurers/INS-2001")
        assert isinstance(insurer, dict)
        assert insurer["accepting"] is False
        assert insurer["reason"] == "paused: the insurer moves house"


@pytest.mark.parametrize(("licence", "seen"), [(HOSPITAL, 1), (FALCON, 1), (CLINIC, 0), (DESERT_ROSE, 0)])
async def test_only_the_two_parties_of_an_exchange_see_it(licence: str, seen: int, doors: Doors) -> None:
    raw = fresh(CLAIM)
    await doors.gateway.post(raw, doors.key)
    status, found = await ask(doors, "/exchanges", licence, identifier=opened(raw).header_id or "")
    assert isinstance(found, list)
    assert (status, len(found)) == (200, seen)


@pytest.mark.parametrize("identifier", ["", "x" * 256, "a\0b", "a\nb"])
async def test_a_question_without_a_usable_identifier_gets_an_operation_outcome(
    identifier: str, address: str
) -> None:
    async with open_doors(address) as doors:
        status, told = await ask(doors, "/exchanges", identifier=identifier)
        assert isinstance(told, dict)
        assert (status, told["resourceType"]) == (400, "OperationOutcome")


@pytest.mark.parametrize("path", ["/insurers/INS-9999", "/insurers/PR-1001", "/insurers/provider:PR-1001"])
async def test_who_is_no_insurer_is_not_found(path: str, doors: Doors) -> None:
    status, told = await ask(doors, path)
    assert isinstance(told, dict)
    assert (status, told["resourceType"]) == (404, "OperationOutcome")


async def test_an_insurer_tells_what_it_can_do_and_whether_it_takes_messages(doors: Doors) -> None:
    _, falcon = await ask(doors, "/insurers/INS-2001")
    _, same = await ask(doors, "/insurers/payer:INS-2001")
    _, blocked = await ask(doors, "/insurers/INS-2002")
    assert falcon == same
    assert isinstance(falcon, dict)
    assert isinstance(blocked, dict)
    assert (falcon["accepting"], falcon["mode"], falcon["reason"]) == (True, "online", None)
    assert (blocked["accepting"], blocked["reason"]) == (False, "blocked")
