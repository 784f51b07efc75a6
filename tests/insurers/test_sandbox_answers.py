"""Do the sandbox's own answers follow the rules that a gateway checks?"""

import csv
import json
import re
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class

from claimgw.conformance import Direction, check
from claimgw.ids import new_id
from claimgw.insurers.sandbox.behaviour import TABLE
from claimgw.insurers.sandbox.cases import Cases
from claimgw.insurers.sandbox.claim_response import Stamp
from claimgw.insurers.sandbox.plan import approve
from claimgw.insurers.sandbox.reading import Unreadable, acknowledged, read
from claimgw.insurers.sandbox.wording import Turn
from claimgw.messages import envelope
from claimgw.messages.findings import Severity
from tests.insurers.sandbox_requests import (
    HOME,
    PROVIDER,
    SD,
    START,
    authorization_request,
    bundle,
    claim,
    claim_request,
    decode,
    detail,
    encode,
    header_of,
    item,
    outcome_of,
    response_of,
)

Json = dict[str, Any]
ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "messages"
GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
LATER = datetime(2026, 12, 30, tzinfo=UTC)
ODD = {"GARBAGE", "INVALID", "OTHER", "DECLINE", "HUGE", "STRANGER", "FOREIGN", "NOTHING", "ASK", "ASKNOW"}
WELL_BEHAVED = [row for row in TABLE if row.name not in ODD]
REQUESTS: dict[str, Callable[[], bytes]] = {"claim": claim_request, "authorization": authorization_request}


def stamp() -> Stamp:
    return Stamp(new_id(START), new_id(START), new_id(START), START)


def answer_to(request: bytes, name: str = "APPROVE", number: int | None = 1) -> bytes:
    return conversation(request, name, number)[0]


def later_answers_to(request: bytes, name: str) -> list[bytes]:
    return conversation(request, name)[1:]


def conversation(request: bytes, name: str, number: int | None = 1) -> list[bytes]:
    """The answer and what follows it, each taken by the gateway before the next is written."""
    asked, cases = read(request), Cases()
    case = cases.remember(asked, request) if asked.claim else None
    row = next(one for one in TABLE if one.name == name)
    plan = row.planner(Turn(asked, case), number)
    messages = []
    for compose in (plan.answer, *(one.compose for one in plan.later)):
        messages.append(compose(stamp()))
        cases.said(messages[-1])
    return messages


def claim_of(request: bytes) -> Json:
    return next(one for one in resources(request) if one["resourceType"] == "Claim")


def resources(message: bytes) -> list[Json]:
    return [one["resource"] for one in decode(message)["entry"]]


def named(resource: Json, name: str) -> Json | None:
    return next((one for one in resource.get("extension", []) if one["url"] == f"{SD}extension-{name}"), None)


def references(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for one in node:
            yield from references(one)
    elif isinstance(node, dict):
        if isinstance(node.get("reference"), str):
            yield node["reference"]
        for value in node.values():
            yield from references(value)


def assert_sound_message(message: bytes) -> None:
    """Section 2.6: ids, first entry, fullUrls; every reference resolves, every entry is referred to."""
    made = decode(message)
    assert GUID.fullmatch(made["id"])
    assert made["type"] == "message"
    assert made["timestamp"] == "2026-03-01T09:00:00+03:00"
    assert made["entry"][0]["resource"]["resourceType"] == "MessageHeader"
    urls = [one["fullUrl"] for one in made["entry"]]
    assert len(set(urls)) == len(urls)
    for one in made["entry"][:2]:
        assert one["fullUrl"].endswith("/" + one["resource"]["id"])
        assert GUID.fullmatch(one["resource"]["id"])
    reached = set()
    for one in made["entry"]:
        base = re.match(r"(https?://.+/)\w+/[^/]+$", one["fullUrl"])
        for reference in references(one["resource"]):
            wanted = {reference.lower(), (base[1] + reference if base else reference).lower()}
            found = {url for url in urls if url.lower() in wanted}
            assert found, reference
            reached |= found
    assert reached == set(urls[1:])


def assert_answers_header(message: bytes, request: bytes, *, in_session: bool) -> None:
    """Section 2.3: parties and endpoints mirrored, `response` in session and only there."""
    asked, said = header_of(request), header_of(message)
    assert said["sender"]["identifier"] == asked["destination"][0]["receiver"]["identifier"]
    assert said["destination"][0]["receiver"]["identifier"] == asked["sender"]["identifier"]
    assert said["source"]["endpoint"] == asked["destination"][0]["endpoint"]
    assert said["destination"][0]["endpoint"] == asked["source"]["endpoint"]
    assert said["eventCoding"]["code"] == asked["eventCoding"]["code"].replace("request", "response")
    expected = {"identifier": asked["id"], "code": "ok"} if in_session else None
    assert said.get("response") == expected


def assert_response_rules(message: bytes, request: bytes) -> None:
    """Section 7 and the constraints of the two ClaimResponse profiles."""
    asked, said = claim_of(request), response_of(message)
    authorization = header_of(request)["eventCoding"]["code"] == "priorauth-request"
    profile = "prior-auth-response" if authorization else "claim-response"
    assert said["meta"]["profile"] == [f"{SD}{profile}|1.0.0"]
    assert (said["status"], said["use"]) == ("active", "preauthorization" if authorization else "claim")
    assert (said["type"], said.get("subType")) == (asked["type"], asked.get("subType"))
    assert said["request"]["identifier"] == asked["identifier"][0]
    assert len(said["identifier"]) == 1
    assert {"system", "value"} <= said["identifier"][0].keys()
    assert {"patient", "insurer", "requestor", "created"} <= said.keys()
    assert [one["focal"] for one in said["insurance"]].count(True) == 1
    assert len(said.get("disposition", "")) <= 250
    if said["outcome"] in {"queued", "error"}:
        assert "item" not in said
        assert "total" not in said
        assert outcome_of(said) == ("pended" if said["outcome"] == "queued" else None)
        assert ("error" in said) == (said["outcome"] == "error")
    else:
        assert_decided(said, asked, authorization)


def assert_decided(said: Json, asked: Json, authorization: bool) -> None:
    assert [one["itemSequence"] for one in said["item"]] == [one["sequence"] for one in asked["item"]]
    outcomes = {outcome_of(one) for one in said["item"]}
    assert outcome_of(said) == (outcomes.pop() if len(outcomes) == 1 else "partial")
    assert outcome_of(said) in {"approved", "partial", "rejected"}
    for judged, claimed in zip(said["item"], asked["item"], strict=True):
        assert_item(judged, claimed, authorization)
    for total in said["total"]:
        category = total["category"]["coding"][0]["code"]
        assert total["amount"]["currency"] == "SAR"
        assert total["amount"]["value"] == sum(amount_of(one, category) for one in said["item"])
    assert len(said["total"]) == 4
    assert ("preAuthRef" in said) == authorization
    assert ("preAuthPeriod" in said) == (authorization and outcome_of(said) != "rejected")
    if "preAuthPeriod" in said:
        assert said["preAuthPeriod"]["start"] < said["preAuthPeriod"]["end"]


def assert_item(judged: Json, claimed: Json, authorization: bool) -> None:
    categories = [one["category"]["coding"][0]["code"] for one in judged["adjudication"]]
    assert sorted(categories) == ["approved-quantity", "benefit", "copay", "eligible", "tax"]
    assert amount_of(judged, "benefit") + amount_of(judged, "copay") == amount_of(judged, "eligible")
    assert amount_of(judged, "eligible") <= claimed["net"]["value"]
    for one in judged["adjudication"]:
        if one["category"]["coding"][0]["code"] == "approved-quantity":
            assert one["category"]["coding"][0]["system"].endswith("/ksa-adjudication")
            assert "amount" not in one
        else:
            assert one["amount"]["currency"] == "SAR"
            assert "value" not in one
    assert any("reason" in one for one in judged["adjudication"]) == (outcome_of(judged) != "approved")
    assert named(judged, "patientInvoice") == named(claimed, "patientInvoice")
    if (named(claimed, "package") or {}).get("valueBoolean") is not True:
        asked_details = [one["sequence"] for one in claimed.get("detail", [])]
        assert [one["detailSequence"] for one in judged.get("detail", [])] == asked_details


def amount_of(judged: Json, category: str) -> Decimal:
    (found,) = (one for one in judged["adjudication"] if one["category"]["coding"][0]["code"] == category)
    return Decimal(found["amount"]["value"])


def assert_judged_faultless(message: bytes) -> None:
    """By all stages, and as strictly as a provider's request; what cannot be checked is no fault."""
    judged = envelope.read(message)
    assert isinstance(judged, envelope.Envelope)
    found = check(judged, LATER, direction=Direction.REQUEST, all_stages=True)
    assert [one for one in found if one.severity is not Severity.INFORMATION] == []


def assert_parses_in_r4b(message: bytes) -> None:
    plain = json.loads(message)
    for one in plain["entry"]:
        if one["resource"]["resourceType"] in {"MessageHeader", "ClaimResponse", "OperationOutcome"}:
            get_fhir_model_class(one["resource"]["resourceType"]).model_validate(one["resource"])


@pytest.mark.parametrize("request_kind", REQUESTS)
@pytest.mark.parametrize("row", WELL_BEHAVED, ids=lambda row: row.name)
def test_every_answer_of_an_honest_behaviour_follows_the_rules(row: Any, request_kind: str) -> None:
    request = REQUESTS[request_kind]()
    answer = answer_to(request, row.name)
    assert_sound_message(answer)
    assert_answers_header(answer, request, in_session=True)
    assert_response_rules(answer, request)
    assert_parses_in_r4b(answer)
    for later in later_answers_to(request, row.name):
        assert_sound_message(later)
        assert_answers_header(later, request, in_session=False)
        assert_response_rules(later, request)
        assert_parses_in_r4b(later)


def test_amounts_keep_their_two_decimals_on_the_wire() -> None:
    assert b'{"value":115.00,"currency":"SAR"}' in answer_to(claim_request())


def test_patient_coverage_and_organizations_travel_along_and_the_practitioner_stays_behind() -> None:
    answer = answer_to(claim_request())
    ids = [(one["resourceType"], one["id"]) for one in resources(answer)[2:]]
    assert sorted(ids) == [
        ("Coverage", "v1"),
        ("Organization", "o1"),
        ("Organization", "o2"),
        ("Patient", "p1"),
        ("Patient", "p2"),
    ]


def test_a_relative_reference_of_the_claim_is_made_absolute() -> None:
    assert response_of(answer_to(claim_request()))["patient"]["reference"] == f"{HOME}/Patient/p1"


def test_a_party_named_by_identifier_only_is_echoed_so() -> None:
    known = {"identifier": {"system": "http://nphies.sa/identifier/iqama", "value": "2"}, "type": "Patient"}
    answer = answer_to(encode(bundle("claim-request", claim("C", patient=known))))
    assert response_of(answer)["patient"] == known
    assert_sound_message(answer)


def test_a_sender_named_by_reference_is_answered_by_its_licence() -> None:
    request = decode(claim_request())
    request["entry"][0]["resource"]["sender"] = {"reference": f"{HOME}/Organization/o1"}
    receiver = header_of(answer_to(encode(request)))["destination"][0]["receiver"]
    assert receiver["identifier"]["value"] == PROVIDER


def test_details_are_answered_unless_the_item_is_a_package() -> None:
    parts = [detail(1, "40.00"), detail(2, "60.00")]
    items = [item(1, "100.00", details=parts), item(2, "100.00", details=parts, package=True)]
    request = encode(bundle("claim-request", claim("C", items=items)))
    answer = answer_to(request)
    assert_response_rules(answer, request)
    first, second = response_of(answer)["item"]
    assert [one["detailSequence"] for one in first["detail"]] == [1, 2]
    assert "detail" not in second


def test_batch_extensions_of_a_claim_are_echoed() -> None:
    batch = [
        {"url": SD + "extension-batch-identifier", "valueIdentifier": {"system": "http://b", "value": "1"}},
        {"url": SD + "extension-batch-number", "valuePositiveInt": 7},
        {"url": SD + "extension-batch-period", "valuePeriod": {"start": "2026-01-01", "end": "2026-01-31"}},
    ]
    request = encode(
        bundle("claim-request", claim("C", extension=[*batch, {"url": SD + "extension-episode"}]))
    )
    for name in ("APPROVE", "QUEUE", "ERROR"):
        said = response_of(answer_to(request, name)).get("extension", [])
        assert [one for one in said if "adjudication" not in one["url"]] == batch


def test_the_authorization_number_stays_the_same_over_restatements() -> None:
    first = response_of(answer_to(encode(bundle("priorauth-request", claim("PA-1")))))
    original = {"claim": {"identifier": {"system": "http://clinic.example/claim", "value": "PA-1"}}}
    second = response_of(answer_to(encode(bundle("priorauth-request", claim("PA-2", related=[original])))))
    brought = claim("PA-3")
    brought["insurance"][0]["preAuthRef"] = [first["preAuthRef"]]
    third = response_of(answer_to(encode(bundle("priorauth-request", brought))))
    assert first["preAuthRef"] == second["preAuthRef"] == third["preAuthRef"]


def test_a_transfer_that_is_granted_carries_its_three_extensions_and_no_other_answer_does() -> None:
    asks = [{"url": SD + "extension-transfer", "valueBoolean": True}]
    transfer = encode(bundle("priorauth-request", claim("PA-1", extension=asks)))
    for request, name, expected in (
        (transfer, "APPROVE", 3),
        (transfer, "REJECT", 0),
        (authorization_request(), "APPROVE", 0),
    ):
        said = response_of(answer_to(request, name))["extension"]
        assert sum("transferAuthorization" in one["url"] for one in said) == expected


@pytest.mark.parametrize(
    ("make", "name", "expected"),
    [
        (claim_request, "QUEUE", [False]),
        (claim_request, "STEPS", [False, False]),
        (claim_request, "TWICE", [True]),
        (claim_request, "DUPLICATE", [False]),
        (authorization_request, "QUEUE", [True]),
        (authorization_request, "STEPS", [True, True]),
        (authorization_request, "TWICE", [True]),
        (authorization_request, "DUPLICATE", [True]),
    ],
)
def test_a_reissue_reason_is_given_only_where_the_guide_demands_it(
    make: Callable[[], bytes], name: str, expected: list[bool]
) -> None:
    request = make()
    assert named(response_of(answer_to(request, name)), "adjudication-reissue") is None
    later = [response_of(one) for one in later_answers_to(request, name)]
    assert [named(one, "adjudication-reissue") is not None for one in later] == expected


def test_a_payer_error_names_its_code_and_the_place_in_the_request() -> None:
    (error,) = response_of(answer_to(claim_request(), "ERROR"))["error"]
    (coding,) = error["code"]["coding"]
    assert coding["code"] == "1658"
    assert coding["extension"][0]["valueString"] == "bundle.entry[1].resource.insurance[0].coverage"


def test_an_acknowledgement_with_a_fault_refers_to_its_outcome_without_a_focus() -> None:
    answer = answer_to(claim_request(), "DECLINE")
    assert_sound_message(answer)
    assert_parses_in_r4b(answer)
    header, outcome = resources(answer)
    assert header["response"]["code"] == "fatal-error"
    assert "focus" not in header
    assert outcome["issue"][0]["details"]["coding"][0]["code"] == "GE-00026"


def test_an_error_notice_is_acknowledged_and_an_unknown_event_is_not_supported() -> None:
    for event, taken in (("error-notice", True), ("payment-notice", False)):
        answer = answer_to(encode(bundle(event, {"resourceType": "Task", "id": "t1"})))
        assert header_of(answer)["eventCoding"]["code"] == "acknowledgement"
        assert acknowledged(answer) is taken


def test_a_claim_without_items_or_identifier_is_not_adjudicated() -> None:
    for lacking in ("item", "identifier"):
        broken = claim("C")
        del broken[lacking]
        assert read(encode(bundle("claim-request", broken))).claim is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"\xff",
        b'{"resourceType":"Bundle"}',
        b'{"resourceType":"Bundle","entry":[{}]}',
        b'{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"MessageHeader","id":"1"}}]}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_message_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        read(body)
    assert acknowledged(body) is False


@pytest.mark.parametrize("kind", ["institutional", "professional", "oral", "pharmacy", "vision"])
@pytest.mark.parametrize("event", ["claim", "priorauth"])
def test_the_written_examples_get_answers_that_follow_the_rules(event: str, kind: str) -> None:
    request = (ROOT / "examples" / f"{event}-request-{kind}.json").read_bytes()
    for row in WELL_BEHAVED:
        answer = answer_to(request, row.name)
        assert_sound_message(answer)
        assert_response_rules(answer, request)
        assert_parses_in_r4b(answer)
        for message in (answer, *later_answers_to(request, row.name)):
            assert_judged_faultless(message)


def accepted_requests() -> list[Path]:
    if not SHARED.exists():
        return []
    with (SHARED / "pairs.tsv").open() as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if not (row["errors"] or "").strip()]
    files = [SHARED / row["request"] for row in rows]
    return [one for one in files if one.name.startswith(("claim-request", "priorauth-request"))]


@pytest.mark.skipif(not SHARED.exists(), reason="the real messages are not beside this checkout")
def test_real_requests_get_answers_that_follow_the_rules() -> None:
    requests = accepted_requests()
    assert requests
    for path in requests:
        request = path.read_bytes()
        for name in ("APPROVE", "PARTIAL", "REJECT", "QUEUE"):
            answer = answer_to(request, name)
            assert_sound_message(answer)
            assert_answers_header(answer, request, in_session=True)
            assert_response_rules(answer, request)
            assert_parses_in_r4b(answer)


def test_ids_come_from_the_stamp() -> None:
    given = Stamp(str(uuid.UUID(int=1)), str(uuid.UUID(int=2)), str(uuid.UUID(int=3)), START)
    answer = approve(Turn(read(claim_request()))).answer(given)
    assert decode(answer)["id"] == given.bundle_id
    assert header_of(answer)["id"] == given.header_id
    assert response_of(answer)["id"] == given.focal_id
