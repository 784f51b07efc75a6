"""Is it told rightly what a message says, and what has happened to the claim by it?"""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from claimgw.client import (
    Answer,
    Decision,
    Done,
    Eligibility,
    End,
    Happening,
    Identifier,
    NotAMessage,
    Payment,
    Question,
    Request,
)
from claimgw.client.follow import step
from claimgw.messages import replies
from claimgw.messages.findings import Finding
from tests.client.test_messages import ERRORS, NOW, asked
from tests.conformance import real_messages
from tests.gateway import example, resource

CLAIM = Identifier("http://alwaha.example/identifiers/claim", "CLM-2026-03101")


def told(name: str) -> Any:
    return Answer.read(200, example(name)).view


def test_a_decision() -> None:
    decision = told("claim-response-complete")
    assert isinstance(decision, Decision)
    assert (decision.request, decision.outcome, decision.adjudication) == (CLAIM, "complete", "approved")
    assert decision.totals["benefit"] > decision.totals["patientshare"] > 0
    assert (decision.reissue, decision.questions) == (None, ())


def test_a_question() -> None:
    question = told("communication-request")
    assert isinstance(question, Question)
    assert question.about == CLAIM
    assert (question.texts, question.reasons) == (("Send the report of the visit.",), ("missing-attach",))
    assert question.needed_by == datetime(2026, 10, 26, 7, tzinfo=UTC)


def test_a_question_that_comes_inside_an_answer() -> None:
    bundle = json.loads(example("claim-response-queued"))
    question = json.loads(example("communication-request"))["entry"][1]
    bundle["entry"].append(question)
    resource(bundle, "ClaimResponse")["communicationRequest"] = [{"reference": question["fullUrl"]}]
    answer = Answer.read(200, json.dumps(bundle).encode())
    assert isinstance(answer.view, Decision)
    assert [one.texts for one in answer.view.questions] == [("Send the report of the visit.",)]
    assert answer.case.question == answer.view.questions[0].identifier


def test_a_payment() -> None:
    payment = told("payment-reconciliation")
    assert isinstance(payment, Payment)
    assert (payment.amount, payment.date) == (Decimal(900), date(2026, 10, 21))
    [paid] = payment.details
    assert (paid.kind, paid.request, paid.amount) == ("payment", CLAIM, Decimal(900))


@pytest.mark.parametrize(
    ("name", "task", "status", "says", "reason"),
    [
        ("cancel-response", "cancel", "completed", (), None),
        ("status-response", "status", "completed", ("complete",), None),
        ("poll-response-empty", "poll", "completed", (), None),
    ],
)
def test_a_task(name: str, task: str, status: str, says: tuple[str, ...], reason: str | None) -> None:
    done = told(name)
    assert isinstance(done, Done)
    assert (done.task, done.status, done.says, done.reason) == (task, status, says, reason)


def test_a_task_that_failed_says_why() -> None:
    answer = Answer.read(200, asked("cancel-request").not_done(ERRORS, "in-process"))
    assert isinstance(answer.view, Done)
    assert (answer.view.says, answer.view.reason) == (("1658",), "in-process")
    assert [found.code for found in answer.findings] == ["1658"]


def test_an_eligibility() -> None:
    eligibility = told("eligibility-response")
    assert isinstance(eligibility, Eligibility)
    assert (eligibility.outcome, eligibility.site, eligibility.in_force) == ("complete", "eligible", (True,))
    refused = Answer.read(200, asked("eligibility-request").not_covered(ERRORS))
    assert refused.refused
    assert [found.code for found in refused.findings] == ["1658"]


def test_what_tells_nothing_has_no_view() -> None:
    assert told("acknowledgement-ok") is None
    bare = Answer.read(403, replies.outcome([Finding("GE-00020", "", "Not who is calling")]))
    assert bare.view is None
    assert bare.about is None
    with pytest.raises(NotAMessage):
        _ = bare.case


def _reissued() -> bytes:
    bundle = json.loads(example("claim-response-complete"))
    extension = resource(bundle, "ClaimResponse")["extension"]
    url = extension[0]["url"].replace("adjudication-outcome", "adjudication-reissue")
    extension.append({"url": url, "valueCodeableConcept": {"coding": [{"code": "audit"}]}})
    return json.dumps(bundle).encode()


@pytest.mark.parametrize(
    ("write", "happening", "decided", "paid"),
    [
        (lambda: example("claim-response-queued"), Happening.QUEUED, False, False),
        (lambda: example("priorauth-response-partial"), Happening.PARTIAL, False, False),
        (lambda: example("claim-response-complete"), Happening.COMPLETE, True, False),
        (_reissued, Happening.REISSUED, True, False),
        (lambda: example("claim-response-error"), Happening.REFUSED, True, True),
        (lambda: example("acknowledgement-fatal-error"), Happening.REFUSED, True, True),
        (lambda: example("communication-request"), Happening.QUESTION, False, False),
        (lambda: example("cancel-response"), Happening.CANCELLED, True, True),
        (lambda: example("cancel-response-failed"), Happening.OTHER, False, False),
        (lambda: example("status-response"), Happening.OTHER, False, False),
        (lambda: example("acknowledgement-ok"), Happening.OTHER, False, False),
        (lambda: example("payment-reconciliation"), Happening.PAYMENT, False, True),
    ],
)
def test_every_message_is_something_that_happened(
    write: Callable[[], bytes], happening: Happening, decided: bool, paid: bool
) -> None:
    seen = step(Answer.read(200, write()))
    assert seen.happening == happening
    assert (seen.ends(End.DECIDED), seen.ends(End.PAID)) == (decided, paid)


def test_a_batch_carries_an_answer_for_each_claim() -> None:
    batch = Answer.read(200, example("batch-response"))
    assert {one.event for one in batch.inside} == {"claim-response"}
    assert Answer.read(200, example("claim-response-complete")).inside == ()
    assert Answer.read(403, replies.outcome([])).inside == ()


@real_messages.needed
def test_every_real_message_can_be_looked_at() -> None:
    for file in real_messages.files("*.json"):
        message = Answer.read(200, real_messages.raw(file))
        told = (message.view, message.about, message.findings, message.refused, step(message), message.inside)
        assert len(told) == 6, file


def test_what_is_about_another_claim_ends_nothing() -> None:
    complete, payment = (
        Answer.read(200, example(name)) for name in ("claim-response-complete", "payment-reconciliation")
    )
    other = Identifier(CLAIM.system, "CLM-2")
    assert [step(one, CLAIM).happening for one in (complete, payment)] == ["complete", "payment"]
    assert [step(one, other).happening for one in (complete, payment)] == ["other", "other"]


def test_an_answer_of_the_insurers_own_making_is_framed() -> None:
    """`answer` takes whatever no other method writes."""
    request = Request.read(example("eligibility-request"), NOW)
    told_by = {"resourceType": "CoverageEligibilityResponse", "id": "1", "outcome": "complete"}
    own = Answer.read(200, request.answer(told_by, [{"resourceType": "Coverage", "id": "2"}]))
    assert (own.event, own.outcome, own.responds_to) == (
        "eligibility-response",
        "complete",
        request.header_id,
    )
