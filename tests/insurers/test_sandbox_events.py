"""Does the sandbox play an insurer's side of every event, from what it knows, and without a fault?"""

import uuid
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claimgw.conformance import Direction, check
from claimgw.insurers.sandbox.adjudicate import Judgement
from claimgw.insurers.sandbox.behaviour import TABLE, Behaviour, Wish
from claimgw.insurers.sandbox.cases import Cases
from claimgw.insurers.sandbox.claim_response import Stamp
from claimgw.insurers.sandbox.control import Impossible
from claimgw.insurers.sandbox.insurer import GatewayAway
from claimgw.insurers.sandbox.reading import read
from claimgw.insurers.sandbox.wording import Turn
from claimgw.messages import envelope
from claimgw.messages.findings import Severity
from tests.insurers.sandbox_events import (
    FALCON,
    HOSPITAL,
    LATER,
    NOW,
    Scene,
    about,
    all_of,
    assert_faultless,
    event_of,
    focal,
    scene_of,
    sent,
)
from tests.insurers.sandbox_requests import SD, Json, decode, encode, header_of, outcome_of, pass_time, places

CLAIM = "CLM-1"


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with scene_of() as made:
        yield made


def code(concept: Json) -> str:
    found: str = concept["coding"][0]["code"]
    return found


def reissued(response: Json) -> str | None:
    held = [one for one in response["extension"] if one["url"] == f"{SD}extension-adjudication-reissue"]
    return code(held[0]["valueCodeableConcept"]) if held else None


def site_of(holder: Json) -> str:
    (found,) = [one for one in holder["extension"] if one["url"] == f"{SD}extension-siteEligibility"]
    return code(found["valueCodeableConcept"])


def cancel(claim: str = CLAIM, **changed: Any) -> bytes:
    return sent("cancel-request", "TSK-1", focus=about(claim), **changed)


def status(claim: str = CLAIM) -> bytes:
    return sent("status-check", "TSK-2", focus=about(claim))


def reply_to(question: Json, identifier: str = "COM-1", claim: str = CLAIM) -> bytes:
    based_on = [{"type": "CommunicationRequest", "identifier": question["identifier"][0]}]
    return sent("communication", identifier, basedOn=based_on, about=[about(claim)])


async def status_of(scene: Scene, claim: str = CLAIM) -> str:
    answer = await scene.says(status(claim))
    assert_faultless(answer)
    return code(focal(answer)["output"][0]["valueCodeableConcept"])


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


# Payments


async def test_payment_is_exact_and_for_each_provider_once(scene: Scene) -> None:
    for identifier in ("CLM-1", "CLM-2-PARTIAL", "CLM-3-REJECT", "CLM-4-ASKNOW"):
        await scene.claims(identifier)
    await scene.claims("CLM-5")
    await scene.says(cancel("CLM-5"))
    stranger = sent("claim-request-professional", "CLM-6").replace(b'"PR-1001"', b'"PR-1009"')
    await scene.says(stranger)
    await pass_time(scene.clock, 3 * 86_400)
    handed = await scene.control.pay()
    assert [(one.subject, one.taken) for one in handed] == [(HOSPITAL, True), ("PR-1009", True)]
    paid = scene.gateway.came[0]
    assert_faultless(*scene.gateway.came)
    payment = focal(paid)
    assert [one["request"]["identifier"]["value"] for one in payment["detail"]] == ["CLM-1", "CLM-2-PARTIAL"]
    for detail in payment["detail"]:
        components = [one["valueMoney"]["value"] for one in detail["extension"]]
        assert detail["amount"]["value"] == sum(components)
        assert components[0] > 0
        assert components[2] == -(components[0] / 100).quantize(Decimal("0.01"))
    assert payment["paymentAmount"]["value"] == sum(one["amount"]["value"] for one in payment["detail"])
    assert {one["date"] for one in payment["detail"]} == {"2026-11-01"}
    assert (payment["period"]["end"], payment["paymentDate"]) == ("2026-11-01", "2026-11-04")
    assert await scene.control.pay() == []


async def test_a_detail_names_the_answer_that_it_pays_and_its_benefit(scene: Scene) -> None:
    response = await scene.claims(CLAIM)
    await scene.control.pay()
    (detail,) = focal(scene.gateway.came[0])["detail"]
    assert detail["response"]["identifier"] == response["identifier"][0]
    (benefit,) = [one["amount"] for one in response["total"] if code(one["category"]) == "benefit"]
    assert detail["extension"][0]["valueMoney"] == benefit


async def test_payday_comes_at_its_interval_and_is_made_up_for_after_an_outage(scene: Scene) -> None:
    scene.control.pay_every(60)
    await scene.claims(CLAIM)
    scene.gateway.away = True
    await pass_time(scene.clock, 60)
    assert scene.gateway.came == []
    scene.gateway.away = False
    await pass_time(scene.clock, 60)
    assert [event_of(one) for one in scene.gateway.came] == ["payment-reconciliation"]
    scene.control.pay_every(0)
    await scene.claims("CLM-2")
    await pass_time(scene.clock, 600)
    assert len(scene.gateway.came) == 1


# Advanced authorizations


async def test_an_advanced_authorization_is_sent_restated_and_revoked(scene: Scene) -> None:
    (first,) = await scene.control.authorize(HOSPITAL)
    await scene.control.restate(first.subject, Judgement.PARTIAL)
    await scene.control.revoke(first.subject)
    assert_faultless(*scene.gateway.came)
    given, again, revoked = [focal(one) for one in scene.gateway.came]
    assert {one["preAuthRef"] for one in (given, again, revoked)} == {first.subject}
    assert [reissued(one) for one in (given, again, revoked)] == [None, "adjudication", "cancel"]
    assert [outcome_of(one) for one in (given, again, revoked)] == ["approved", "partial", None]
    assert {"addItem", "total"}.isdisjoint(revoked)
    assert header_of(scene.gateway.came[0])["destination"][0]["receiver"]["identifier"]["value"] == HOSPITAL
    with pytest.raises(Impossible, match="cancelled"):
        await scene.control.restate(first.subject)


async def test_a_provider_can_cancel_an_advanced_authorization(scene: Scene) -> None:
    (handed,) = await scene.control.authorize(HOSPITAL)
    identifier = focal(scene.gateway.came[0])["identifier"][0]
    request = sent("cancel-request", "TSK-1", focus={"type": "ClaimResponse", "identifier": identifier})
    answer = await scene.says(request)
    assert_faultless(answer)
    assert focal(answer)["status"] == "completed"
    with pytest.raises(Impossible, match="cancelled"):
        await scene.control.revoke(handed.subject)


# Orders


async def test_a_deferred_claim_is_decided_on_order(scene: Scene) -> None:
    await scene.claims("CLM-QUEUE-900")
    await scene.control.decide("CLM-QUEUE-900", Judgement.REJECT)
    await scene.control.decide("CLM-QUEUE-900", Judgement.APPROVE)
    assert_faultless(*scene.gateway.came)
    first, second = [focal(one) for one in scene.gateway.came]
    assert [outcome_of(one) for one in (first, second)] == ["rejected", "approved"]
    assert [reissued(one) for one in (first, second)] == [None, "adjudication"]


async def test_the_next_messages_behave_as_ordered_whatever_they_ask_for(scene: Scene) -> None:
    scene.control.behave("reject", times=2)
    said = [outcome_of(await scene.claims(f"CLM-{one}")) for one in ("1", "2-PARTIAL", "3")]
    assert said == ["rejected", "rejected", "approved"]


async def test_what_cannot_be_done_is_said_and_nothing_is_sent(scene: Scene) -> None:
    await scene.claims("CLM-1")
    await scene.claims("CLM-2-ERROR")
    await scene.says(cancel("CLM-1"))
    for work in (
        scene.control.ask("CLM-9"),
        scene.control.decide("CLM-1", Judgement.APPROVE),
        scene.control.decide("CLM-2-ERROR", Judgement.APPROVE),
        scene.control.restate("no such number"),
        scene.control.restate("CLM-1", Judgement.REJECT),
        scene.control.authorize(HOSPITAL, "INS-2999"),
    ):
        with pytest.raises(Impossible):
            await work
    for behaviour, number in (("NONE", None), ("REJECT", 3)):
        with pytest.raises(Impossible):
            scene.control.behave(behaviour, number=number)
    assert scene.gateway.came == []


async def test_what_the_gateway_could_not_take_was_not_said(scene: Scene) -> None:
    await scene.claims("CLM-1")
    scene.gateway.away = True
    with pytest.raises(GatewayAway):
        await scene.control.pay()
    scene.gateway.away = False
    assert [one.subject for one in await scene.control.pay()] == [HOSPITAL]


# Misbehaviour

EVENTS = {
    "eligibility-request": sent("eligibility-request"),
    "cancel-request": cancel(),
    "status-check": status(),
    "communication": sent("communication", about=[about(CLAIM)]),
}


def ending_in(event: str, ending: str) -> bytes:
    return encode(_renamed(decode(EVENTS[event]), f"X-{ending}"))


def _renamed(tree: Json, value: str) -> Json:
    tree["entry"][0]["resource"]["id"] = str(uuid.uuid5(uuid.NAMESPACE_URL, value))
    tree["entry"][1]["resource"]["identifier"][0]["value"] = value
    return tree


@pytest.mark.parametrize("event", EVENTS)
async def test_every_event_can_be_answered_wrongly(scene: Scene, event: str) -> None:
    await scene.claims(CLAIM)
    usual = await scene.says(ending_in(event, "APPROVE"))
    said = {name: await scene.says(ending_in(event, name)) for name in ("OTHER", "STRANGER", "FOREIGN")}
    receipt = event == "communication"
    assert header_of(said["OTHER"])["response"]["identifier"] != header_of(ending_in(event, "OTHER"))["id"]
    assert header_of(said["STRANGER"])["sender"]["identifier"]["value"] == "INS-STRANGER"
    assert header_of(usual)["sender"]["identifier"]["value"] == FALCON
    if not receipt:
        name = "request" if event == "eligibility-request" else "focus"
        assert focal(said["FOREIGN"])[name] != focal(usual)[name]
    broken = await scene.says(ending_in(event, "INVALID"))
    if receipt:
        assert "response" not in header_of(broken)
    else:
        assert {"outcome", "status"} & focal(usual).keys() > {"outcome", "status"} & focal(broken).keys()
    assert event_of(await scene.says(ending_in(event, "DECLINE"))) == "acknowledgement"
    assert (await scene.says(ending_in(event, "GARBAGE"))).startswith(b"<!DOCTYPE")
    await scene.says(ending_in(event, "TWICE"))
    await pass_time(scene.clock, 1)
    assert [event_of(one) for one in scene.gateway.came] == ([] if receipt else [event_of(usual)])


async def test_an_answer_to_nothing_names_a_claim_that_never_was(scene: Scene) -> None:
    assert (await scene.claims("CLM-NOTHING"))["outcome"] == "complete"
    posted = await scene.posts()
    assert_faultless(posted)
    assert focal(posted)["request"]["identifier"]["value"] != "CLM-NOTHING"


async def test_a_batch_is_echoed_unless_it_is_to_be_left_out(scene: Scene) -> None:
    asked = focal(sent("claim-request-professional"))["extension"]
    batch: list[Json] = [
        {
            "url": SD + "extension-batch-identifier",
            "valueIdentifier": {"system": "http://b.example", "value": "1"},
        },
        {"url": SD + "extension-batch-number", "valuePositiveInt": 7},
        {
            "url": SD + "extension-batch-period",
            "valuePeriod": {"start": "2026-01-01", "end": "2026-01-31"},
        },
    ]
    for ending, expected in (("APPROVE", batch), ("BARE", [])):
        request = sent("claim-request-professional", f"CLM-{ending}", extension=[*asked, *batch])
        said = focal(await scene.says(request))["extension"]
        assert [one for one in said if "batch" in one["url"]] == expected


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=4,
)


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(sorted(EVENTS)), anything, st.sampled_from(TABLE), st.data())
def test_anything_in_any_place_never_breaks_the_insurer(
    event: str, value: object, row: Behaviour, data: st.DataObject
) -> None:
    tree = decode(EVENTS[event])
    holder, key = data.draw(st.sampled_from(list(places(tree["entry"][1:]))))
    holder[key] = value

    request, cases = read(encode(tree)), Cases()
    known = sent("claim-request-professional", CLAIM)
    cases.remember(read(known), known)
    plan = Wish(row, 1).plan(Turn(request, cases.about(request)))
    made = Stamp("b", "h", "f", NOW)
    for compose in (plan.answer, *(one.compose for one in plan.later)):
        cases.said(compose(made))


REAL = [
    one
    for kind in (
        "eligibility-request",
        "cancel-request",
        "status-check",
        "communication-s",
        "communication-u",
    )
    for one in sorted((Path(__file__).parents[3] / "shared" / "messages").glob(f"{kind}*.json"))
]


@pytest.mark.skipif(not REAL, reason="the real messages are not beside this checkout")
async def test_real_requests_get_answers_without_an_error() -> None:
    for path in REAL:
        message = path.read_bytes()
        async with scene_of(read(message).receiver.value) as scene:
            answer = envelope.read(await scene.says(message))
        assert isinstance(answer, envelope.Envelope)
        found = check(answer, LATER, direction=Direction.ANSWER, all_stages=True)
        assert [one for one in found if one.severity is Severity.ERROR] == []
