"""Is what the gateway writes itself sound FHIR, marked as ours, and in the shape real servers use?"""

import json

import pytest
from fhir.resources.R4B.operationoutcome import OperationOutcome

from claimgw.conformance import Direction, check
from claimgw.messages import claim_replies, poll_replies, replies, tags
from claimgw.messages.findings import Finding, errors
from tests.conformance import real_messages
from tests.gateway import example
from tests.messages.written import FAULT, NOW, STAMP, envelope, first

CLAIMS = [
    f"{event}-{kind}"
    for event in ("claim-request", "priorauth-request")
    for kind in ("institutional", "professional", "oral", "pharmacy", "vision")
]


@real_messages.needed
@pytest.mark.parametrize("name", real_messages.files("claim-request-*", "priorauth-request-*"))
def test_real_requests_can_be_answered_with_sound_messages(name: str) -> None:
    request = envelope(real_messages.raw(name))
    own = {finding.path.split(".resource")[0]: finding for finding in request.unsound}
    findings = list(own.values()) or [FAULT]
    for written in (
        claim_replies.refused(request, STAMP, findings),
        *([] if own else [claim_replies.queued(request, STAMP, "Later.")]),
    ):
        found = check(envelope(written), NOW, direction=Direction.ANSWER)
        # Elements that FHIR does not know are echoed with the entry they stand in.
        assert [one for one in errors(found) if one.code != "FR-00027"] == []


@pytest.mark.parametrize("name", CLAIMS)
def test_a_pended_answer_says_so_and_echoes_the_request(name: str) -> None:
    request = envelope(example(name))
    written = claim_replies.queued(request, STAMP, "x" * 300)
    bundle = json.loads(written)
    response = first(written, "ClaimResponse")
    header = bundle["entry"][0]["resource"]
    assert tags.carries(bundle, "nphies-generated")
    assert response["meta"]["tag"] == [{"code": "NPHIES generated", "display": "NPHIES generated"}]
    assert response["outcome"] == "queued"
    assert len(response["disposition"]) == 250
    assert response["extension"][0]["valueCodeableConcept"]["coding"][0]["code"] == "pended"
    assert header["response"] == {"identifier": request.header_id, "code": "ok"}
    assert header["sender"]["identifier"] == {"system": "http://nphies.sa/license/nphies", "value": "NPHIES"}
    assert header["destination"][0]["endpoint"] == request.source_endpoint
    asked = request.focal.resource if request.focal else {}
    for element in ("type", "subType", "use"):
        assert response[element] == asked[element]
    assert response["request"]["identifier"] == {
        key: asked["identifier"][0][key] for key in ("system", "value")
    }
    kinds = [entry["resource"]["resourceType"] for entry in bundle["entry"]]
    assert kinds[:2] == ["MessageHeader", "ClaimResponse"]
    assert {"Patient", "Coverage", "Organization"} <= set(kinds)
    for entry in bundle["entry"]:
        resource = entry["resource"]
        assert entry["fullUrl"] == f"http://nphies.sa/{resource['resourceType']}/{resource['id']}"


def test_decimals_of_the_request_are_echoed_as_they_were_written() -> None:
    raw = example("claim-request-oral").replace(
        b'"resourceType": "Coverage",',
        b'"resourceType": "Coverage", "costToBeneficiary": [{"valueMoney": {"value": 100.00}}],',
    )
    assert b'"value":100.00' in claim_replies.queued(envelope(raw), STAMP, "Later.")


def test_a_faulty_entry_is_named_by_its_identifier_and_not_repeated() -> None:
    request = envelope(example("claim-request-oral"))
    focal = request.focal
    patient = request.find(focal.resource["patient"]["reference"], focal) if focal else None
    assert patient is not None
    fault = Finding("GE-00013", f"{patient.path}.name[0]", "The structure is not valid")
    written = claim_replies.refused(request, STAMP, [fault])
    assert patient.resource["id"] not in [entry.resource["id"] for entry in envelope(written).entries]
    named = first(written, "ClaimResponse")["patient"]
    assert named["type"] == "Patient"
    written_down = patient.resource["identifier"][0]
    assert named["identifier"] == {key: written_down[key] for key in ("system", "value")}


def test_each_finding_is_one_error_with_its_place_on_the_coding() -> None:
    written = claim_replies.refused(envelope(example("claim-request-oral")), STAMP, [FAULT])
    (error,) = first(written, "ClaimResponse")["error"]
    (coding,) = error["code"]["coding"]
    assert (coding["code"], coding["display"]) == (FAULT.code, FAULT.text)
    assert coding["extension"][0]["valueString"] == FAULT.path


def test_a_polled_message_stands_in_the_answer_byte_for_byte() -> None:
    late = example("claim-response-deferred").strip()
    written = poll_replies.delivered(
        envelope(example("poll-request")), STAMP, [poll_replies.Waiting("b-1", late, NOW)]
    )
    assert late in written
    (output,) = first(written, "Task")["output"]
    assert output["valueReference"]["reference"] == "http://nphies.sa/Bundle/b-1"
    assert output["type"]["coding"][0]["system"] == "http://nphies.sa/terminology/ValueSet/task-output-type"


def test_the_same_stamp_writes_the_same_bytes() -> None:
    request = envelope(example("poll-request"))
    assert poll_replies.delivered(request, STAMP, []) == poll_replies.delivered(request, STAMP, [])


def test_a_refusing_acknowledgement_refers_to_its_outcome_and_has_no_focus() -> None:
    written = replies.acknowledgement(envelope(example("claim-response-deferred")), STAMP, [FAULT])
    header = first(written, "MessageHeader")
    outcome = first(written, "OperationOutcome")
    assert "focus" not in header
    assert header["response"]["code"] == "fatal-error"
    assert header["response"]["details"]["reference"] == f"http://nphies.sa/OperationOutcome/{outcome['id']}"
    assert outcome["issue"][0]["details"]["coding"][0]["code"] == FAULT.code


def test_a_bare_outcome_is_an_operation_outcome() -> None:
    outcome = OperationOutcome.model_validate_json(replies.outcome([FAULT]))
    assert outcome.issue[0].expression == [FAULT.path]
