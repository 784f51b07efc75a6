"""Is a folder with a FHIR package used as it stands, and refused where it cannot be honoured?"""

import json
from pathlib import Path
from typing import Any

import pytest

from claimgw.conformance import Direction, check
from claimgw.conformance.definitions import Definitions, profiles_folder, shipped
from claimgw.conformance.terminology import Answer, Terminology, answer
from claimgw.conformance.validator.schemas import Schemas
from claimgw.errors import ConfigurationError
from claimgw.messages.identifiers import CODES, VALUE_SETS
from tests.conformance.sample import NOW, claim, envelope, resource

Json = dict[str, Any]
_URL = "http://house.example/StructureDefinition/short-coverage"


def _package(
    tmp_path: Path, *elements: Json, base: str = "http://hl7.org/fhir/StructureDefinition/Coverage"
) -> Schemas:
    definition = {
        "resourceType": "StructureDefinition",
        "url": _URL,
        "version": "1.0.0",
        "type": "Coverage",
        "baseDefinition": base,
        "differential": {"element": [{"id": "Coverage", "path": "Coverage"}, *elements]},
    }
    (tmp_path / "package.json").write_text(json.dumps({"name": "house", "version": "1.0.0"}))
    (tmp_path / "StructureDefinition-short-coverage.json").write_text(json.dumps(definition))
    return Schemas(
        Definitions([*(path.parent for path in profiles_folder().glob("*/*/package.json")), tmp_path])
    )


def _judged(schemas: Schemas, **coverage: Any) -> set[tuple[str, str]]:
    message = claim()
    resource(message, 5)["meta"]["profile"] = [_URL + "|1.0.0"]
    resource(message, 5).update(coverage)
    found = check(envelope(message), NOW, direction=Direction.REQUEST, all_stages=True, schemas=schemas)
    return {(one.code, one.path) for one in found if one.source == _URL}


def test_a_profile_of_an_operators_folder_is_judged_by(tmp_path: Path) -> None:
    schemas = _package(tmp_path, {"id": "Coverage.order", "path": "Coverage.order", "min": 1})
    assert _judged(schemas) == {("IC-01428", "Bundle.entry[5].resource.order")}


def _part(name: str) -> Json:
    pattern = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/coverage-class", "code": name}]}
    return {
        "id": f"Coverage.class:{name}.type",
        "path": "Coverage.class.type",
        "patternCodeableConcept": pattern,
    }


@pytest.mark.parametrize(
    ("slicing", "expected"),
    [
        ({"rules": "open"}, set()),
        ({"rules": "open", "ordered": True}, {("DT-01282", "Bundle.entry[5].resource.class[2]")}),
        ({"rules": "closed"}, {("DT-01283", "Bundle.entry[5].resource.class[1]")}),
    ],
)
def test_items_are_of_the_slices_and_in_their_order(
    tmp_path: Path, slicing: Json, expected: set[tuple[str, str]]
) -> None:
    discriminator = [{"type": "pattern", "path": "type"}]
    sliced = {
        "id": "Coverage.class",
        "path": "Coverage.class",
        "slicing": {"discriminator": discriminator, **slicing},
    }
    schemas = _package(tmp_path, sliced, _part("group"), _part("plan"))
    classes = [
        {"type": _part(name)["patternCodeableConcept"], "value": "1"} for name in ("plan", "rxid", "group")
    ]
    assert _judged(schemas, **{"class": classes}) == expected


def test_a_text_is_no_longer_than_an_operators_folder_says(tmp_path: Path) -> None:
    schemas = _package(
        tmp_path, {"id": "Coverage.subscriberId", "path": "Coverage.subscriberId", "maxLength": 3}
    )
    assert _judged(schemas, subscriberId="1234") == {("DT-01275", "Bundle.entry[5].resource.subscriberId")}


def test_a_constraint_of_an_operators_folder_is_asked(tmp_path: Path) -> None:
    rule = {"key": "house-1", "severity": "warning", "human": "No.", "expression": "network.exists()"}
    schemas = _package(tmp_path, {"id": "Coverage", "path": "Coverage", "constraint": [rule]})
    assert _judged(schemas) == {("house-1", "bundle.entry[5].resource")}


@pytest.mark.parametrize(
    "element",
    [
        {"id": "Coverage.order", "path": "Coverage.order", "maxValueInteger": 3},
        {"id": "Coverage.bogus", "path": "Coverage.bogus", "min": 1},
        {
            "id": "Coverage.type",
            "path": "Coverage.type",
            "binding": {"strength": "required", "valueSet": "http://house.example/ValueSet/none"},
        },
        {
            "id": "Coverage.payor",
            "path": "Coverage.payor",
            "type": [{"code": "Reference", "profile": ["http://house.example/StructureDefinition/none"]}],
        },
        {
            "id": "Coverage.order",
            "path": "Coverage.order",
            "constraint": [{"key": "x", "severity": "error", "human": "x.", "expression": "bogus("}],
        },
    ],
)
def test_what_cannot_be_honoured_is_refused(tmp_path: Path, element: Json) -> None:
    with pytest.raises(ConfigurationError):
        _judged(_package(tmp_path, element))


def test_a_base_that_is_not_known_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="not known"):
        _judged(_package(tmp_path, base="http://house.example/StructureDefinition/none"))


def test_a_file_that_is_no_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text("{")
    with pytest.raises(ConfigurationError, match=r"package\.json"):
        Definitions([tmp_path])


@pytest.mark.parametrize(
    ("value_set", "system", "code", "told"),
    [
        ("coverage-type", "coverage-type", "EHCPOL", Answer.YES),
        ("coverage-type", "coverage-type", "bogus", Answer.NO),
        ("coverage-type", "occupation", "EHCPOL", Answer.NO),
        ("professional-billing", "procedures", "38618-00-00", Answer.YES),
        ("professional-billing", "procedures", "11111-11-11", Answer.UNKNOWN),
        ("professional-billing", "procedures", "teeth", Answer.MISSHAPEN),
        ("professional-billing", "occupation", "teeth", Answer.NO),
    ],
)
def test_a_code_is_in_a_list_or_not_or_that_cannot_be_told(
    value_set: str, system: str, code: str, told: Answer
) -> None:
    found = Terminology(shipped()).value_set(VALUE_SETS + value_set)
    assert found.has(CODES + system, code) is told
    assert answer(found, {"coding": [{"system": CODES + system, "code": code}]}) is told


class _Book:
    """A provider of codes that knows one list."""

    def has(self, system: str, code: str) -> bool | None:
        return code == "11111-11-11" if system == CODES + "procedures" else None


def test_a_provider_of_codes_tells_what_the_shipped_lists_cannot() -> None:
    found = Terminology(shipped(), _Book()).value_set(VALUE_SETS + "professional-billing")
    assert found.has(CODES + "procedures", "11111-11-11") is Answer.YES
    assert found.has(CODES + "procedures", "22222-22-22") is Answer.NO
    assert found.has(CODES + "imaging", "22222-22-22") is Answer.UNKNOWN


def test_every_shipped_profile_can_be_honoured() -> None:
    schemas = Schemas(shipped())
    for definition, _ in shipped().all("StructureDefinition"):
        if definition["type"] not in ("Bundle", "Claim") and definition["kind"] == "resource":
            message = {"meta": {"profile": [f"{definition['url']}|{definition['version']}"]}}
            assert schemas.of_resource(message, definition["type"]).profile == definition["url"]


def test_a_resource_may_declare_any_definition_there_is_and_is_judged() -> None:
    for definition, _ in shipped().all("StructureDefinition"):
        message = claim()
        for index in (1, 4, 5, 6):
            declared = f"{definition['url']}|{definition['version']}"
            resource(message, index)["meta"]["profile"] = [declared]
        assert check(envelope(message), NOW, direction=Direction.REQUEST, all_stages=True)
