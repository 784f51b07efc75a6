"""Does the gateway say of itself what is true, in sound FHIR, wherever $process-message is served?"""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from fhir.resources.R4B.capabilitystatement import CapabilityStatement
from fhir.resources.R4B.operationdefinition import OperationDefinition

import claimgw
from claimgw.conformance import Validator
from claimgw.endpoint.capability import capability_statement
from claimgw.endpoint.operations import OPERATIONS
from claimgw.messages.encode import encode
from claimgw.messages.events import EVENTS
from tests.clearinghouse.spoken import CLAIM, POLL
from tests.endpoint.doors import Doors, open_doors
from tests.gateway import EXAMPLES, example

PROFILES = EXAMPLES.parent / "profiles" / "nphies-fs" / "1.0.0"
AT = datetime(2026, 11, 1, 8, tzinfo=UTC)


def statement(*offered: str) -> dict[str, Any]:
    events = {code: replace(event, offered=code in offered) for code, event in EVENTS.items()}
    return capability_statement("http://gateway", version="1", at=AT, repeat_minutes=60, events=events)


def said(of: dict[str, Any]) -> set[tuple[str, str]]:
    """Mode and event of every supported message."""
    return {
        (one["mode"], one["definition"].rpartition("/")[2]) for one in of["messaging"][0]["supportedMessage"]
    }


@pytest.fixture(scope="module")
def validator() -> Validator:
    return Validator()


async def test_the_statement_and_what_it_refers_to_are_sound(doors: Doors, validator: Validator) -> None:
    client = doors.gateway.client
    for base in ("", "/fhir", "/a/b"):
        told = await client.get(f"{base}/metadata", params={"_format": "json"})
        assert (told.status_code, told.headers["content-type"]) == (200, "application/fhir+json")
        CapabilityStatement.model_validate_json(told.content)
        assert validator.validate(told.content).valid
        tree = told.json()
        assert tree["implementation"]["url"] == f"http://gateway{base}"
        [messaging] = tree["messaging"]
        assert (await client.post(messaging["endpoint"][0]["address"])).status_code == 415
        for operation in tree["rest"][0]["operation"]:
            defined = await client.get(operation["definition"])
            OperationDefinition.model_validate_json(defined.content)
            assert validator.validate(defined.content).valid
            assert defined.json()["url"] == operation["definition"]
            assert f"${operation['name']}" == defined.json()["title"]


async def test_it_says_which_software_in_which_version_keeps_ids_for_how_long(sqlite: str) -> None:
    async with open_doors(sqlite, repeat_minutes=90, public_url="https://claims.example/fhir/") as doors:
        tree = (await doors.gateway.client.get("/metadata")).json()
    assert tree["software"] == {"name": "claimgw", "version": claimgw.__version__}
    assert (tree["kind"], tree["fhirVersion"]) == ("instance", "4.0.1")
    [messaging] = tree["messaging"]
    assert messaging["reliableCache"] == 90
    assert messaging["endpoint"][0]["address"] == "https://claims.example/fhir/$process-message"
    assert tree["rest"][0]["operation"][0]["definition"].startswith("https://claims.example/fhir/Operation")


def test_what_is_offered_is_told_and_what_is_not_is_named() -> None:
    told = statement("claim-request", "claim-response", "poll-request", "poll-response", "error-notice")
    assert said(told) == {
        ("receiver", "claim-request"),
        ("sender", "claim-request"),
        ("receiver", "claim-response"),
        ("sender", "claim-response"),
        ("receiver", "poll-request"),
        ("sender", "poll-response"),
        ("sender", "error-notice"),
    }
    missing = told["messaging"][0]["documentation"].rpartition("Not offered: ")[2].rstrip(".").split(", ")
    assert {*missing} == EVENTS.keys() - {event for _, event in said(told)}


async def test_an_event_is_refused_exactly_if_it_is_not_told(doors: Doors) -> None:
    tree = (await doors.gateway.client.get("/metadata")).json()
    for name, event in ((CLAIM, "claim-request"), (POLL, POLL), ("prescriber-request", "prescriber-request")):
        response = await doors.gateway.post(example(name), doors.key)
        assert ("BV-00545" in response.text) == (("receiver", event) not in said(tree))


def test_every_event_told_of_is_defined_among_the_profiles() -> None:
    defined = {file.stem.partition("-")[2] for file in PROFILES.glob("MessageDefinition-*.json")}
    assert {event.code for event in EVENTS.values() if event.offered} <= defined


async def test_there_is_no_other_operation_and_no_other_format(doors: Doors) -> None:
    client = doors.gateway.client
    for path, status in (
        ("/OperationDefinition/submit", 404),
        ("/metadata?_format=xml", 406),
        ("/OperationDefinition/validate?_format=ttl", 406),
    ):
        response = await client.get(path)
        assert (response.status_code, response.json()["resourceType"]) == (status, "OperationOutcome")
    assert set((await client.post("/metadata")).headers["allow"].split(", ")) == {"GET", "HEAD"}


async def test_the_parameters_of_validate_are_those_it_takes(doors: Doors) -> None:
    named = {row.name for row in OPERATIONS["validate"].parameters if not row.out} - {"resource"}
    key = {"authorization": f"Bearer {doors.key}", "content-type": "application/fhir+json"}
    patient = "http://hl7.org/fhir/StructureDefinition/Patient"
    for name in (*named, "mode"):
        value = {"stages": "all", "submit": "dry"}.get(name, patient)
        response = await doors.gateway.client.post(
            "/$validate", params={name: value}, content=encode({"resourceType": "Patient"}), headers=key
        )
        assert ("does not take these" in response.text) == (name not in named)
