"""Does the sandbox pay, authorize in advance and decide when it is ordered to, without a fault?"""

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from claimgw.insurers.sandbox.adjudicate import Judgement
from claimgw.insurers.sandbox.control import Impossible
from claimgw.insurers.sandbox.insurer import GatewayAway
from tests.insurers.sandbox_events import (
    CLAIM,
    HOSPITAL,
    Scene,
    all_of,
    assert_faultless,
    cancel,
    code,
    event_of,
    faults_in,
    focal,
    reissued,
    reply_to,
    scene_of,
    sent,
    status,
)
from tests.insurers.sandbox_requests import header_of, outcome_of, pass_time


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with scene_of() as made:
        yield made


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


async def test_an_advanced_authorization_in_part_is_reviewed_on_request(scene: Scene) -> None:
    (handed,) = await scene.control.authorize(HOSPITAL)
    await scene.control.restate(handed.subject, Judgement.PARTIAL)
    identifier = focal(scene.gateway.came[-1])["identifier"][0]
    reason = [{"type": "ClaimResponse", "identifier": identifier}]
    await scene.says(sent("communication", "COM-REVIEW", basedOn=None, about=reason))
    reviewed = await scene.posts()
    assert_faultless(reviewed)
    assert (focal(reviewed)["preAuthRef"], outcome_of(focal(reviewed))) == (handed.subject, "approved")
    assert reissued(focal(reviewed)) == "adjudication"


async def test_nothing_it_says_contradicts_what_came_before(scene: Scene) -> None:
    await scene.says(sent("eligibility-request", "ELG-1"))
    await scene.says(sent("priorauth-request-oral", "PA-1-STEPS-1").replace(b"INS-2002", b"INS-2001"))
    await scene.posts()
    await scene.posts()
    await scene.claims("CLM-1-ASKNOW")
    (question,) = all_of(scene.gateway.transcript[-1], "CommunicationRequest")
    await scene.says(reply_to(question, claim="CLM-1-ASKNOW"))
    await scene.posts()
    await scene.claims("CLM-2-PARTIAL")
    await scene.control.ask("CLM-2-PARTIAL")
    await scene.says(reply_to(focal(scene.gateway.came[-1]), "COM-2", claim="CLM-2-PARTIAL"))
    await scene.posts()
    await scene.says(status("CLM-2-PARTIAL"))
    await scene.control.pay()
    await scene.claims("CLM-3-QUEUE-9")
    await scene.says(cancel("CLM-3-QUEUE-9"))
    (handed,) = await scene.control.authorize(HOSPITAL)
    await scene.control.restate(handed.subject, Judgement.PARTIAL)
    await scene.control.revoke(handed.subject)
    assert faults_in(scene.gateway.transcript) == []
