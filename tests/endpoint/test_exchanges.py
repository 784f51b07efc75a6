"""What is a caller told of its own exchanges, and of nobody else's?"""

from dataclasses import dataclass
from typing import Any

import pytest

from claimgw.store import pauses
from tests.clearinghouse.spoken import CLAIM, Json, fresh, opened
from tests.endpoint.doors import Doors, ask, open_doors
from tests.endpoint.said import answering, asking, cancelling
from tests.gateway import CLINIC, DESERT_ROSE, FALCON, HOSPITAL, example, parsed

INVOICE, EPISODE = "INV-2026-03101", "EPI-2026-03101"
CLAIMS = "http://alwaha.example/identifiers/claim"
INVOICES = "http://alwaha.example/identifiers/patient-invoice"


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
        [view] = views[0]
        assert (view["state"], view["insurer"], view["answered_by"]) == ("answered", FALCON, "insurer")
        assert [made["outcome"] for made in view["attempts"]] == ["complete"]


@pytest.mark.parametrize(("licence", "seen"), [(HOSPITAL, 1), (FALCON, 1), (CLINIC, 0), (DESERT_ROSE, 0)])
async def test_only_the_two_parties_of_an_exchange_see_it(licence: str, seen: int, doors: Doors) -> None:
    raw = fresh(CLAIM)
    await doors.gateway.post(raw, doors.key)
    status, found = await ask(doors, "/exchanges", licence, identifier=opened(raw).header_id or "")
    assert (status, len(found)) == (200, seen)


@pytest.mark.parametrize("identifier", ["", "x" * 256, "a\0b", "a\nb"])
async def test_a_question_without_a_usable_identifier_gets_an_operation_outcome(
    identifier: str, address: str
) -> None:
    async with open_doors(address) as doors:
        status, told = await ask(doors, "/exchanges", identifier=identifier)
        assert (status, told["resourceType"]) == (400, "OperationOutcome")


@dataclass
class Case:
    """Two claims under one invoice; about the first the insurer asks, the second is taken back."""

    doors: Doors

    async def post(self, raw: bytes, who: str = HOSPITAL) -> Json:
        answer = parsed(await self.doors.gateway.post(raw, self.doors.keys[who]))
        assert answer["entry"][0]["resource"]["response"]["code"] == "ok", answer
        return answer

    async def told(self, who: str = HOSPITAL, **asked: str) -> list[Any]:
        status, found = await ask(self.doors, "/exchanges", who, **asked)
        assert status == 200, found
        return list(found)

    async def of(self, claim: str, who: str = HOSPITAL) -> Any:
        [view] = await self.told(who, identifier=f"{CLAIMS}|{claim}")
        return view


async def test_a_case_is_told_whole_to_its_provider_and_in_part_to_its_insurer(address: str) -> None:
    async with open_doors(address) as doors:
        case = Case(doors)
        for claim in ("CLM-1", "CLM-2"):
            await case.post(fresh(CLAIM, claim=claim))
        first = await case.of("CLM-1")
        [answer] = first["answers"]
        assert (first["meaning"], first["followed_by"]) == (
            "The provider has its final answer, or finds it in its mailbox",
            [],
        )
        assert (answer["by"], answer["outcome"], answer["given"]) == ("insurer", "complete", "session")
        assert (answer["adjudication"], answer["amount"]) == ("approved", "506.72")
        assert {one["claim"]["value"] for one in first["repeated_services"]} == {"CLM-2"}
        assert first["relations"]["invoice"] == [{"system": INVOICES, "value": INVOICE}]
        assert "patient" not in first["relations"]

        asked = asking("CLM-1", "ASK-1")
        await case.post(asked, FALCON)
        [question] = (await case.of("CLM-1"))["open_questions"]
        assert question["identifier"]["value"] == "ASK-1"
        assert (await case.of("CLM-1", FALCON))["open_questions"] == [question]
        await case.post(answering(asked, "CLM-1"))
        taking_back = cancelling("CLM-2")
        await case.post(taking_back)
        first, second = await case.of("CLM-1"), await case.of("CLM-2")
        assert (first["open_questions"], first["repeated_services"]) == ([], [])
        assert [one["event"] for one in first["followed_by"]] == ["communication"]
        [cancellation] = second["followed_by"]
        assert (second["state"], second["cancelled_by"]) == ("cancelled", cancellation["id"])
        [taken_back] = await case.told(identifier=opened(taking_back).bundle_id or "")
        assert taken_back["about"]["identifier"]["value"] == "CLM-2"

        for by, value in (("invoice", INVOICE), ("episode", EPISODE), ("invoice", f"{INVOICES}|{INVOICE}")):
            assert [one["identifier"] for one in await case.told(**{by: value})] == ["CLM-2", "CLM-1"]
            assert [one["identifier"] for one in await case.told(FALCON, **{by: value})] == ["CLM-2", "CLM-1"]
            assert await case.told(CLINIC, **{by: value}) == await case.told(DESERT_ROSE, **{by: value}) == []
        theirs = await case.of("CLM-1", FALCON)
        assert ([one["given"] for one in theirs["answers"]], theirs["repeated_services"]) == ([None], [])


async def test_a_question_inside_an_answer_is_open_until_it_is_answered(doors: Doors) -> None:
    case = Case(doors)
    await case.post(fresh(CLAIM, claim="CLM-1-ASKNOW"))
    told = await case.of("CLM-1-ASKNOW")
    [question], [answer] = told["open_questions"], told["answers"]
    assert (question["header"], answer["outcome"]) == (answer["header"], "partial")


async def test_an_insurer_does_not_see_what_waits_for_it(doors: Doors) -> None:
    pause = pauses.Pause(FALCON, "moving", doors.clock.now(), "test")
    async with doors.gateway.database.write() as unit:
        await pauses.set_pause(unit, pause)
    case = Case(doors)
    await case.post(fresh(CLAIM, claim="CLM-1"))
    await case.post(cancelling("CLM-1"))
    held = await case.of("CLM-1")
    assert [one["event"] for one in held["followed_by"]] == ["cancel-request"]
    assert await case.told(FALCON, identifier="CLM-1") == []
    assert await case.told(FALCON, invoice=INVOICE) == []


async def test_a_long_list_comes_page_by_page_newest_first(doors: Doors) -> None:
    case = Case(doors)
    await case.post(example("batch-request-three"))
    batch = opened(example("batch-request-three")).header_id or ""
    assert [one["batch"] for one in await case.told(header=batch)] == [batch] * 3
    headers = {"authorization": f"Bearer {doors.key}"}
    path, values = f"/exchanges?header={batch}&count=2", []
    while path:
        response = await doors.gateway.client.get(path, headers=headers)
        values += [one["identifier"] for one in response.json()]
        path = response.headers.get("link", "").partition(">")[0].removeprefix("<")
    assert len(values) == 3
    assert values == sorted(values, reverse=True)


@pytest.mark.parametrize(
    "params",
    [
        {"identifier": "a", "invoice": "b"},
        {"identifier": "a", "patient": "b"},
        {"identifier": "a", "count": "0"},
        {"identifier": "a", "count": "²"},
        {"identifier": "a", "count": "51"},
        {"identifier": "a", "before": "x"},
        {"identifier": "a|"},
    ],
)
async def test_a_question_that_cannot_be_read_is_refused(params: dict[str, str], doors: Doors) -> None:
    status, told = await ask(doors, "/exchanges", **params)
    assert (status, told["resourceType"]) == (400, "OperationOutcome")
