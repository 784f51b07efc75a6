"""Does each rule pass what is right and find what is wrong, with its code, at its place, and nothing else?"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from claimgw.conformance import Direction
from claimgw.messages.findings import Severity, errors
from claimgw.messages.identifiers import DEFINITIONS
from tests.conformance.sample import INSURER, NOW, TPA, answer, cancel, claim, findings, found, poll, resource

Json = dict[str, Any]
SAMPLES = {"claim": claim, "poll": poll, "cancel": cancel, "answer": answer}


@dataclass(frozen=True)
class Row:
    """One fault: what is done to the sample, and what must be found then."""

    code: str
    place: str
    at: str  # the way to the parent, with dots; the last step is the key that is set or, for None, removed
    value: Any
    sample: str = "claim"
    also: tuple[tuple[str, str], ...] = ()  # companions


H = "entry.0.resource"
T = "entry.1.resource"
_HEADER = "Bundle.entry[0].resource"
_TASK = "Bundle.entry[1].resource"
_OTHER = {"coding": [{"system": "http://nphies.sa/terminology/CodeSystem/task-input-type", "code": "item"}]}
_SECOND = {
    "endpoint": "http://receiver.example",
    "receiver": {"type": "Organization", "identifier": INSURER.on_the_wire()},
}

ROWS = [
    # the parsing
    Row("FR-00027", f"{_TASK}.mood", f"{T}.mood", "calm"),
    Row("FR-00027", f"{_TASK}.item[0].mood", f"{T}.item.0._mood", {"extension": []}),
    Row("FR-00027", f"{_TASK}.?", f"{T}.not a name", 1),
    Row(
        "FR-00005",
        "Bundle.entry[5]",
        "entry.5.resource",
        None,
        also=(
            ("IC-01435", "Bundle.entry[5].resource"),
            ("RE-00169", f"{_TASK}.insurance[0].coverage"),
        ),
    ),
    Row(
        "FR-00008", "Bundle.entry[3]", "entry.3.fullUrl", "http://provider.example/Organization/2/_history/1"
    ),
    Row(
        "FR-00019",
        f"{_TASK}.extension[0]",
        f"{T}.extension",
        [
            {
                "url": "http://x.example",
                "valueString": "a",
                "extension": [{"url": "http://y.example", "valueCode": "b"}],
            }
        ],
    ),
    Row("FR-00022", "Bundle.entry[2].resource.address[0]", "entry.2.resource.address", [{"use": "home"}]),
    Row(
        "FR-00023",
        "Bundle.entry[2].resource.telecom[0]",
        "entry.2.resource.telecom",
        [{"system": "phone", "value": "1", "use": "home"}],
    ),
    Row("FR-00024", "Bundle.entry[4].resource.contact[0]", "entry.4.resource.contact", [{"gender": "male"}]),
    Row("GE-00013", _TASK, f"{T}.created", None),
    Row("DT-00167", f"{_TASK}.item[0].sequence", f"{T}.item.0.sequence", "1"),
    Row("DT-00167", f"{_TASK}.item[0].sequence", f"{T}.item.0.sequence", 1.0),
    Row("DT-00167", f"{_TASK}.item[0].sequence", f"{T}.item.0.sequence", 0),
    Row("DT-00106", f"{_TASK}.insurance[0].focal", f"{T}.insurance.0.focal", "true"),
    Row("GE-00035", f"{_TASK}.total.value", f"{T}.total.value", "10.5"),
    Row("GE-00035", f"{_TASK}.total.currency", f"{T}.total.currency", "bogus"),
    Row("DT-00228", f"{_TASK}.total", f"{T}.total", [{"value": 1}]),
    Row("DT-00113", f"{_TASK}.item", f"{T}.item", {"sequence": 1}),
    Row("DT-00169", f"{_TASK}.item[0].serviced", f"{T}.item.0.servicedDate", "2026-02-29"),
    Row(
        "BV-00439",
        "bundle.entry[1].resource.item[0].serviced",
        f"{T}.item.0.servicedPeriod",
        {"start": "2026-10-01", "end": "2026-10-02"},
        also=(("BV-00041", "bundle.entry[1].resource.item[0].serviced"),),
    ),
    Row("GE-00035", "Bundle.entry[4].resource._gender", "entry.4.resource._gender", "female"),
    # structure
    Row("IC-00326", "Bundle.id", "id", None),
    Row("IC-00009", "Bundle.meta.profile", "meta", None),
    Row("IC-00010", "Bundle.timestamp", "timestamp", None),
    Row("IC-00011", "Bundle.type", "type", None),
    Row("IB-00006", "Bundle.type", "type", "bogus"),
    Row("DT-00052", "Bundle.timestamp", "timestamp", "2026-11-01T08:00:00"),
    Row("DT-00052", "Bundle.timestamp", "timestamp", "2026-11-31T08:00:00Z"),
    Row("DT-00001", "Bundle.entry[8]", "entry.+", 7),
    Row("IC-01428", "Bundle.entry[0].fullUrl", "entry.0.fullUrl", None),
    Row(
        "RE-00180",
        "Bundle.entry[8].resource",
        "entry.+",
        {"fullUrl": "urn:uuid:x", "resource": {"resourceType": "Bogus"}},
    ),
    Row("IC-00380", f"{_HEADER}.id", f"{H}.id", None),
    Row("IC-00222", f"{_HEADER}.meta", f"{H}.meta", None),
    Row("IC-00223", f"{_HEADER}.meta.profile", f"{H}.meta.profile", []),
    Row("IC-00377", f"{_HEADER}.event", f"{H}.eventCoding", None),
    Row("IC-00220", f"{_HEADER}.event.code", f"{H}.eventCoding.code", None),
    Row("IC-00221", f"{_HEADER}.event.system", f"{H}.eventCoding.system", None),
    Row("IB-00250", f"{_HEADER}.event", f"{H}.eventCoding.code", "authorization-request"),
    Row("IC-00375", f"{_HEADER}.destination", f"{H}.destination", None),
    Row("IC-00375", f"{_HEADER}.destination", f"{H}.destination.+", _SECOND),
    Row("IC-00217", f"{_HEADER}.destination[0].endpoint", f"{H}.destination.0.endpoint", None),
    Row("IC-00218", f"{_HEADER}.destination[0].receiver", f"{H}.destination.0.receiver", None),
    Row("IC-00226", f"{_HEADER}.sender", f"{H}.sender", None),
    Row("IC-01428", f"{_HEADER}.sender.identifier", f"{H}.sender.identifier", None),
    Row("IC-01428", f"{_HEADER}.sender.identifier.value", f"{H}.sender.identifier.value", None),
    Row("RE-00103", f"{_HEADER}.sender", f"{H}.sender", {"reference": "http://provider.example/Patient/3"}),
    Row(
        "RE-00097",
        f"{_HEADER}.destination[0].receiver",
        f"{H}.destination.0.receiver",
        {"reference": "http://provider.example/Patient/3"},
    ),
    Row("IC-00227", f"{_HEADER}.source", f"{H}.source", None),
    Row("IC-00228", f"{_HEADER}.source.endpoint", f"{H}.source", {"name": "x"}),
    Row("IC-00379", f"{_HEADER}.focus", f"{H}.focus", None, also=(("RE-00177", _TASK),)),
    Row("IC-00378", f"{_HEADER}.focus", f"{H}.focus.+", {"reference": "http://provider.example/Patient/3"}),
    Row("IC-00224", f"{_HEADER}.response.code", f"{H}.response.code", None, "answer"),
    Row("IC-00225", f"{_HEADER}.response.identifier", f"{H}.response.identifier", None, "answer"),
    Row("IB-00175", f"{_HEADER}.response.code", f"{H}.response.code", "fine", "answer"),
    Row(
        "RE-00101",
        f"{_HEADER}.response.details",
        f"{H}.response.details",
        {"reference": "http://provider.example/Patient/3"},
        "answer",
    ),
    Row("IC-00095", f"{_TASK}.outcome", f"{T}.outcome", None, "answer"),
    Row("IB-00071", f"{_TASK}.outcome", f"{T}.outcome", "done", "answer"),
    Row("IC-00053", f"{_TASK}.priority", f"{T}.priority", None),
    Row("IB-00048", f"{_TASK}.use", f"{T}.use", "bogus"),
    # references
    Row("RE-00169", f"{_TASK}.patient", f"{T}.patient.reference", "http://provider.example/Patient/none"),
    Row(
        "RE-00169",
        f"{_TASK}.insurance[0].coverage",
        f"{T}.insurance.0.coverage.reference",
        "Coverage/none",
        also=(("RE-00177", "Bundle.entry[5].resource"),),
    ),
    Row(
        "RE-00169",
        f"{_TASK}.extension[3].value",
        f"{T}.extension.+",
        {"url": "http://x.example", "valueReference": {"reference": "Encounter/1"}},
    ),
    Row("RE-00176", f"{_TASK}.patient", f"{T}.patient.type", "Coverage"),
    Row(
        "RE-00170",
        _TASK,
        f"{T}.meta.profile.0",
        DEFINITIONS + "poll-request|1.0.0",
        "poll",
        also=(("RE-00100", f"{_HEADER}.focus[0]"),),
    ),
    # business rules
    Row("BV-00341", "bundle.id", "id", "ABCDEFAB-2222-4222-8222-222222222222"),
    Row("BV-00130", "bundle.type", "type", "collection"),
    Row(
        "BV-00207",
        "bundle.entry[0].fullUrl",
        "entry.0.fullUrl",
        "MessageHeader/33333333-3333-4333-8333-333333333333",
    ),
    Row(
        "BV-00207",
        "bundle.entry[0].fullUrl",
        "entry.0.fullUrl",
        "http://provider.example/MessageHeader/other",
    ),
    Row("BV-00225", "bundle.meta.profile[0]", "meta.profile.0", DEFINITIONS + "bundle"),
    Row(
        "BV-00168",
        "bundle.entry[0].resource.id",
        f"{H}.id",
        "1",
        also=(("BV-00207", "bundle.entry[0].fullUrl"),),
    ),
    Row("BV-00177", "bundle.entry[0].resource.source.endpoint", f"{H}.source.endpoint", "provider"),
    Row(
        "BV-00218",
        "bundle.entry[0].resource.destination[0].endpoint",
        f"{H}.destination.0.endpoint",
        "http://[x",
    ),
    Row(
        "BV-00211",
        "bundle.entry[0].resource.sender.identifier.system",
        f"{H}.sender.identifier.system",
        "http://elsewhere.example",
    ),
    Row(
        "BV-00201",
        "bundle.entry[0].resource.destination[0].receiver.identifier.system",
        f"{H}.destination.0.receiver.identifier.system",
        "http://elsewhere.example",
    ),
    Row("BV-00167", "bundle.entry[0].resource.focus[0]", f"{H}.eventCoding.code", "communication"),
    Row(
        "BV-00165",
        "bundle.entry[1].resource.use",
        f"{T}.use",
        "preauthorization",
        also=(("IB-00360", "bundle.entry[1].resource.use"),),
    ),
    Row("BV-00248", "bundle.entry[0].resource.response", f"{H}.response", {"identifier": "1", "code": "ok"}),
    Row("BV-00219", "bundle.entry[1].resource.identifier[0].system", f"{T}.identifier.0.system", "claims"),
    Row("BV-00389", "bundle.entry[1].resource.extension[3]", f"{T}.extension.+", {"url": "http://x.example"}),
    Row(
        "GE-00028",
        "bundle.entry[1].resource.total.value",
        f"{T}.total.value",
        10.505,
        also=(("BV-00059", "bundle.entry[1].resource.total"),),
    ),
    Row(
        "GE-00031",
        "bundle.entry[0].resource.sender",
        f"{H}.sender.identifier.value",
        "PR-9",
        also=(("BV-00351", "bundle.entry[1].resource.provider"),),
    ),
    Row(
        "GE-00034",
        "bundle.entry[0].resource.destination[0].receiver",
        f"{H}.destination.0.receiver.identifier.value",
        "X",
    ),
    Row("GE-00033", "bundle.entry[0].resource.sender", f"{H}.sender.identifier.value", "X", "answer"),
    Row(
        "GE-00032",
        "bundle.entry[0].resource.destination[0].receiver",
        f"{H}.destination.0.receiver.identifier.value",
        "X",
        "answer",
    ),
    # tasks
    *(
        Row(code, f"{_TASK}.{element}", f"{T}.{element}", None, "poll", also)
        for element, code, also in (
            ("meta", "IC-00301", ()),
            ("identifier", "IC-00296", ()),
            ("status", "IC-00308", ()),
            ("intent", "IC-00299", ()),
            ("code", "IC-00295", ()),
            ("priority", "IC-00306", ()),
            ("authoredOn", "IC-00294", ()),
            ("lastModified", "IC-00300", ()),
            ("requester", "IC-00307", (("RE-00177", "Bundle.entry[2].resource"),)),
            ("owner", "IC-00305", ()),
        )
    ),
    Row("IC-01613", f"{_TASK}.id", f"{T}.id", None, "poll"),
    Row("IC-01428", f"{_TASK}.identifier[0].system", f"{T}.identifier.0.system", None, "poll"),
    Row("IB-00228", f"{_TASK}.status", f"{T}.status", "+", "poll"),
    Row("IB-00220", f"{_TASK}.intent", f"{T}.intent", "bogus", "poll"),
    Row("IB-00218", f"{_TASK}.code", f"{T}.code.coding.0.code", "fetch", "poll"),
    Row("IB-00292", f"{_TASK}.input[0].type", f"{T}.input.0.type", _OTHER, "poll"),
    Row(
        "IB-00292",
        f"{_TASK}.input",
        f"{T}.input.+",
        {
            "type": {"coding": [{"system": _OTHER["coding"][0]["system"], "code": "exclude-message-type"}]},
            "valueCode": "claim-response",
        },
        "poll",
    ),
    Row("IB-00293", f"{_TASK}.input[0].value", f"{T}.input.0.valueCode", "Claim", "poll"),
    Row(
        "IB-00294",
        f"{_TASK}.input[0].value",
        f"{T}.input.0",
        {
            "type": {"coding": [{"system": _OTHER["coding"][0]["system"], "code": "exclude-message-type"}]},
            "valueString": "claim-response",
        },
        "poll",
    ),
    Row(
        "DT-01301",
        f"{_TASK}.input[1].value",
        f"{T}.input.1",
        {
            "type": {"coding": [{"system": _OTHER["coding"][0]["system"], "code": "count"}]},
            "valueString": "5",
        },
        "poll",
    ),
    Row("DT-01303", f"{_TASK}.input[1].value", f"{T}.input.1.valuePositiveInt", 101, "poll"),
    Row(
        "DT-01304",
        f"{_TASK}.input[2].value",
        f"{T}.input.2",
        {
            "type": {"coding": [{"system": _OTHER["coding"][0]["system"], "code": "period"}]},
            "valueDate": "2026-10-01",
        },
        "poll",
    ),
    Row(
        "BV-00216",
        "bundle.entry[1].resource.input[3]",
        f"{T}.input.+",
        {
            "type": {"coding": [{"system": _OTHER["coding"][0]["system"], "code": "period"}]},
            "valuePeriod": {"start": "2026-10-01"},
        },
        "poll",
    ),
    Row("BV-00907", "bundle.entry[1].resource.status", f"{T}.status", "completed", "poll"),
    Row("BV-00329", "bundle.entry[1].resource.intent", f"{T}.intent", "unknown", "poll"),
    Row("BV-00892", "bundle.entry[1].resource.priority", f"{T}.priority", "stat", "poll"),
    Row("BV-00910", "bundle.entry[1].resource.code", f"{T}.code.coding.0.code", "status", "poll"),
    Row(
        "BV-00867",
        "bundle.entry[1].resource.authoredOn",
        f"{T}.authoredOn",
        "2026-11-01T11:15:01+03:00",
        "poll",
    ),
    Row("BV-00867", "bundle.entry[1].resource.authoredOn", f"{T}.authoredOn", "2026-11-03", "poll"),
    Row(
        "BV-00471",
        "bundle.entry[1].resource.lastModified",
        f"{T}.lastModified",
        "2027-01-01T00:00:00Z",
        "poll",
    ),
    Row(
        "BV-00912",
        "bundle.entry[1].resource.requester",
        f"{T}.requester",
        {"identifier": INSURER.on_the_wire()},
        "poll",
        (("RE-00177", "Bundle.entry[2].resource"),),
    ),
    Row(
        "BV-00914",
        "bundle.entry[1].resource.owner",
        f"{T}.owner",
        {"identifier": INSURER.on_the_wire()},
        "poll",
    ),
    Row(
        "BV-00456",
        "bundle.entry[0].resource.destination[0].receiver",
        f"{H}.destination.0.receiver.identifier",
        INSURER.on_the_wire(),
        "poll",
        (("BV-00914", "bundle.entry[1].resource.owner"),),
    ),
    Row(
        "BV-00467",
        "bundle.entry[1].resource.reasonCode",
        f"{T}.reasonCode",
        {"coding": [{"system": "http://nphies.sa/terminology/CodeSystem/task-reason-code", "code": "NP"}]},
        "poll",
    ),
    Row("IB-00227", f"{_TASK}.reasonCode", f"{T}.reasonCode.coding.0.code", "WP", "cancel"),
    Row("IB-00229", f"{_TASK}.statusReason", f"{T}.statusReason", {"coding": [{"code": "x"}]}, "cancel"),
    Row(
        "BV-00873",
        "bundle.entry[1].resource.statusReason",
        f"{T}.statusReason",
        {
            "coding": [
                {"system": "http://nphies.sa/terminology/CodeSystem/task-status-reason", "code": "claimed"}
            ]
        },
        "cancel",
    ),
    Row("BV-00071", "bundle.entry[1].resource.reasonCode", f"{T}.reasonCode", None, "cancel"),
    Row("BV-00908", "bundle.entry[1].resource.code", f"{T}.code.coding.0.code", "poll", "cancel"),
    Row("IC-00398", f"{_TASK}.focus", f"{T}.focus", None, "cancel"),
    Row("IC-01428", f"{_TASK}.focus.type", f"{T}.focus.type", None, "cancel"),
]


def broken(row: Row) -> Json:
    message = SAMPLES[row.sample]()
    *way, last = row.at.split(".")
    holder: Any = message
    for step in way:
        holder = holder[int(step)] if isinstance(holder, list) else holder[step]
    if last == "+":
        holder.append(row.value)
    elif row.value is None and row.code != "GE-00013":
        del holder[last]
    else:
        holder[int(last) if isinstance(holder, list) else last] = row.value
    return message


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)
def test_the_samples_have_no_finding(sample: Callable[[], Json]) -> None:
    direction = Direction.ANSWER if sample is answer else Direction.REQUEST
    assert findings(sample(), direction, all_stages=True) == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.code}-{row.at}")
def test_each_rule_finds_its_fault_at_its_place_and_nothing_else(row: Row) -> None:
    direction = Direction.ANSWER if row.sample == "answer" else Direction.REQUEST
    assert found(broken(row), direction) >= {(row.code, row.place)}
    extra = found(broken(row), direction) - {(row.code, row.place), *row.also}
    assert {one for one in extra if one[0] != "RE-00177"} == set()


def test_two_entries_with_one_address_are_found_once() -> None:
    message = claim()
    message["entry"][5]["fullUrl"] = message["entry"][4]["fullUrl"]
    assert found(message) == {("FR-00007", "Bundle.entry[5]")}


def test_a_second_header_is_found() -> None:
    message = claim()
    message["entry"].append(
        {
            "fullUrl": "http://provider.example/MessageHeader/5",
            "resource": {**resource(message, 0), "id": "5"},
        }
    )
    assert ("BV-00129", "bundle.entry[8].resource") in found(message)


def test_a_tpa_may_receive_for_the_insurers_it_serves_and_for_no_other() -> None:
    message = claim()
    resource(message, 0)["destination"][0]["receiver"]["identifier"] = TPA.on_the_wire()
    assert [one.code for one in findings(message)] == ["GE-00034"]
    assert findings(message, served=frozenset({INSURER})) == []


def test_a_clock_fifteen_minutes_ahead_is_tolerated() -> None:
    message = poll()
    resource(message, 1)["authoredOn"] = "2026-11-01T11:15:00+03:00"
    resource(message, 1)["lastModified"] = NOW.date().isoformat()
    assert findings(message) == []


def test_a_poll_may_give_its_message_type_as_a_concept() -> None:
    message = poll()
    given = resource(message, 1)["input"][0]
    given["valueCodeableConcept"] = {"coding": [{"code": given.pop("valueCode")}]}
    assert findings(message) == []


def test_trailing_noughts_are_no_third_decimal() -> None:
    message = claim()
    resource(message, 1)["total"]["value"] = 10.500
    assert findings(message) == []


def test_an_answer_without_its_response_is_found_where_it_must_have_one() -> None:
    message = answer()
    del resource(message, 0)["response"]
    assert findings(message, Direction.ANSWER) == []  # may have been deferred
    resource(message, 0)["eventCoding"]["code"] = "eligibility-response"
    codes = {one.code for one in findings(message, Direction.ANSWER)}
    assert codes == {"BV-00247", "BV-00167"}


def test_an_advanced_authorization_answers_nothing() -> None:
    message = answer()
    resource(message, 0)["eventCoding"]["code"] = "advanced-authorization"
    resource(message, 1)["use"] = "preauthorization"
    # A claim response is of use claim: the sample declares that profile.
    assert [one.code for one in findings(message, Direction.NOTICE)] == ["BV-00334", "BV-00644"]


def test_a_failed_answer_may_have_an_outcome_as_focus_or_none() -> None:
    message = answer()
    resource(message, 0)["response"]["code"] = "fatal-error"
    del resource(message, 0)["focus"]
    assert errors(findings(message, Direction.ANSWER)) == []


def test_an_answer_whose_focus_leads_nowhere_cannot_be_used() -> None:
    message = answer()
    resource(message, 0)["focus"][0]["reference"] = "http://provider.example/ClaimResponse/none"
    assert [one.code for one in errors(findings(message, Direction.ANSWER))] == ["BV-00167"]


def test_a_later_stage_runs_only_if_the_earlier_found_no_error() -> None:
    message = claim()
    message["id"] = "no guid"
    resource(message, 1)["patient"]["reference"] = "Patient/none"
    resource(message, 1)["mood"] = "calm"
    codes = [one.code for one in findings(message)]
    assert codes == ["FR-00027"]
    del resource(message, 1)["mood"]
    assert [one.code for one in errors(findings(message))] == ["DT-00032", "RE-00169"]
    message["id"] = "22222222"
    resource(message, 1)["patient"] = claim()["entry"][1]["resource"]["patient"]
    assert [one.code for one in errors(findings(message))] == ["BV-00341"]


def test_all_stages_can_be_shown_at_once() -> None:
    message = claim()
    message["id"] = "22222222"
    resource(message, 1)["patient"]["reference"] = "Patient/none"
    resource(message, 1)["mood"] = "calm"
    codes = [one.code for one in errors(findings(message, all_stages=True))]
    assert codes == ["FR-00027", "RE-00169", "BV-00341"]


def test_warnings_do_not_end_the_stages() -> None:
    message = answer()
    resource(message, 1)["mood"] = "calm"
    message["id"] = "22222222"
    assert [(one.code, one.severity) for one in findings(message, Direction.ANSWER)] == [
        ("FR-00027", Severity.WARNING),
        ("BV-00341", Severity.WARNING),
    ]


def test_inside_members_of_a_batch_only_absolute_references_count() -> None:
    member, message = claim(), claim()
    resource(member, 1)["patient"]["reference"] = "Patient/3"
    resource(member, 1)["insurer"]["reference"] = "urn:uuid:22222222-2222-4222-8222-222222222222"
    resource(message, 0)["eventCoding"]["code"] = "batch-request"
    message["entry"][1] = {"fullUrl": f"http://provider.example/Bundle/{member['id']}", "resource": member}
    resource(message, 0)["focus"][0]["reference"] = message["entry"][1]["fullUrl"]
    inside = "Bundle.entry[1].resource.entry[1].resource"
    assert {one.path: one.code for one in errors(findings(message))} == {
        f"{inside}.patient": "RE-00169",
        f"{inside}.insurer": "IB-00251",
    }


def test_what_a_poll_hands_out_may_refer_relatively() -> None:
    handed_out, message = claim(), claim()
    resource(handed_out, 1)["patient"]["reference"] = "Patient/3"
    resource(message, 0)["eventCoding"]["code"] = "poll-response"
    message["entry"].append({"fullUrl": "http://nphies.sa/Bundle/9", "resource": handed_out})
    assert "RE-00169" not in [one.code for one in findings(message, Direction.ANSWER, all_stages=True)]


def test_no_finding_quotes_a_value_of_the_message() -> None:
    for row in ROWS:
        message = broken(row)
        resource(message, 4 if len(message["entry"]) > 4 else 2)["name"] = "Secretname"
        for one in findings(message, all_stages=True):
            assert "Secretname" not in f"{one.path} {one.text} {one.hint}"
            assert one.text
            assert one.hint


def test_a_thousand_faults_are_listed_and_the_rest_is_said_to_be_there() -> None:
    message = claim()
    resource(message, 1)["mood"] = "calm"
    resource(message, 1)["extension"] = [{"url": "http://x.example"}] * 5000
    listed = findings(message, Direction.ANSWER)
    assert (listed[-1].code, listed[-1].severity) == ("GE-00000", Severity.WARNING)
    del resource(message, 1)["extension"]
    resource(message, 1)["item"] = [7] * 5000
    listed = findings(message, Direction.ANSWER)
    notes = [one for one in listed if one.code == "GE-00000"]
    assert len(listed) == 1000 + len(notes)
    assert Severity.ERROR in {one.severity for one in notes}


def test_who_asks_for_eligibility_is_the_sender() -> None:
    message = claim()
    asked = resource(message, 1)
    resource(message, 0)["eventCoding"]["code"] = "eligibility-request"
    message["entry"][1]["resource"] = {
        "resourceType": "CoverageEligibilityRequest",
        "id": asked["id"],
        "meta": {"profile": [DEFINITIONS + "eligibility-request|1.0.0"]},
        "provider": {"identifier": {"system": "http://nphies.sa/license/provider-license", "value": "PR-9"}},
    }
    codes = {one.code for one in findings(message, all_stages=True)}
    assert "BV-00541" in codes
    message["entry"][1]["resource"]["provider"] = asked["provider"]
    assert "BV-00541" not in {one.code for one in findings(message, all_stages=True)}
