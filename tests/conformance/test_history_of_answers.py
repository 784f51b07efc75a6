"""What counts as earlier, as known, as the same, when an insurer's answer is judged by what came before?"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from claimgw.conformance import Direction, check
from claimgw.conformance.history.remembered import remember, statement_of
from claimgw.conformance.memory import Memory, Request, Standing
from claimgw.conformance.rulebook.spoilt import Change, patched
from claimgw.messages.decode import Decoded, decode
from claimgw.messages.encode import encode
from claimgw.messages.envelope import Envelope, read
from claimgw.messages.findings import Finding, Severity
from claimgw.messages.identifiers import GATEWAY, Licence, LicenceKind

NOW = datetime(2026, 11, 1, 8, tzinfo=UTC)
EXAMPLES = Path(__file__).parents[2] / "examples"


@cache
def tree(stem: str) -> dict[str, Any]:
    decoded = decode((EXAMPLES / f"{stem}.json").read_bytes())
    assert isinstance(decoded, Decoded)
    found: dict[str, Any] = decoded.tree
    return found


def message(stem: str, *changes: tuple[str, str, Any]) -> Envelope:
    """An example, with operation, path and value of what is changed."""
    envelope = read(encode(patched(tree(stem), [Change(*change) for change in changes])))
    assert isinstance(envelope, Envelope)
    return envelope


def judged(answer: Envelope, memory: Memory) -> list[Finding]:
    return check(answer, NOW, direction=Direction.ANSWER, memory=memory)


def codes(found: Sequence[Finding]) -> list[tuple[str, Severity]]:
    return [(one.code, one.severity) for one in found]


def asked(memory: Memory, **changes: Any) -> Memory:
    """The memory, with changes to the request that is answered."""
    assert isinstance(memory.answered, Request)
    return replace(memory, answered=replace(memory.answered, **changes))


ANSWER = message("claim-response-complete")
SENT = remember([message("claim-request-professional")], ANSWER)
AUTHORIZED = message("priorauth-response-complete")
REQUESTED = remember([message("priorauth-request-professional")], AUTHORIZED)
BY_ITSELF = message("claim-response-deferred")


def test_an_answer_that_fits_its_request_has_no_finding() -> None:
    assert judged(ANSWER, SENT) == []


def test_a_late_answer_is_judged_without_the_header_id_that_it_lacks() -> None:
    assert judged(BY_ITSELF, remember([message("claim-request-institutional")], BY_ITSELF)) == []


def test_an_answer_to_what_may_be_older_than_the_record_is_not_checked() -> None:
    found = judged(BY_ITSELF, remember([], BY_ITSELF, since=date(2026, 1, 1)))
    assert codes(found) == [("BV-00003", Severity.INFORMATION)]
    assert found[0].text.startswith("Not checked")


def test_an_answer_to_nothing_is_refused_where_the_record_is_whole() -> None:
    assert codes(judged(BY_ITSELF, remember([], BY_ITSELF))) == [("BV-00003", Severity.ERROR)]


def test_a_claim_known_by_its_identifier_alone_is_answered_without_comparing_more() -> None:
    assert judged(ANSWER, asked(SENT, message=None)) == []


def test_a_claim_known_by_its_identifier_alone_can_be_cancelled_all_the_same() -> None:
    found = judged(ANSWER, asked(SENT, message=None, standing=Standing.CANCELLED))
    assert codes(found) == [("BV-00525", Severity.ERROR)]


def test_what_the_gateway_said_in_an_insurers_place_is_no_earlier_answer() -> None:
    queued = replace(statement_of(AUTHORIZED, NOW), by_gateway=True, outcome="queued", header_id="another")
    assert judged(AUTHORIZED, asked(REQUESTED, answers=(queued,))) == []


def test_the_answer_itself_is_no_earlier_answer() -> None:
    assert judged(ANSWER, asked(SENT, answers=(statement_of(ANSWER, NOW),))) == []


def test_a_second_answer_to_an_authorization_may_do_without_a_reason_until_one_is_complete() -> None:
    partial = replace(statement_of(AUTHORIZED, NOW), outcome="partial", header_id="another")
    found = judged(AUTHORIZED, asked(REQUESTED, answers=(partial,)))
    assert codes(found) == [("BV-00121", Severity.INFORMATION)]


def test_an_answer_issued_again_with_a_reason_passes() -> None:
    reason = {
        "coding": [{"system": "http://nphies.sa/terminology/CodeSystem/reissue-reason", "code": "audit"}]
    }
    url = "http://nphies.sa/fhir/ksa/nphies-fs/StructureDefinition/extension-adjudication-reissue"
    again = message(
        "claim-response-complete",
        ("add", "/entry/1/resource/extension/-", {"url": url, "valueCodeableConcept": reason}),
    )
    first = replace(statement_of(ANSWER, NOW), header_id="another")
    assert judged(again, asked(SENT, answers=(first,))) == []


def test_a_tpa_answers_for_the_insurer_it_was_asked_for() -> None:
    tpa = {
        "type": "Organization",
        "identifier": {"system": "http://nphies.sa/license/payer-license", "value": "TPA-1"},
    }
    request = message(
        "claim-request-professional", ("replace", "/entry/0/resource/destination/0/receiver", tpa)
    )
    answer = message("claim-response-complete", ("replace", "/entry/0/resource/sender", tpa))
    memory, insurer = remember([request], answer), frozenset({Licence(LicenceKind.PAYER, "INS-2001")})
    assert check(answer, NOW, direction=Direction.ANSWER, served=insurer, memory=memory) == []


def test_the_gateway_may_answer_in_an_insurers_place() -> None:
    sender = {"type": "Organization", "identifier": GATEWAY.on_the_wire()}
    answer = message("claim-response-complete", ("replace", "/entry/0/resource/sender", sender))
    assert judged(answer, remember([message("claim-request-professional")], answer)) == []


def test_an_item_that_the_insurer_added_in_its_place_stands_for_one_of_the_claim() -> None:
    third = tree("claim-response-complete")["entry"][1]["resource"]["item"][2]
    added = {
        "itemSequence": [3],
        "productOrService": {"text": "Another"},
        "adjudication": third["adjudication"],
    }
    answer = message(
        "claim-response-complete",
        ("remove", "/entry/1/resource/item/2", None),
        ("add", "/entry/1/resource/addItem", [added]),
    )
    assert "BV-00097" not in dict(
        codes(check(answer, NOW, direction=Direction.ANSWER, memory=SENT, all_stages=True))
    )


def test_a_failure_may_be_told_by_an_acknowledgement() -> None:
    failure = message(
        "acknowledgement-fatal-error",
        (
            "replace",
            "/entry/0/resource/response/identifier",
            SENT.answered.header_id if SENT.answered else "",
        ),
    )
    found = judged(failure, remember([message("claim-request-professional")], failure))
    assert "BV-00543" not in dict(codes(found))


def test_a_batch_extension_that_is_not_repeated_is_told_and_refuses_nothing() -> None:
    url = "http://nphies.sa/fhir/ksa/nphies-fs/StructureDefinition/extension-batch-number"
    request = message(
        "claim-request-professional",
        ("add", "/entry/1/resource/extension/-", {"url": url, "valuePositiveInt": 3}),
    )
    found = judged(ANSWER, remember([request], ANSWER))
    assert codes(found) == [("BV-00452", Severity.WARNING)]


def test_an_eligibility_request_under_an_identifier_that_was_used_is_refused() -> None:
    first = message("eligibility-request")
    again = message("eligibility-request", ("replace", "/entry/0/resource/id", "another"))
    found = check(again, NOW, direction=Direction.REQUEST, memory=remember([first], again), all_stages=True)
    assert ("BV-00163", Severity.ERROR) in codes(found)


def test_a_cancellation_whose_answer_was_lost_may_be_sent_again_under_its_identifier() -> None:
    first = message("cancel-request")
    again = message("cancel-request", ("replace", "/entry/0/resource/id", "another"))
    found = check(again, NOW, direction=Direction.REQUEST, memory=remember([first], again), all_stages=True)
    assert "BV-00163" not in dict(codes(found))


def test_a_second_answer_to_a_cancellation_that_the_gateway_gave_up_is_the_insurers_first() -> None:
    answer = message("cancel-response")
    sent = remember([message("cancel-request")], answer)
    given_up = replace(statement_of(answer, NOW), by_gateway=True, header_id="another")
    assert judged(answer, asked(sent, answers=(given_up,))) == []
