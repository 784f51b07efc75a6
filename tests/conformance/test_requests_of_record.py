"""Are requests and notices judged by what came before: in doubt too, and for what no rule forbids?"""

import copy
import json
import sys
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from claimgw.conformance import check
from claimgw.conformance.case import Case
from claimgw.conformance.history.duplicates import duplicates
from claimgw.conformance.history.judged import RELATED, REMEMBERED
from claimgw.conformance.history.remembered import remember
from claimgw.conformance.memory import Memory, Standing
from claimgw.conformance.severity import direction_of
from claimgw.messages.envelope import Envelope, read
from claimgw.messages.findings import Finding, Severity
from tests.conformance.real_messages import files, needed, pairs, raw

Json = dict[str, Any]

_NOW = datetime(2026, 11, 1, tzinfo=UTC)
_JUNK: tuple[Any, ...] = (*(None, 1, "x", [1], [{}], {"identifier": []}, [{"identifier": {"value": {}}}]),)
_EXAMPLES = Path(__file__).parents[2] / "examples"


def _tree(stem: str) -> Json:
    tree: Json = json.loads((_EXAMPLES / f"{stem}.json").read_bytes())
    return tree


def _message(tree: Json | str) -> Envelope:
    envelope = read(json.dumps(_tree(tree) if isinstance(tree, str) else tree).encode())
    assert isinstance(envelope, Envelope)
    return envelope


def _found(message: Envelope, memory: Memory) -> list[Finding]:
    now = datetime.fromisoformat(message.bundle["timestamp"])
    return check(message, now, direction=direction_of(message.event), memory=memory)


def _severities(message: Envelope, memory: Memory) -> dict[str, Severity]:
    return {one.code: one.severity for one in _found(message, memory)}


def _changed(stem: str, number: str) -> Json:
    """The same claim as another message, under another business identifier."""
    tree = _tree(stem)
    header = tree["entry"][0]
    header["resource"]["id"] = f"00000000-0000-4000-8000-{number:0>12}"
    header["fullUrl"] = header["fullUrl"].rpartition("/")[0] + "/" + header["resource"]["id"]
    tree["entry"][1]["resource"]["identifier"][0]["value"] = f"CLM-{number}"
    return tree


def _texts(findings: Iterable[Finding]) -> list[tuple[str, str]]:
    return [(one.path.rpartition("resource.")[2], str(one.severity)) for one in findings]


def test_what_may_be_older_than_the_record_is_not_checked() -> None:
    cancel = _message("cancel-request")
    assert _severities(cancel, Memory()) == {"BV-00222": Severity.ERROR}
    assert _severities(cancel, Memory(since=date(2026, 1, 1))) == {"BV-00222": Severity.INFORMATION}


def test_a_payment_of_a_claim_nobody_sent_and_a_question_about_it_are_refused() -> None:
    payment = _message("payment-reconciliation")
    assert _severities(payment, Memory()) == {"BV-00024": Severity.ERROR, "BV-00362": Severity.ERROR}
    assert _severities(_message("communication-request"), Memory()) == {"BV-00137": Severity.ERROR}


@pytest.mark.parametrize(
    ("stem", "code"),
    [("cancel-request", "BV-00222"), ("communication", "BV-00148"), ("payment-reconciliation", "BV-00430")],
)
def test_a_claim_that_was_refused_has_no_standing(stem: str, code: str) -> None:
    memory = _with_standing(stem, Standing.REFUSED)
    assert code in _severities(_message(stem), memory)


def test_an_adjustment_takes_back_the_money_of_a_cancelled_claim() -> None:
    tree = _tree("payment-reconciliation")
    tree["entry"][1]["resource"]["detail"][0]["type"]["coding"][0]["code"] = "adjustment"
    memory = _with_standing("payment-reconciliation", Standing.CANCELLED)
    assert "BV-00430" in _severities(_message("payment-reconciliation"), memory)
    assert "BV-00430" not in _severities(_message(tree), memory)


def _with_standing(stem: str, standing: Standing) -> Memory:
    before = ("claim-request-professional", "claim-response-complete", "communication-request")
    memory = remember([_message(one) for one in before], _message(stem))
    requests = {key: replace(one, standing=standing) for key, one in memory.requests.items()}
    return replace(memory, requests=requests)


def test_a_claim_quoting_a_cancelled_authorization_by_its_number_alone_is_refused() -> None:
    tree = _tree("claim-request-institutional")
    tree["entry"][1]["resource"]["insurance"][0]["preAuthRef"] = ["FAL-AA-2026-10-001"]
    given = [_message("advanced-authorization"), _message("advanced-authorization-cancelled")]
    claim = _message(tree)
    assert "BV-00689" not in _severities(claim, remember(given[:1], claim))
    assert _severities(claim, remember(given, claim))["BV-00689"] is Severity.ERROR


def test_an_answer_with_the_number_of_another_request_is_told_unless_the_request_carries_it_on() -> None:
    first = [_message("priorauth-request-institutional"), _message("priorauth-response-deferred")]
    request, tree = _tree("priorauth-request-professional"), _tree("priorauth-response-complete")
    tree["entry"][1]["resource"]["preAuthRef"] = "FAL-PA-2026-08301"
    answer = _message(tree)
    memory = remember([*first, _message(request)], answer)
    assert _severities(answer, memory)["BV-00688"] is Severity.WARNING
    request["entry"][1]["resource"]["insurance"][0]["preAuthRef"] = ["FAL-PA-2026-08301"]
    assert "BV-00688" not in _severities(answer, remember([*first, _message(request)], answer))


def test_an_organization_that_takes_no_part_need_not_be_registered() -> None:
    notice, tree = _message("advanced-authorization"), _tree("advanced-authorization")
    referring = copy.deepcopy(tree["entry"][2])
    referring["fullUrl"] = "http://elsewhere.example/fhir/Organization/PR-7777"
    referring["resource"].update(id="PR-7777")
    referring["resource"]["identifier"][0]["value"] = "PR-7777"
    tree["entry"].append(referring)
    tree["entry"][1]["resource"]["extension"][4]["valueReference"]["reference"] = referring["fullUrl"]
    registered = remember([], notice).licences
    assert _severities(_message(tree), Memory(licences=registered)) == {"BV-00182": Severity.INFORMATION}
    claim = _message("claim-request-professional")
    registered = remember([], claim).licences
    without_sender = {one: kind for one, kind in registered.items() if one != claim.sender}
    assert _severities(claim, Memory(licences=without_sender)) == {"BV-00182": Severity.ERROR}


def test_the_same_service_under_the_same_invoice_in_two_live_claims_is_a_duplicate() -> None:
    claim = _message(_changed("claim-request-professional", "1"))
    other = _message("claim-request-professional")
    memory = remember([other], claim)
    found = duplicates(claim, memory)
    assert [one.item for one in found] == [0, 1, 2]
    assert {one.header_id for one in found} == {other.header_id}
    assert _texts(_found(claim, memory)) == [
        (f"item[{index}].productOrService", "information") for index in range(3)
    ]


@pytest.mark.parametrize("standing", [Standing.REFUSED, Standing.CANCELLED, Standing.NULLIFIED])
def test_a_claim_that_is_not_in_force_duplicates_nothing(standing: Standing) -> None:
    claim = _message(_changed("claim-request-professional", "1"))
    memory = remember([_message("claim-request-professional")], claim)
    related = {key: [replace(one, standing=standing) for one in all_] for key, all_ in memory.related.items()}
    assert duplicates(claim, replace(memory, related=related)) == ()


def test_resubmissions_are_no_duplicates_over_several_steps_and_in_both_directions() -> None:
    original, second = _message("claim-request-institutional"), _message("claim-request-resubmission")
    tree = _changed("claim-request-resubmission", "3")
    related = tree["entry"][1]["resource"]["related"][0]["claim"]["identifier"]
    assert second.focal_identifier is not None
    related["value"] = second.focal_identifier.value
    third = _message(tree)
    all_ = [original, second, third]
    assert [duplicates(one, remember(all_, one)) for one in all_] == [(), (), ()]


def test_several_lines_of_one_invoice_are_no_duplicates() -> None:
    tree = _changed("claim-request-professional", "1")
    for item in tree["entry"][1]["resource"]["item"]:
        item["productOrService"] = {"coding": [{"system": "http://a.example/codes", "code": "1"}]}
    claim = _message(tree)
    assert duplicates(claim, remember([_message("claim-request-professional")], claim)) == ()


def test_a_resubmission_that_omits_a_service_is_told() -> None:
    tree = _tree("claim-request-resubmission")
    del tree["entry"][1]["resource"]["item"][1]
    claim = _message(tree)
    found = _found(claim, remember([_message("claim-request-institutional")], claim))
    assert ("related[0].claim", "information") in _texts(found)


def test_one_encounter_under_two_episodes_is_told() -> None:
    tree = _tree("claim-request-resubmission")
    tree["entry"][1]["resource"]["extension"][2]["valueIdentifier"]["value"] = "EPI-ANOTHER"
    claim = _message(tree)
    found = _found(claim, remember([_message("claim-request-institutional")], claim))
    assert _texts(found) == [("extension[2].value", "information")]


@pytest.mark.parametrize(("days", "told"), [(3, True), (29, True), (31, False)])
def test_a_recent_check_of_eligibility_that_is_not_quoted_is_told(days: int, told: bool) -> None:
    claim = _message("claim-request-professional")
    request, answer = _tree("eligibility-request"), _tree("eligibility-response")
    patient = claim.entries[3].resource["identifier"]
    assert request["entry"][2]["resource"]["resourceType"] == "Patient"
    request["entry"][2]["resource"]["identifier"] = patient
    at = datetime.fromisoformat(claim.bundle["timestamp"]) - timedelta(days=days)
    request["timestamp"] = answer["timestamp"] = at.isoformat()
    memory = remember([_message(request), _message(answer)], claim)
    assert (("extension", "information") in _texts(_found(claim, memory))) is told


def test_a_batch_identifier_that_an_earlier_batch_had_is_told_once_and_forbids_nothing() -> None:
    batch = _message("batch-request")
    earlier = _tree("batch-request")["entry"][1]["resource"]
    earlier["entry"][0]["resource"]["id"] = "00000000-0000-4000-8000-000000000009"
    earlier["entry"][1]["resource"]["identifier"][0]["value"] = "CLM-9"
    came = datetime.fromisoformat(batch.bundle["timestamp"])
    for at, expected in ((came, []), (came - timedelta(days=1), [("extension", "warning")])):
        earlier["timestamp"] = at.isoformat()
        found = _found(batch, remember([_message(earlier)], batch))
        assert [one for one in _texts(found) if one[1] == "warning"] == expected


def test_the_work_for_a_payment_does_not_grow_with_the_square_of_its_details() -> None:
    def calls(details: int) -> int:
        tree = _tree("payment-reconciliation")
        detail = tree["entry"][1]["resource"]["detail"]
        detail[:] = [copy.deepcopy(detail[0]) for _ in range(details)]
        for number, one in enumerate(detail):
            one["request"]["identifier"]["value"] = f"C-{number}"
        payment = _message(tree)
        claims = [_message(_changed("claim-request-professional", str(n))) for n in range(3)]
        memory = remember([*claims, _message("claim-response-complete")], payment)
        made = 0

        def count(_frame: FrameType, event: str, _argument: object) -> None:
            nonlocal made
            made += event == "call"

        # Calls, not seconds: they are the same on a busy machine.
        sys.setprofile(count)
        try:
            _found(payment, memory)
        finally:
            sys.setprofile(None)
        return made

    calls(100)  # what is compiled once is compiled
    assert calls(200) < 2.5 * calls(100)


@pytest.mark.parametrize(
    "stem",
    [
        "advanced-authorization",
        "cancel-request",
        "claim-request-resubmission",
        "communication",
        "payment-notice",
        "payment-reconciliation",
    ],
)
def test_junk_in_place_of_any_element_breaks_no_rule_that_remembers(stem: str) -> None:
    tree = _tree(stem)
    before = ("claim-request-professional", "claim-request-institutional", "claim-response-complete")
    known = [_message(one) for one in before]
    for key in tree["entry"][1]["resource"]:
        for junk in _JUNK:
            changed = copy.deepcopy(tree)
            changed["entry"][1]["resource"][key] = junk
            message = _message(changed)
            case = Case(message, _NOW, direction_of(message.event), memory=remember(known, message))
            for rule in (*RELATED, *REMEMBERED):
                assert [one for one in rule(case) if not one.code] == []


@needed
def test_what_insurers_really_start_gets_no_error_for_what_is_older_than_the_record() -> None:
    for file in files("communication-request-*.json", "payment-rec*.json", "advanced-authorization-*.json"):
        message = read(raw(file))
        assert isinstance(message, Envelope)
        memory = Memory(since=date(2030, 1, 1), licences=remember([], message).licences)
        now = datetime.fromisoformat(message.bundle["timestamp"])
        known, alone = (
            {one.code for one in check(message, now, direction=direction_of(message.event), memory=given)}
            for given in (memory, None)
        )
        told = _found(message, memory)
        assert [
            one.code for one in told if one.severity is Severity.ERROR and one.code in known - alone
        ] == []


@needed
def test_a_related_claim_that_is_unknown_is_told_where_the_real_server_tells_it() -> None:
    expected = {(pair.file, one) for pair in pairs() for one in pair.errors if one[0] == "BV-00725"}
    found = {
        (file, (one.code, one.path))
        for file in {file for file, _ in expected}
        for one in _found(_message(json.loads(raw(file))), Memory())
        if one.severity is Severity.ERROR
    }
    assert expected == found != set()
