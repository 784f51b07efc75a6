"""Which ending does each reply stand for? The pure reading of what came over the line."""

import json
from dataclasses import replace
from typing import Any

import pytest

from claimgw.clearinghouse.delivery.interpret import Asked, Ending, interpret
from claimgw.clearinghouse.delivery.outcomes import Outcome
from claimgw.conformance import Direction, check
from claimgw.insurers.sandbox.answers import Fault
from claimgw.insurers.spi import (
    Answered,
    NotSent,
    NotSentFault,
    Reply,
    TooLarge,
    Unanswered,
    UnansweredFault,
)
from claimgw.messages.envelope import Envelope
from claimgw.messages.findings import Finding, errors
from tests.clearinghouse.spoken import (
    AUTHORIZATION,
    CLAIM,
    START,
    acknowledging,
    bare_refusal,
    deferred,
    fresh,
    in_session,
    opened,
)
from tests.gateway import FALCON, resource

REQUEST = fresh(CLAIM, claim="CLM-ASKED")
ASKED = Asked(
    opened(REQUEST).header_id or "", FALCON, "claim-response", opened(REQUEST).focal_identifier, False
)
AGAIN = replace(ASKED, repeated=True)
OUR_NOTICE = replace(ASKED, reply_event="acknowledgement", identifier=None, own=True)


def read(reply: Reply | bytes, asked: Asked = ASKED) -> Ending:
    return interpret(Answered(200, reply) if isinstance(reply, bytes) else reply, asked, _faults)


def _faults(answer: Envelope) -> list[Finding]:
    return errors(check(answer, START, direction=Direction.ANSWER))


@pytest.mark.parametrize("fault", NotSentFault)
def test_every_fault_before_sending_has_an_outcome_of_its_own(fault: NotSentFault) -> None:
    ending = read(NotSent(fault, "why"))
    assert ending.outcome.value in (fault.value, f"{fault.value}-fault")
    assert (ending.detail, ending.answer, ending.body) == ("why", None, None)


@pytest.mark.parametrize("fault", UnansweredFault)
def test_every_silence_has_an_outcome_of_its_own(fault: UnansweredFault) -> None:
    assert read(Unanswered(fault, "why")).outcome.value == fault.value


def test_an_answer_over_the_cap_is_an_answer_only_under_a_good_status() -> None:
    assert read(TooLarge(200, 9)).outcome is Outcome.TOO_LARGE
    assert [finding.code for finding in read(TooLarge(200, 9)).findings] == ["BV-00076"]
    assert read(TooLarge(503, 9)).outcome is Outcome.SERVER_ERROR
    assert read(TooLarge(404, 9)).outcome is Outcome.MISCONFIGURED


@pytest.mark.parametrize("status", [199, 999])
def test_a_status_nobody_knows_does_not_break_anything(status: int) -> None:
    assert read(Answered(status, b"")).outcome in (Outcome.MISCONFIGURED, Outcome.SERVER_ERROR)


@pytest.mark.parametrize("outcome", ["queued", "partial", "complete", "error"])
@pytest.mark.parametrize("status", [200, 201, 202])
def test_a_sound_answer_is_its_outcome(outcome: str, status: int) -> None:
    body = in_session(REQUEST, outcome)
    ending = read(Answered(status, body))
    assert ending.outcome.value == outcome
    assert ending.body == body
    assert ending.findings == ()


def changed(body: bytes, *path: str | int, to: Any) -> bytes:
    tree = json.loads(body)
    place = tree
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to
    return json.dumps(tree).encode()


HEADER = ("entry", 0, "resource")
MISFITS: dict[str, tuple[bytes, Outcome, str]] = {
    "no response element": (deferred(REQUEST), Outcome.INVALID_ANSWER, "BV-00247"),
    "another request": (
        changed(in_session(REQUEST), *HEADER, "response", "identifier", to="other"),
        Outcome.FOREIGN_ANSWER,
        "BV-00544",
    ),
    "another claim": (
        in_session(REQUEST).replace(b"CLM-ASKED", b"CLM-OTHER"),
        Outcome.FOREIGN_ANSWER,
        "BV-00544",
    ),
    "another event": (
        in_session(REQUEST).replace(b'"code":"claim-response"', b'"code":"poll-response"'),
        Outcome.INVALID_ANSWER,
        "BV-00543",
    ),
    "another sender": (
        changed(in_session(REQUEST), *HEADER, "sender", "identifier", "value", to="INS-2002"),
        Outcome.INVALID_ANSWER,
        "BV-00447",
    ),
    "no outcome in an acknowledgement": (acknowledging(REQUEST), Outcome.INVALID_ANSWER, "IC-01428"),
}


@pytest.mark.parametrize("what", MISFITS)
def test_what_does_not_fit_the_request_is_told_with_its_code(what: str) -> None:
    body, outcome, code = MISFITS[what]
    ending = read(body)
    assert (ending.outcome, [finding.code for finding in ending.findings]) == (outcome, [code])
    assert ending.body == body


@pytest.mark.parametrize(
    "body", [b"", b"\xff", b"no", b"[]", b"{}", b'{"resourceType":"Bundle","entry":[]}', b"[" * 100_000]
)
def test_what_is_no_message_is_kept_as_evidence(body: bytes) -> None:
    ending = read(body)
    assert (ending.outcome, ending.body, ending.answer) == (Outcome.NOT_A_MESSAGE, body, None)
    assert ending.findings


@pytest.mark.parametrize("code", ["1677", "1678", "BV-00542"])
def test_a_duplicate_is_one_only_if_the_first_may_have_arrived(code: str) -> None:
    said = in_session(REQUEST, "error", code=code)
    fatal = acknowledging(REQUEST, Fault(code, "A duplicate"))
    refused = Answered(400, bare_refusal(REQUEST).replace(b"GE-00026", code.encode()))
    assert [read(reply).outcome for reply in (said, fatal, refused)] == [
        Outcome.ERROR,
        Outcome.DECLINED,
        Outcome.DECLINED,
    ]
    assert {read(reply, AGAIN).outcome for reply in (said, fatal, refused)} == {Outcome.DUPLICATE}


def test_an_error_that_names_more_than_the_duplicate_is_the_insurers_verdict() -> None:
    tree = json.loads(in_session(REQUEST, "error", code="1677"))
    response = resource(tree, "ClaimResponse")
    response["error"].append({"code": {"coding": [{"system": "http://x.example", "code": "1658"}]}})
    assert read(json.dumps(tree).encode(), AGAIN).outcome is Outcome.ERROR


def test_a_fatal_error_beside_a_business_answer_is_that_answer() -> None:
    body = changed(in_session(REQUEST, "error"), *HEADER, "response", "code", to="fatal-error")
    assert read(body).outcome is Outcome.ERROR


def test_an_acknowledgement_is_enough_for_our_own_messages() -> None:
    assert read(acknowledging(REQUEST), OUR_NOTICE).outcome is Outcome.ACKNOWLEDGED
    refused = acknowledging(REQUEST, Fault("GE-00026", "No"))
    assert read(refused, OUR_NOTICE).outcome is Outcome.ACKNOWLEDGED


def test_an_authorization_is_answered_by_its_own_event() -> None:
    raw = fresh(AUTHORIZATION)
    asked = Asked(
        opened(raw).header_id or "", FALCON, "priorauth-response", opened(raw).focal_identifier, False
    )
    assert read(in_session(raw), asked).outcome is Outcome.COMPLETE
    assert read(in_session(raw), replace(asked, reply_event="claim-response")).outcome is (
        Outcome.INVALID_ANSWER
    )


@pytest.mark.parametrize(
    "issue",
    [None, {}, [None], [{"details": []}], [{"details": {"coding": "x"}}], [{"details": {"coding": [7]}}]],
)
def test_a_malformed_operation_outcome_declines_without_codes(issue: Any) -> None:
    body = json.dumps({"resourceType": "OperationOutcome", "issue": issue}).encode()
    ending = read(Answered(422, body))
    assert (ending.outcome, ending.detail) == (Outcome.DECLINED, "HTTP 422")


@pytest.mark.parametrize("said", ["Rakan Yusuf", "<script>", "x" * 11, "1098765401", "BV-1", "16770"])
def test_nothing_that_an_insurer_writes_gets_into_our_records_but_codes(said: str) -> None:
    """An identity number has ten digits."""
    body = bare_refusal(REQUEST).replace(b"GE-00026", said.encode())
    assert read(Answered(400, body)).detail == "HTTP 400"
