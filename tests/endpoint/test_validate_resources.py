"""Is a resource judged alone, by the profile that is asked for, as FHIR's $validate says?"""

import json
from typing import Any

import httpx
import pytest
from fhir.resources.R4B.operationoutcome import OperationOutcome

from claimgw.messages.identifiers import DEFINITIONS
from tests.clearinghouse.spoken import CLAIM, fresh
from tests.endpoint.doors import Doors
from tests.gateway import FHIR, HOSPITAL, resource

PATIENT = DEFINITIONS + "patient|1.0.0"
Json = dict[str, Any]


def patient(**changes: Any) -> Json:
    found = {**resource(json.loads(fresh(CLAIM)), "Patient"), **changes}
    return {name: value for name, value in found.items() if value is not None}


async def ask(doors: Doors, body: object, path: str = "/$validate", **query: str) -> httpx.Response:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {**FHIR, "authorization": f"Bearer {doors.keys[HOSPITAL]}"}
    return await doors.gateway.client.post(path, content=raw, headers=headers, params=query)


def told(response: httpx.Response) -> set[tuple[str, str, str]]:
    """Severity, code and place of each issue."""
    assert response.headers["content-type"] == "application/fhir+json"
    OperationOutcome.model_validate_json(response.content)
    return {
        (
            one["severity"],
            one["details"]["coding"][0]["code"],
            *one.get("expression", [""]),
        )
        for one in response.json()["issue"]
    }


def parameters(*parts: Json) -> Json:
    return {"resourceType": "Parameters", "parameter": list(parts)}


async def test_a_sound_resource_is_told_so(doors: Doors) -> None:
    response = await ask(doors, patient())
    assert response.status_code == 200
    assert told(response) == {("information", "GE-00000", "Patient")}


async def test_places_of_a_resource_begin_with_its_type_whatever_the_rule(doors: Doors) -> None:
    faulty = patient(birthDate="1979-13-01", name=None)
    response = await ask(doors, faulty, stages="all")
    assert response.status_code == 200
    found = told(response)
    assert {"error"} <= {severity for severity, _, _ in found}
    assert all(place.startswith("Patient") for _, _, place in found)
    assert "Patient.birthDate" in {place for _, _, place in found}
    assert all(one["diagnostics"] for one in response.json()["issue"])


@pytest.mark.parametrize("path", ["/$validate", "/fhir/$validate", "/fhir/Patient/$validate"])
async def test_a_profile_that_is_asked_for_is_judged_by(path: str, doors: Doors) -> None:
    undeclared = patient(meta=None, name=None)
    plain = told(await ask(doors, undeclared, path))
    assert "Patient.name" not in {place.partition("[")[0] for _, _, place in plain}
    for body, query in (
        (undeclared, {"profile": PATIENT}),
        (parameters({"name": "resource", "resource": undeclared}), {"profile": PATIENT}),
        (
            parameters(
                {"name": "profile", "valueUri": PATIENT}, {"name": "resource", "resource": undeclared}
            ),
            {},
        ),
        (
            parameters(
                {"name": "resource", "resource": undeclared}, {"name": "profile", "valueCanonical": PATIENT}
            ),
            {"profile": PATIENT},
        ),
    ):
        response = await ask(doors, body, path, stages="all", **query)
        assert response.status_code == 200
        assert "Patient.name" in {place.partition("[")[0] for _, _, place in told(response)}


async def test_a_message_within_parameters_gets_the_verdict_of_the_message(doors: Doors) -> None:
    raw = fresh(CLAIM).replace(b'"status": "active"', b'"status": "active", "mood": "good"', 1)
    wrapped = b'{"resourceType":"Parameters","parameter":[{"name":"resource","resource":' + raw + b"}]}"
    plain, within = await ask(doors, raw), await ask(doors, wrapped)
    assert plain.json() == within.json()
    assert "FR-00027" in {code for _, code, _ in told(plain)}


async def test_an_unknown_profile_is_refused_with_those_that_are_known(doors: Doors) -> None:
    response = await ask(doors, patient(), profile="http://nowhere.example/Rakan")
    assert response.status_code == 400
    [issue] = response.json()["issue"]
    assert PATIENT in issue["diagnostics"]
    assert b"nowhere" not in response.content


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [
            {"name": "mode", "valueCode": "create"},
            {"name": "resource", "resource": {"resourceType": "Basic"}},
        ],
        [{"name": "resource", "resource": {"resourceType": "Basic"}}] * 2,
        [{"name": "resource", "valueString": "Basic"}],
        [{"name": "profile", "valueUri": PATIENT}],
        ["resource"],
        [
            {"name": "resource", "resource": {"resourceType": "Basic"}},
            {"name": "profile", "valueUri": "http://a.example"},
            {"name": "profile", "valueUri": "http://b.example"},
        ],
    ],
)
async def test_parameters_that_ask_for_something_else_are_refused(parts: list[Json], doors: Doors) -> None:
    response = await ask(doors, parameters(*parts))
    assert response.status_code == 400
    assert told(response) == {("error", "GE-00016", "")}


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "GE-00013"),
        (b"no", "GE-00013"),
        (b'{"a":1,"a":2}', "GE-00013"),
        (b"{}", "BV-00220"),
        (b"[]", "BV-00220"),
        (b'{"resourceType":"Parcel"}', "RE-00180"),
        (b'{"resourceType":"Parameters","parameter":[{"name":"resource","resource":{}}]}', "BV-00220"),
    ],
)
async def test_what_is_no_fhir_at_all_is_refused(raw: bytes, code: str, doors: Doors) -> None:
    response = await ask(doors, raw)
    assert response.status_code == 400
    assert told(response) == {("error", code, "")}


async def test_no_value_of_the_resource_is_told(doors: Doors) -> None:
    faulty = patient(birthDate="Rakan", gender="Al-Safwan", id="!1098765401")
    response = await ask(doors, faulty, stages="all")
    assert not [word for word in (b"Rakan", b"Al-Safwan", b"1098765401") if word in response.content]


async def test_strangers_are_told_nothing(doors: Doors) -> None:
    response = await doors.gateway.client.post("/$validate", content=json.dumps(patient()), headers=FHIR)
    assert response.status_code == 401
