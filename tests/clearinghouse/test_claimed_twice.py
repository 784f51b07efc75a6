"""Who hears that a service stands in two claims that are in force? The provider, in our own words only."""

import json

from tests.clearinghouse.batches import batch, member, told
from tests.clearinghouse.scene import playing
from tests.clearinghouse.spoken import CLAIM, Json, fresh, hanging_up, in_session, says
from tests.gateway import resource


def notes(answer: Json) -> list[str]:
    return [one["text"] for one in resource(answer, "ClaimResponse").get("processNote", [])]


async def test_the_insurers_own_answer_is_passed_on_as_it_is(sqlite: str) -> None:
    async with playing(sqlite) as scene:
        await scene.send(fresh(CLAIM, claim="CLM-A"))
        body, answer = await scene.send(fresh(CLAIM, claim="CLM-B"))
        assert body == scene.insurer.said[1]
        assert notes(answer) == []


async def test_our_own_answer_names_the_other_claim_and_the_items(sqlite: str) -> None:
    async with playing(sqlite, says(in_session), hanging_up) as scene:
        _, first = await scene.send(fresh(CLAIM, claim="CLM-A"))
        assert notes(first) == []
        _, pended = await scene.send(fresh(CLAIM, claim="CLM-B"))
        assert resource(pended, "ClaimResponse")["outcome"] == "queued"
        [note] = notes(pended)
        assert "CLM-A" in note
        assert "item 1, 2, 3 " in note
        _, refused = await scene.send(fresh(CLAIM, claim="CLM-C").replace(b"633.4", b"633.5"))
        assert resource(refused, "ClaimResponse")["outcome"] == "error"
        assert ["CLM-A" in one or "CLM-B" in one for one in notes(refused)] == [True, True]


async def test_a_claim_of_a_batch_hears_of_it_at_once(sqlite: str) -> None:
    async with playing(sqlite) as scene:
        first = member(1)
        await scene.send(first)
        _, answer = await scene.send(batch(member(1)))
        [note] = told(answer)[0]["processNote"]
        assert _identifier(first) in note["text"]


async def test_claims_of_one_batch_are_compared_with_those_before_them(sqlite: str) -> None:
    async with playing(sqlite) as scene:
        members = [member(1), member(2), member(3, _of_another_invoice)]
        _, answer = await scene.send(batch(*members))
        assert "processNote" not in told(answer)[0]
        assert "processNote" not in told(answer)[2]
        [note] = told(answer)[1]["processNote"]
        assert _identifier(members[0]) in note["text"]


def _identifier(claim: bytes) -> str:
    value: str = resource(json.loads(claim), "Claim")["identifier"][0]["value"]
    return value


def _of_another_invoice(claim: Json) -> None:
    for extension in resource(claim, "Claim")["item"][0]["extension"]:
        if extension["url"].endswith("patientInvoice"):
            extension["valueIdentifier"]["value"] = "INV-OTHER"
