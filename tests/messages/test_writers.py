"""Has what the gateway writes for every event no fault, in both dialects, whatever the request holds?"""

import json
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from campaigns import junk
from campaigns.mutator import mutants, plan
from campaigns.samples import samples
from campaigns.spec import is_there, spec
from campaigns.verdict import RECEIVED
from claimgw.conformance import Direction, check
from claimgw.conformance.severity import direction_of
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
from claimgw.messages.envelope import Envelope, inner, read
from claimgw.messages.findings import Finding, Severity, errors
from claimgw.messages.frame import Stamp
from claimgw.messages.identifiers import CODES, DEFINITIONS, HOME, Licence
from claimgw.messages.task_replies import StatusReason
from tests.gateway import example

NOW = datetime(2026, 11, 1, 8, tzinfo=UTC)
FAULT = Finding("RE-00169", "Bundle.entry[1].resource.patient", "Reference does not reach a valid resource")
AWAY = Finding("GE-00012", "", "The insurer cannot be reached")

Writer = Callable[[Envelope, Stamp], bytes]


def envelope(raw: bytes) -> Envelope:
    found = read(raw)
    assert isinstance(found, Envelope)
    return found


def faults(raw: bytes) -> list[tuple[str, str]]:
    """(code, place) of all that is found, judged as a request is; what could not be checked is no fault."""
    judged = check(envelope(raw), NOW, direction=Direction.REQUEST, all_stages=True)
    return [(one.code, one.path) for one in judged if one.severity is not Severity.INFORMATION]


def members(request: Envelope, stamp: Stamp) -> Iterator[tuple[str, bytes]]:
    """An answer to each claim of a batch: the first refused, the others queued."""
    for number, entry in enumerate(request.entries[1:]):
        claim = inner(entry.resource)
        assert isinstance(claim, Envelope)
        own = Stamp(f"{stamp.seed}-{number}", stamp.at, stamp.dialect, member=True)
        written = (
            claim_replies.queued(claim, own, "It will be delivered.")
            if number
            else claim_replies.refused(claim, own, [FAULT])
        )
        yield own.id("Bundle"), written


def polled(request: Envelope, stamp: Stamp) -> bytes:
    late = envelope(example("claim-response-deferred"))
    return poll_replies.delivered(request, stamp, [poll_replies.Waiting(late.bundle_id or "", late.raw, NOW)])


CLAIMS: dict[str, Writer] = {
    "queued": lambda e, s: claim_replies.queued(e, s, "Later.", large=True, notes=["Told before."]),
    "refused": lambda e, s: claim_replies.refused(e, s, [FAULT], notes=["Told before.", "And again."]),
}
WRITERS: dict[str, dict[str, Writer]] = {
    "claim-request-oral": CLAIMS,
    "claim-request-professional": CLAIMS,
    "priorauth-request-institutional": CLAIMS,
    "priorauth-request-pharmacy": CLAIMS,
    "eligibility-request": {
        "refused": lambda e, s: eligibility_replies.refused(e, s, [FAULT, FAULT]),
        "away": lambda e, s: eligibility_replies.refused(e, s, [AWAY]),
    },
    "cancel-request": {
        "failed": lambda e, s: task_replies.failed(e, s, [FAULT], StatusReason.IN_PROCESS),
        "away": lambda e, s: task_replies.failed(e, s, [AWAY]),
        "completed": task_replies.completed,
    },
    "cancel-request-nullify": {
        "failed": lambda e, s: task_replies.failed(e, s, [FAULT]),
        "completed": task_replies.completed,
    },
    "status-check": {
        "failed": lambda e, s: task_replies.failed(e, s, [FAULT]),
        "standing": lambda e, s: task_replies.standing(
            e, s, "http://hl7.org/fhir/remittance-outcome", "queued"
        ),
        "cancelled": lambda e, s: task_replies.standing(e, s, CODES + "claim-response-outcome", "cancelled"),
    },
    "poll-request": {
        "empty": lambda e, s: poll_replies.delivered(e, s, []),
        "full": polled,
        "failed": lambda e, s: poll_replies.failed(e, s, [FAULT]),
    },
    "poll-request-filtered": {"full": polled},
    "batch-request": {
        "refused": lambda e, s: batch_replies.refused(e, s, [FAULT]),
        "answered": lambda e, s: batch_replies.answered(e, s, list(members(e, s))),
    },
    **{
        name: {
            "ok": replies.acknowledgement,
            "refused": lambda e, s: replies.acknowledgement(e, s, [FAULT]),
        }
        for name in ("communication", "payment-notice", "payment-reconciliation", "communication-request")
    },
    "claim-response-complete": {
        "error notice": lambda e, s: replies.error_notice(
            Licence.parse("payer:INS-2001"),
            s,
            [FAULT],
            request_header="102aa022-17b5-49a0-82c4-476a9c4d79e9",
            response_header=e.header_id,
        )
    },
}
ALL = [(name, kind) for name, kinds in WRITERS.items() for kind in kinds]


@pytest.mark.parametrize("dialect", Dialect)
@pytest.mark.parametrize(("name", "kind"), ALL, ids=[f"{kind} {name}" for name, kind in ALL])
def test_what_the_gateway_writes_has_no_fault(name: str, kind: str, dialect: Dialect) -> None:
    written = WRITERS[name][kind](envelope(example(name)), Stamp("seed", NOW, dialect))
    assert faults(written) == []


REFUSALS: dict[str, Callable[[Envelope, Stamp, list[Finding]], bytes]] = {
    "eligibility-request": eligibility_replies.refused,
    "cancel-request": task_replies.failed,
    "status-check": task_replies.failed,
    "poll-request": poll_replies.failed,
    "batch-request": batch_replies.refused,
    "communication": replies.acknowledgement,
    "payment-notice": replies.acknowledgement,
}
ANSWERABLE = {
    "eligibility-request": eligibility_replies.answerable,
    "cancel-request": task_replies.answerable,
    "status-check": task_replies.answerable,
    "poll-request": poll_replies.answerable,
    "batch-request": batch_replies.answerable,
}
# What nobody could mend: the answer must repeat it, or has nothing to put in its place.
STANDS = {
    ("BV-00275", "request.identifier.value"),  # the identifier that is answered is too long
    ("IC-00174", "patient"),  # the patient has no usable identifier
    ("IC-00399", "focus"),  # what shall be cancelled has none
    ("IC-00402", "focus"),  # nor has what is asked about
    ("IC-01428", "focus.type"),  # whose type cannot be told
}


def stands(code: str, path: str) -> bool:
    return any(code == known and path.endswith("." + place) for known, place in STANDS)


@pytest.mark.skipif(not is_there(), reason="the spec files are not beside the repository")
def test_what_was_wrong_in_a_request_is_not_repeated_in_its_refusal() -> None:
    found, count = [], 0
    for request, findings in spoilt():
        for dialect in Dialect:
            count += 1
            assert request.event
            written = REFUSALS[request.event.code](request, Stamp("seed", NOW, dialect), findings)
            found += [one for one in faults(written) if not stands(*one)]
    assert count > 400
    assert found == []


def spoilt() -> Iterator[tuple[Envelope, list[Finding]]]:
    """Requests that are refused and can be answered, with the findings; claims have their own test."""
    valid = {
        name: one for name, one in samples().items() if "claim-" not in name and "priorauth-" not in name
    }
    for mutant in mutants(plan(valid, spec()), spec(), seed=1, share=0.3):
        message = read(mutant.raw)
        if not isinstance(message, Envelope) or message.event is None or message.sender is None:
            continue
        code = message.event.code
        if code not in REFUSALS or message.header_id is None:
            continue
        findings = check(message, RECEIVED, direction=direction_of(message.event))
        if errors(findings) and ANSWERABLE.get(code, lambda _: True)(message):
            yield message, findings


@pytest.mark.parametrize("dialect", Dialect)
def test_no_junk_in_a_request_breaks_its_refusal(dialect: Dialect) -> None:
    valid = [one.bundle for name, one in samples().items() if name.startswith(tuple(REFUSALS))]
    written = 0
    for seed in range(300):
        request = read(junk.message(valid, random.Random(seed)))
        if isinstance(request, Envelope) and request.event and request.sender and request.header_id:
            code = request.event.code
            if code in REFUSALS and ANSWERABLE.get(code, lambda _: True)(request):
                written += 1
                answer = REFUSALS[code](request, Stamp("seed", NOW, dialect), [*request.unsound, FAULT])
                assert isinstance(read(answer), Envelope)
    assert written > 120


def first(raw: bytes, kind: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one.resource for one in envelope(raw).entries if one.type == kind)
    return found


STAMP = Stamp("seed", NOW)


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
    written = claim_replies.refused(request, STAMP, [FAULT], notes=["One.", "x" * 3000])
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
