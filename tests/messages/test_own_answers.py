"""What does each answer say that the gateway writes in an insurer's place?"""

import json
from dataclasses import replace
from typing import Any

import pytest

from claimgw.messages import (
    batch_replies,
    claim_replies,
    eligibility_replies,
    poll_replies,
    replies,
    tags,
    task_replies,
)
from claimgw.messages.dialect import Dialect
from claimgw.messages.envelope import Envelope, inner
from claimgw.messages.findings import Finding
from claimgw.messages.frame import Stamp
from claimgw.messages.identifiers import CODES, DEFINITIONS, HOME
from claimgw.messages.task_replies import StatusReason
from tests.gateway import example
from tests.messages.written import AWAY, FAULT, NOW, STAMP, envelope, faults, first, members


def test_an_eligibility_refusal_repeats_what_was_asked_under_an_identifier_of_its_own() -> None:
    request = envelope(example("eligibility-request"))
    written = eligibility_replies.refused(request, STAMP, [AWAY])
    response = first(written, "CoverageEligibilityResponse")
    asked = request.focal.resource if request.focal else {}
    for element in ("purpose", "servicedDate"):
        assert response.get(element) == asked.get(element)
    assert response["request"] == {
        "type": "CoverageEligibilityRequest",
        "identifier": request.focal_identifier.on_the_wire() if request.focal_identifier else None,
    }
    assert response["identifier"] == [
        {"system": "http://nphies.sa/CoverageEligibilityResponse", "value": response["id"]}
    ]
    (error,) = response["error"]
    assert error["code"]["coding"][0]["code"] == "GE-00012"
    assert first(written, "MessageHeader")["response"]["code"] == "ok"


@pytest.mark.parametrize("name", ["cancel-request", "cancel-request-nullify"])
def test_a_refused_cancellation_keeps_its_code_its_target_and_its_reason(name: str) -> None:
    request = envelope(example(name))
    asked = request.focal.resource if request.focal else {}
    written = task_replies.failed(request, STAMP, [FAULT], StatusReason.CLAIMED)
    task, header = first(written, "Task"), first(written, "MessageHeader")
    for element in ("id", "identifier", "code", "focus", "requester", "owner"):
        assert task[element] == asked[element]
    assert task.get("reasonCode") == asked.get("reasonCode")
    assert task["statusReason"]["coding"][0]["code"] == "claimed"
    assert (task["status"], header["response"]["code"]) == ("failed", "fatal-error")
    assert header["sender"]["identifier"]["value"] == "NPHIES"
    assert header["focus"] == request.header["focus"]


def test_a_task_without_an_address_of_its_kind_gets_one_of_ours_and_refers_absolutely() -> None:
    raw = example("cancel-request").replace(
        b"http://alwaha.example/fhir/Task/21001", b"http://alwaha.example/x"
    )
    raw = raw.replace(b'"reference": "http://alwaha.example/fhir/Organ', b'"reference": "Organ')
    written = envelope(task_replies.completed(envelope(raw), STAMP))
    assert written.focal is not None
    assert written.focal.full_url == f"{HOME}/Task/{written.focal.resource['id']}"
    assert faults(written.raw) == []


def test_a_status_is_told_as_one_coded_output() -> None:
    request = envelope(example("status-check"))
    task = first(
        task_replies.standing(request, STAMP, "http://hl7.org/fhir/remittance-outcome", "queued"), "Task"
    )
    (output,) = task["output"]
    assert output["type"]["coding"][0]["code"] == "status"
    coding = {"system": "http://hl7.org/fhir/remittance-outcome", "code": "queued"}
    assert output["valueCodeableConcept"] == {"coding": [coding]}


def test_the_answers_of_a_batch_stand_in_it_byte_for_byte_and_each_is_a_focus() -> None:
    request = envelope(example("batch-request"))
    answers = list(members(request, STAMP))
    written = batch_replies.answered(request, STAMP, answers)
    addresses = [f"{HOME}/Bundle/{bundle_id}" for bundle_id, _ in answers]
    assert [one["reference"] for one in first(written, "MessageHeader")["focus"]] == addresses
    assert [one.full_url for one in envelope(written).entries[1:]] == addresses
    assert all(raw in written for _, raw in answers)


def batch_extensions(raw: bytes) -> list[dict[str, Any]]:
    extensions = first(raw, "ClaimResponse").get("extension", [])
    return [one for one in extensions if one["url"].startswith(DEFINITIONS + "extension-batch-")]


def test_an_answer_says_again_which_claim_of_which_batch_it_is_about() -> None:
    member = inner(envelope(example("batch-request")).entries[1].resource)
    assert isinstance(member, Envelope)
    given = member.focal.resource["extension"][:3] if member.focal else []
    assert batch_extensions(claim_replies.queued(member, STAMP, "Later.")) == given
    assert batch_extensions(claim_replies.refused(member, STAMP, [FAULT])) == given
    wrong = Finding("DT-00001", "Bundle.entry[1].resource.entry[1].resource.extension[1].value", "No number")
    assert batch_extensions(claim_replies.refused(member, STAMP, [wrong])) == [given[0], given[2]]


def test_a_large_claim_is_tagged_in_the_header_of_its_queued_answer() -> None:
    request = envelope(example("claim-request-oral"))
    written = claim_replies.queued(request, STAMP, "It will be checked.", large=True)
    assert tags.carries(first(written, "MessageHeader"), "large-claim")
    assert not tags.carries(first(claim_replies.queued(request, STAMP, "x"), "MessageHeader"), "large-claim")


def test_notes_are_numbered_and_shown() -> None:
    request = envelope(example("claim-request-oral"))
    stamp = replace(STAMP, notes=("One.", "x" * 3000))
    written = claim_replies.refused(request, stamp, [FAULT])
    one, two = first(written, "ClaimResponse")["processNote"]
    assert one == {"number": 1, "type": "display", "text": "One."}
    assert (two["number"], len(two["text"])) == (2, 1000)


def test_what_a_provider_is_told_without_a_business_answer_is_marked_and_an_insurer_is_answered_plainly() -> (
    None
):
    to_provider = replies.acknowledgement(envelope(example("communication")), STAMP)
    to_insurer = replies.acknowledgement(envelope(example("payment-reconciliation")), STAMP)
    assert tags.carries(json.loads(to_provider), "nphies-generated")
    assert not tags.carries(json.loads(to_insurer), "nphies-generated")


def test_the_guides_dialect_writes_what_the_guide_says() -> None:
    guide = Stamp("seed", NOW, Dialect.GUIDE)
    claim = claim_replies.refused(envelope(example("priorauth-request-oral")), guide, [FAULT])
    response = first(claim, "ClaimResponse")
    assert tags.carries(json.loads(claim), "nphies-generated")
    assert response["meta"] == {"profile": [DEFINITIONS + "prior-auth-response|1.0.0"]}
    assert envelope(claim).by_url.keys() >= {response["patient"]["reference"]}
    assert response["error"][0]["extension"][0]["valueString"] == FAULT.path
    poll = poll_replies.failed(envelope(example("poll-request-filtered")), guide, [FAULT])
    assert envelope(poll).focal is not None
    output = first(poll, "Task")["output"][0]
    assert output["type"]["coding"][0]["system"] == CODES + "task-output-type"
    assert output["valueCodeableConcept"]["extension"][0]["valueString"] == FAULT.path
    refused = replies.acknowledgement(envelope(example("payment-reconciliation")), guide, [FAULT])
    header = first(refused, "MessageHeader")
    assert header["focus"] == [header["response"]["details"]]
    assert first(refused, "OperationOutcome")["meta"]["profile"] == [DEFINITIONS + "OperationOutcome|1.0.0"]


@pytest.mark.parametrize("dialect", Dialect)
def test_what_is_too_long_for_a_display_stands_whole_as_text(dialect: Dialect) -> None:
    long = Finding("BV-00805", "bundle.entry[1].resource.supportingInfo", "Something is missing. " * 8)
    stamp = Stamp("seed", NOW, dialect)
    refused = claim_replies.refused(envelope(example("claim-request-oral")), stamp, [long])
    code = first(refused, "ClaimResponse")["error"][0]["code"]
    assert (len(code["coding"][0]["display"]), code["text"]) == (100, long.text)
    poll = poll_replies.failed(envelope(example("poll-request")), stamp, [long])
    outcome = replies.acknowledgement(envelope(example("communication")), stamp, [long])
    assert [faults(raw) for raw in (refused, poll, outcome)] == [[], [], []]
