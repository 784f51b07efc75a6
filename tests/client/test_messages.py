"""Has anything that the SDK writes a fault, judged as strictly as a request?"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from claimgw.client import (
    Attachment,
    CancelReason,
    Case,
    ClientFault,
    Cover,
    Finding,
    Identifier,
    Insurer,
    Licence,
    NotAMessage,
    Provider,
    Request,
    Settled,
    TooLarge,
    cancel_request,
    communication,
    payment_notice,
    payment_reconciliation,
    status_check,
)
from claimgw.conformance import Direction, check
from claimgw.messages.decode import LARGEST
from claimgw.messages.envelope import Envelope, read
from tests.client.ruling import ruling
from tests.gateway import FALCON, HOSPITAL, example

NOW = datetime(2026, 11, 1, 8, tzinfo=UTC)
PROVIDER = Provider.of(HOSPITAL)
CASE = Case.of(example("claim-request-professional"))
QUESTION = Case.of(example("communication-request"))
PDF = Attachment(b"%PDF-1.4", "Report", date(2026, 10, 20))
PAYMENT = Identifier("http://falcon.example/payment", "PAY-1")
ERRORS = [Finding("1658", "bundle.entry[1].resource.insurance[0].coverage", "No such member")]

OF_PROVIDERS: dict[str, Callable[[], bytes]] = {
    "cancel": lambda: cancel_request(PROVIDER, CASE, NOW, reason=CancelReason.NOT_PERFORMED),
    "nullify": lambda: cancel_request(PROVIDER, CASE, NOW, nullify=True),
    "status": lambda: status_check(PROVIDER, CASE, NOW),
    "answer": lambda: communication(PROVIDER, QUESTION, ("See page 2", PDF), NOW, reason="missing-attach"),
    "unasked": lambda: communication(PROVIDER, CASE, (PDF,), NOW),
    "notice": lambda: payment_notice(PROVIDER, PAYMENT, Decimal("900.00"), date(2026, 10, 31), NOW),
}


def asked(name: str) -> Request:
    return Request.read(example(name), NOW)


def _settled() -> bytes:
    one = Settled(CASE.identifier, PAYMENT, date(2026, 10, 1), Decimal("950.00"), Decimal("-50.00"))
    insurer = Insurer(Licence.parse(FALCON))
    days = date(2026, 10, 1), date(2026, 10, 31)
    return payment_reconciliation(
        insurer, PROVIDER, [one, one], NOW, period=days, paid=days[1], transfer=PAYMENT
    )


OF_INSURERS: dict[str, Callable[[], bytes]] = {
    "claim": lambda: (one := asked("claim-request-institutional")).decided(ruling(one)),
    "part": lambda: (one := asked("claim-request-vision")).decided(ruling(one, outcome="partial")),
    "authorization": lambda: (one := asked("priorauth-request-oral")).decided(
        ruling(one, authorization="A-1", valid=(NOW.date(), NOW.date() + timedelta(days=30)))
    ),
    "later": lambda: (one := asked("claim-request-professional").later(NOW)).decided(ruling(one)),
    "queued": lambda: asked("claim-request-pharmacy").queued(),
    "refused": lambda: asked("claim-request-oral").refused(ERRORS),
    "question": lambda: asked("claim-request-oral").asking(
        "The report?", reason="missing-info", needed_by=NOW
    ),
    "covered": lambda: asked("eligibility-request").covered("eligible", [Cover(True, "eligible")]),
    "not covered": lambda: asked("eligibility-request").not_covered(ERRORS),
    "cancelled": lambda: asked("cancel-request").done(),
    "not cancelled": lambda: asked("cancel-request").not_done(ERRORS, "in-process"),
    "status": lambda: asked("status-check").done("queued"),
    "acknowledged": lambda: asked("communication").acknowledged(),
    "not usable": lambda: asked("communication").acknowledged(ERRORS),
    "paid": _settled,
}


@pytest.mark.parametrize(
    "write", [*OF_PROVIDERS.values(), *OF_INSURERS.values()], ids=[*OF_PROVIDERS, *OF_INSURERS]
)
def test_what_is_written_has_no_fault(write: Callable[[], bytes]) -> None:
    envelope = read(write())
    assert isinstance(envelope, Envelope)
    assert check(envelope, NOW, direction=Direction.REQUEST, all_stages=True) == []


def test_an_answer_to_a_question_names_it_and_the_claim() -> None:
    sent = read(OF_PROVIDERS["answer"]())
    assert isinstance(sent, Envelope)
    assert sent.focal is not None
    assert sent.receiver == QUESTION.insurer
    assert sent.focal.resource["basedOn"][0]["identifier"]["value"] == "CRQ-2026-10-001"
    assert sent.focal.resource["about"][0]["identifier"]["value"] == "CLM-2026-03101"


def test_only_an_answer_in_session_names_the_header_it_answers() -> None:
    now, later = read(OF_INSURERS["claim"]()), read(OF_INSURERS["later"]())
    assert isinstance(now, Envelope)
    assert isinstance(later, Envelope)
    assert now.responds_to == asked("claim-request-institutional").header_id
    assert later.response is None


@pytest.mark.parametrize(
    ("name", "kind", "question"),
    [
        ("claim-request-oral", "Claim", None),
        ("claim-response-complete", "Claim", None),
        ("advanced-authorization", "ClaimResponse", None),
        ("communication-request", "Claim", "CRQ-2026-10-001"),
        ("communication", "Claim", None),
        ("cancel-response", "Claim", None),
    ],
)
def test_every_message_about_a_claim_says_which(name: str, kind: str, question: str | None) -> None:
    case = Case.of(example(name))
    assert case.insurer is not None
    assert case.kind == kind
    assert (case.question.value if case.question else None) == question


def test_what_is_about_no_claim_is_refused() -> None:
    for raw in (example("payment-notice"), b"[]"):
        with pytest.raises(NotAMessage):
            Case.of(raw)
    with pytest.raises(NotAMessage, match="which insurer"):
        status_check(PROVIDER, Case(CASE.identifier), NOW)
    with pytest.raises(NotAMessage, match="no usable"):
        Request.read(
            b'{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"MessageHeader"}}]}', NOW
        )


def test_only_pdf_and_jpeg_up_to_ten_megabytes_are_attached(tmp_path: Path) -> None:
    (tmp_path / "scan.JPG").write_bytes(b"\xff\xd8")
    assert Attachment.read(tmp_path / "scan.JPG", NOW.date()).content_type == "image/jpeg"
    with pytest.raises(ClientFault, match="no PDF or JPEG"):
        Attachment.read(tmp_path / "scan.png", NOW.date())
    with pytest.raises(ClientFault, match="may not be attached"):
        Attachment(b"", "x", NOW.date(), "image/png")
    whole = bytes(LARGEST // 4 * 3)
    with pytest.raises(TooLarge, match="in base64"):
        Attachment(whole + b"1", "x", NOW.date())
    with pytest.raises(TooLarge, match="the message has"):
        communication(PROVIDER, CASE, (Attachment(whole, "x", NOW.date()),), NOW)
    with pytest.raises(ClientFault, match="says something"):
        communication(PROVIDER, CASE, (), NOW)
