"""Is each rule about the encounter of a claim kept by what is right and broken by what is wrong?"""

from typing import Any

import pytest

from claimgw.messages.identifiers import CODES, DEFINITIONS
from tests.conformance.sample import claim, findings, found, resource

Json = dict[str, Any]
_CLAIM, _ENCOUNTER = "bundle.entry[1].resource", "bundle.entry[6].resource"
_STAY = f"{_ENCOUNTER}.hospitalization"


def _concept(name: str, code: str) -> Json:
    return {"coding": [{"system": CODES + name, "code": code}]}


def _extension(name: str, **value: Any) -> Json:
    return {"url": f"{DEFINITIONS}extension-{name}", **value}


def _emergency() -> Json:
    message = claim()
    resource(message, 1)["subType"]["coding"][0]["code"] = "emr"
    visit = resource(message, 6)
    visit["class"]["code"] = "EMER"
    visit["extension"] += [
        _extension("triageDate", valueDateTime="2026-11-01T06:10:00Z"),
        _extension("triageCategory", valueCodeableConcept=_concept("triage-category", "U")),
        _extension("emergencyArrivalCode", valueCodeableConcept=_concept("emergency-arrival-code", "PV")),
        _extension("emergencyServiceStart", valueDateTime="2026-11-01T06:20:00Z"),
        _extension(
            "emergencyDepartmentDisposition",
            valueCodeableConcept=_concept("emergency-department-disposition", "NAD"),
        ),
    ]
    return message


def _without(message: Json, name: str) -> Json:
    visit = resource(message, 6)
    visit["extension"] = [one for one in visit["extension"] if one["url"] != f"{DEFINITIONS}extension-{name}"]
    return message


@pytest.mark.parametrize(
    ("class_", "code", "place"),
    [
        ("IMP", "BV-00742", f"{_ENCOUNTER}.class.code"),
        ("IMP", "BV-00807", f"{_CLAIM}.type.coding"),
        ("SS", "BV-00807", f"{_CLAIM}.type.coding"),
    ],
)
def test_a_class_that_does_not_go_with_the_claim_is_found(class_: str, code: str, place: str) -> None:
    message = claim()
    resource(message, 6)["class"]["code"] = class_
    assert (code, place) in found(message)


def test_sub_type_emergency_goes_with_an_emergency_only() -> None:
    message = claim()
    resource(message, 1)["subType"]["coding"][0]["code"] = "emr"
    assert found(message) == {("BV-00755", f"{_ENCOUNTER}.class.code")}


def test_a_whole_emergency_is_valid() -> None:
    assert findings(_emergency()) == []


@pytest.mark.parametrize(
    ("extension", "code"),
    [
        ("triageDate", "BV-00733"),
        ("triageCategory", "BV-00734"),
        ("emergencyArrivalCode", "BV-00732"),
        ("emergencyServiceStart", "BV-00735"),
        ("emergencyDepartmentDisposition", "BV-00728"),
        ("serviceEventType", "BV-00736"),
    ],
)
def test_what_an_emergency_does_not_tell_is_found(extension: str, code: str) -> None:
    assert found(_without(_emergency(), extension)) == {(code, f"{_ENCOUNTER}.extension")}


def test_an_open_emergency_has_no_disposition_yet() -> None:
    message = _without(_emergency(), "emergencyDepartmentDisposition")
    del resource(message, 6)["period"]["end"]
    assert findings(message) == []


def test_a_stay_that_is_over_tells_specialties_length_and_disposition() -> None:
    message = claim()
    resource(message, 6)["class"]["code"] = "IMP"
    assert {
        ("BV-00737", f"{_STAY}.extension"),
        ("BV-00744", f"{_STAY}.extension"),
        ("BV-00758", f"{_STAY}.extension"),
        ("BV-00759", f"{_STAY}.dischargeDisposition"),
    } <= found(message)


def test_a_text_without_a_coding_is_for_the_chief_complaint_only() -> None:
    message = claim()
    information = resource(message, 1)["supportingInfo"]
    information[8]["code"] = {"text": "As told"}
    assert found(message) == {("BV-00530", f"{_CLAIM}.supportingInfo[8].code")}


def test_the_encounter_is_about_the_patient_of_the_claim() -> None:
    message = claim()
    resource(message, 6)["subject"]["reference"] = "http://provider.example/Patient/9"
    other = {**resource(message, 4), "id": "9"}
    message["entry"].append({"fullUrl": "http://provider.example/Patient/9", "resource": other})
    assert found(message) == {("BV-00761", f"{_ENCOUNTER}.subject")}


def test_the_encounter_is_at_the_provider_of_the_claim() -> None:
    message = claim()
    home = resource(message, 2)
    other = {**home, "id": "9", "identifier": [{**home["identifier"][0], "value": "PR-9"}]}
    message["entry"].append({"fullUrl": "http://provider.example/Organization/9", "resource": other})
    resource(message, 6)["serviceProvider"]["reference"] = "http://provider.example/Organization/9"
    assert found(message) == {("BV-00762", f"{_ENCOUNTER}.serviceProvider")}


def test_an_emergency_is_no_matter_of_vision_claims() -> None:
    message = claim()
    resource(message, 1)["type"]["coding"][0]["code"] = "vision"
    resource(message, 6)["class"]["code"] = "VR"
    assert ("BV-00808", f"{_ENCOUNTER}.class.code") in found(message)
