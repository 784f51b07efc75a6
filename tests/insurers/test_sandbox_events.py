"""Does the sandbox answer every event from what it knows, and without a fault?"""

from collections.abc import AsyncIterator

import pytest

from claimgw.insurers.sandbox.adjudicate import Judgement
from tests.insurers.sandbox_events import (
    CLAIM,
    Scene,
    about,
    all_of,
    assert_faultless,
    cancel,
    code,
    event_of,
    focal,
    reissued,
    reply_to,
    scene_of,
    sent,
    site_of,
    status,
    status_of,
)
from tests.insurers.sandbox_requests import SD, decode, encode, header_of, outcome_of, pass_time


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with scene_of() as made:
        yield made


# Eligibility


@pytest.mark.parametrize(
    ("identifier", "standing", "in_force", "items"),
    [
        ("ELG-1", "eligible", True, 1),
        ("ELG-PARTIAL", "limit-exhausted", True, 1),
        ("ELG-REJECT", "not-active", False, 0),
    ],
)
async def test_benefits_are_listed_as_the_person_stands(
    scene: Scene, identifier: str, standing: str, in_force: bool, items: int
) -> None:
    answer = await scene.says(sent("eligibility-request", identifier))
    assert_faultless(answer)
    response = focal(answer)
    assert (response["outcome"], response["request"]["identifier"]["value"]) == ("complete", identifier)
    (insurance,) = response["insurance"]
    assert (site_of(response), site_of(insurance), insurance["inforce"]) == (standing, standing, in_force)
    assert len(insurance.get("item", [])) == items


async def test_validation_alone_says_whether_the_policy_is_in_force(scene: Scene) -> None:
    answer = await scene.says(sent("eligibility-request", "ELG-1", purpose=["validation"]))
    assert_faultless(answer)
    (insurance,) = focal(answer)["insurance"]
    assert insurance["inforce"] is True
    assert "item" not in insurance


async def test_an_outdated_number_is_corrected_when_it_is_validated(scene: Scene) -> None:
    for purposes, expected in ((["validation"], "FAL-660101"), (["benefits"], "FAL-660101-OLD")):
        request = sent("eligibility-request", "ELG-1", purpose=purposes)
        answer = await scene.says(request.replace(b'"FAL-660101"', b'"FAL-660101-OLD"'))
        assert_faultless(answer)
        (coverage,) = all_of(answer, "Coverage")
        assert coverage["identifier"][0]["value"] == expected


async def test_discovery_finds_the_policy_that_was_not_quoted(scene: Scene) -> None:
    request = decode(sent("eligibility-request", "ELG-1", purpose=["discovery"], insurance=None))
    request["entry"] = [
        one
        for one in request["entry"]
        if one["resource"]["resourceType"] != "Coverage" and one["resource"]["id"] != "31001"
    ]
    answers = [await scene.says(encode(request)), await scene.says(encode(request))]
    assert_faultless(answers[0])
    (found,) = all_of(answers[0], "Coverage")
    assert found["identifier"][0]["value"].startswith("M-")
    assert focal(answers[0])["insurance"][0]["coverage"]["reference"].endswith(found["id"])
    assert answers[0] == answers[1]


async def test_asked_about_a_referral_the_answer_says_whether_there_is_one(scene: Scene) -> None:
    asked = [{"url": f"{SD}extension-referral", "valueBoolean": True}]
    answer = await scene.says(sent("eligibility-request", "ELG-1", extension=asked))
    assert_faultless(answer)
    urls = [one["url"] for one in focal(answer)["insurance"][0]["extension"]]
    assert f"{SD}extension-referral-exist" in urls


async def test_an_eligibility_check_can_be_refused(scene: Scene) -> None:
    answer = await scene.says(sent("eligibility-request", "ELG-ERROR"))
    assert_faultless(answer)
    assert (focal(answer)["outcome"], code(focal(answer)["error"][0]["code"])) == ("error", "1658")


# Cancel and nullify, status


@pytest.mark.parametrize("example", ["cancel-request", "cancel-request-nullify"])
async def test_what_is_known_is_cancelled_once(scene: Scene, example: str) -> None:
    await scene.claims(CLAIM)
    request = sent(example, "TSK-1", focus=about(CLAIM))
    first = await scene.says(request)
    again = await scene.says(sent(example, "TSK-2", focus=about(CLAIM)))
    assert_faultless(first, again)
    assert (event_of(first), focal(first)["status"]) == ("cancel-response", "completed")
    asked = focal(request)
    for name in ("focus", "code", "reasonCode"):
        assert focal(first)[name] == asked[name]
    assert focal(again)["status"] == "failed"
    assert code(focal(again)["output"][0]["valueCodeableConcept"]) == "BV-00143"
    assert await status_of(scene) == "cancelled"


async def test_a_claim_of_nobody_or_of_another_provider_is_not_cancelled(scene: Scene) -> None:
    await scene.claims(CLAIM)
    stranger = cancel().replace(b'"PR-1001"', b'"PR-1009"')
    for request in (stranger, cancel("CLM-9")):
        task = focal(await scene.says(request))
        assert (task["status"], code(task["output"][0]["valueCodeableConcept"])) == ("failed", "BV-00222")
    assert await status_of(scene) == "complete"


async def test_a_paid_claim_a_used_authorization_and_an_unwilling_insurer_refuse_with_a_reason(
    scene: Scene,
) -> None:
    await scene.claims(CLAIM)
    await scene.control.pay()
    granted = focal(await scene.says(sent("priorauth-request-professional", "PA-1")))
    insurance = [*focal(sent("claim-request-professional"))["insurance"]]
    insurance[0]["preAuthRef"] = [granted["preAuthRef"]]
    await scene.says(sent("claim-request-professional", "CLM-2", insurance=insurance))
    authorization = {
        **about("PA-1"),
        "identifier": focal(sent("priorauth-request-professional", "PA-1"))["identifier"][0],
    }
    requests = {
        "rejected": cancel(),
        "claimed": sent("cancel-request", "TSK-3", focus=authorization),
        "in-process": sent("cancel-request", "TSK-REJECT", focus=about("CLM-2")),
    }
    for reason, request in requests.items():
        answer = await scene.says(request)
        assert_faultless(answer)
        assert (focal(answer)["status"], code(focal(answer)["statusReason"])) == ("failed", reason)


async def test_a_cancelled_claim_hears_no_more_unless_it_was_to_be_answered_despite_that(
    scene: Scene,
) -> None:
    for identifier, expected in (("CLM-QUEUE-5", 0), ("CLM-DESPITE-5", 1)):
        await scene.claims(identifier)
        assert focal(await scene.says(cancel(identifier)))["status"] == "completed"
        await pass_time(scene.clock, 60)
        assert len(scene.gateway.came) == expected


@pytest.mark.parametrize(
    ("ending", "seconds", "expected"),
    [("QUEUE-9", 0, "queued"), ("STEPS-2", 2, "partial"), ("APPROVE", 0, "complete"), ("ERROR", 0, "error")],
)
async def test_the_status_is_what_was_said_last(
    scene: Scene, ending: str, seconds: float, expected: str
) -> None:
    await scene.claims(f"CLM-{ending}")
    await pass_time(scene.clock, seconds)
    assert await status_of(scene, f"CLM-{ending}") == expected


async def test_a_status_check_of_what_never_came_fails(scene: Scene) -> None:
    answer = await scene.says(status())
    assert_faultless(answer)
    assert focal(answer)["status"] == "failed"
    assert code(focal(answer)["output"][0]["valueCodeableConcept"]) == "BV-00459"


# Questions and communications


async def test_a_claim_is_queued_asked_about_and_approved_when_the_answer_comes(scene: Scene) -> None:
    assert (await scene.claims("CLM-ASK"))["outcome"] == "queued"
    asked = await scene.posts()
    assert_faultless(asked)
    assert event_of(asked) == "communication-request"
    question = focal(asked)
    assert question["about"] == [about("CLM-ASK")]
    answer = await scene.says(reply_to(question, claim="CLM-ASK"))
    assert header_of(answer)["response"]["code"] == "ok"
    decided = await scene.posts()
    assert_faultless(decided)
    assert (focal(decided)["outcome"], reissued(focal(decided))) == ("complete", None)


async def test_a_question_may_stand_in_the_answer(scene: Scene) -> None:
    answer = await scene.says(sent("claim-request-professional", "CLM-ASKNOW"))
    assert_faultless(answer)
    (question,) = all_of(answer, "CommunicationRequest")
    assert focal(answer)["outcome"] == "partial"
    assert focal(answer)["communicationRequest"][0]["reference"].endswith(question["id"])
    await scene.says(reply_to(question, claim="CLM-ASKNOW"))
    assert focal(await scene.posts())["outcome"] == "complete"


async def test_an_answer_may_name_the_question_as_what_it_is_about(scene: Scene) -> None:
    await scene.claims("CLM-ASKNOW")
    question = all_of(
        (await scene.says(sent("claim-request-professional", "CLM-2-ASKNOW"))), "CommunicationRequest"
    )
    named = {"type": "CommunicationRequest", "identifier": question[0]["identifier"][0]}
    await scene.says(sent("communication", "COM-1", basedOn=None, about=[named]))
    assert focal(await scene.posts())["request"]["identifier"]["value"] == "CLM-2-ASKNOW"


async def test_after_a_complete_answer_the_next_says_why_it_is_issued_again(scene: Scene) -> None:
    await scene.claims("CLM-PARTIAL")
    (handed,) = await scene.control.ask("CLM-PARTIAL", "The report, please.")
    assert (handed.event, handed.taken) == ("communication-request", True)
    question = focal(scene.gateway.came[-1])
    assert question["payload"] == [{"contentString": "The report, please."}]
    await scene.says(reply_to(question, claim="CLM-PARTIAL"))
    decided = await scene.posts()
    assert_faultless(decided)
    assert (outcome_of(focal(decided)), reissued(focal(decided))) == ("approved", "adjudication")


async def test_what_comes_unasked_is_acknowledged_and_counts_only_on_request(scene: Scene) -> None:
    await scene.claims("CLM-REJECT")
    await scene.claims("CLM-APPROVE")
    for identifier, claim, posted in (
        ("COM-1", "CLM-REJECT", 0),
        ("COM-REVIEW", "CLM-APPROVE", 0),
        ("COM-2-REVIEW", "CLM-REJECT", 1),
    ):
        message = sent("communication", identifier, basedOn=None, about=[about(claim)])
        assert header_of(await scene.says(message))["response"]["code"] == "ok"
        await pass_time(scene.clock, 60)
        assert len(scene.gateway.came) == posted
    assert reissued(focal(scene.gateway.came[0])) == "adjudication"


async def test_after_an_early_decision_no_partial_answer_follows(scene: Scene) -> None:
    await scene.claims("CLM-STEPS-5")
    await scene.control.decide("CLM-STEPS-5", Judgement.APPROVE)
    await pass_time(scene.clock, 5)
    await pass_time(scene.clock, 5)
    assert_faultless(*scene.gateway.came)
    assert [focal(one)["outcome"] for one in scene.gateway.came] == ["complete"] * 3
    assert [reissued(focal(one)) for one in scene.gateway.came] == [None, "adjudication", "adjudication"]
