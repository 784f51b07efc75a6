"""Do the versions and packages that are loaded decide what a message may declare, and is judged by?"""

import json
from pathlib import Path
from typing import Any

import pytest

from claimgw.conformance import Direction, check, direction_of
from claimgw.conformance.base import is_resource
from claimgw.conformance.definitions import Definitions, shipped, shipped_versions
from claimgw.conformance.loading import load
from claimgw.conformance.validator.schemas import Schemas, standard
from claimgw.conformance.validator.walk import Walk
from claimgw.errors import ConfigurationError
from claimgw.messages.findings import errors
from claimgw.messages.identifiers import CODES, DEFINITIONS
from tests.conformance.sample import NOW, Json, claim, envelope, poll, resource

_EXAMPLES = Path(__file__).parents[2] / "examples"
_URL = "http://house.example/StructureDefinition/short-coverage"


def _next(message: Json) -> Json:
    """The same message as the newer guide wants it declared."""
    text = json.dumps(message).replace("|1.0.0", "|0.3.0")
    made: Json = json.loads(text)
    use = next((one["use"] for one in _resources(made) if one["resourceType"] == "Claim"), "")
    for one in _resources(made):
        if one["resourceType"] == "Encounter":
            kind = "claim" if use == "claim" else "auth"
            one["meta"]["profile"] = [f"{DEFINITIONS}encounter-{kind}-{one['class']['code']}|0.3.0"]
        if one["resourceType"] == "Task":
            event = made["entry"][0]["resource"]["eventCoding"]["code"]
            one["meta"]["profile"] = [f"{DEFINITIONS}{event}|0.3.0"]
    return made


def _resources(message: Json) -> list[Json]:
    return [entry["resource"] for entry in message["entry"]]


def _errors(message: Json, schemas: Schemas | None = None) -> set[tuple[str, str]]:
    read = envelope(message)
    direction = direction_of(read.event)
    found = check(read, NOW, direction=direction, all_stages=True, schemas=schemas)
    return {(one.code, one.path) for one in errors(found)}


_BOTH = [
    "cancel-request",
    "claim-request-institutional",
    "claim-request-oral",
    "claim-request-pharmacy",
    "claim-request-professional",
    "claim-request-vision",
    "claim-response-complete",
    "communication",
    "eligibility-request",
    "poll-request",
    "poll-response-one",
    "priorauth-request-institutional",
    "priorauth-request-vision",
    "priorauth-response-complete",
    "status-check",
]


@pytest.mark.parametrize("name", _BOTH)
def test_a_message_may_declare_either_version(name: str) -> None:
    message = json.loads((_EXAMPLES / f"{name}.json").read_text())
    assert _errors(message) == _errors(_next(message)) == set()


def test_the_version_a_message_declares_chooses_what_is_asked_of_it() -> None:
    """The newer one wants to know for how many days a medicine lasts that a clinic gives."""
    message = json.loads((_EXAMPLES / "claim-request-professional.json").read_text())
    items = next(one for one in _resources(message) if one["resourceType"] == "Claim")["item"]
    items[0]["productOrService"]["coding"][0] = {"system": CODES + "medication-codes", "code": "0-0-0"}
    assert "BV-00376" in {code for code, _ in _errors(_next(message))}
    assert "BV-00376" not in {code for code, _ in _errors(message)}


def test_a_profile_that_is_abstract_may_not_be_declared() -> None:
    message = _next(claim())
    resource(message, 6)["meta"]["profile"] = [DEFINITIONS + "encounter|0.3.0"]
    assert ("RE-00170", "Bundle.entry[6].resource") in _errors(message)


def test_a_poll_declares_the_task_profile_of_its_version() -> None:
    message = poll()
    resource(message, 1)["meta"]["profile"] = [DEFINITIONS + "poll-request|1.0.0"]
    assert {("RE-00100", "Bundle.entry[0].resource.focus[0]"), ("RE-00170", "Bundle.entry[1].resource")} <= (
        _errors(message)
    )
    assert _errors(_next(poll())) == set()


def test_only_versions_that_are_loaded_may_be_declared() -> None:
    production = load(versions=("1.0.0",))
    assert "RE-00170" in {code for code, _ in _errors(_next(poll()), production)}
    assert _errors(poll(), production) == set()


def test_resources_alone_have_profiles_to_declare() -> None:
    assert all(map(is_resource, standard().accepted))


def test_without_settings_everything_that_is_shipped_is_loaded() -> None:
    assert load() is standard()
    assert shipped_versions() == ("1.0.0", "0.3.0")
    assert load(versions=shipped_versions()).accepted == standard().accepted


@pytest.mark.parametrize(("versions", "told"), [(("2.0.0",), "2.0.0 does not come"), (("0.3.0",), "layered")])
def test_a_version_that_cannot_be_had_is_refused(versions: tuple[str, ...], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        load(versions=versions)


def _package(folder: Path, *elements: Json, file: str = "short-coverage.json", **settings: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    manifest = {"name": "house", "version": "1.0.0", "fhirVersions": ["4.0.1"]}
    definition = {
        "resourceType": "StructureDefinition",
        "url": _URL,
        "version": "1.0.0",
        "kind": "resource",
        "abstract": False,
        "type": "Coverage",
        "derivation": "constraint",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Coverage",
        "differential": {"element": [{"id": "Coverage", "path": "Coverage"}, *elements]},
    }
    given = {key: settings[key] for key in settings if key in definition}
    (folder / "package.json").write_text(
        json.dumps(manifest | {k: settings[k] for k in settings.keys() - given})
    )
    (folder / file).write_text(json.dumps({k: v for k, v in (definition | given).items() if v is not None}))
    return folder


def _declaring(url: str) -> Json:
    message = claim()
    resource(message, 5)["meta"]["profile"] = [url]
    return message


def test_a_profile_of_an_operators_package_may_be_declared_and_is_judged_by(tmp_path: Path) -> None:
    order = {"id": "Coverage.order", "path": "Coverage.order", "min": 1}
    schemas = load(packages=(_package(tmp_path / "house", order),))
    message = _declaring(_URL + "|1.0.0")
    new = _errors(message, schemas)
    assert ("IC-01428", "Bundle.entry[5].resource.order") in new
    assert "RE-00170" not in {code for code, _ in new}


def test_a_profile_built_on_another_one_stands_where_that_one_is_asked_for(tmp_path: Path) -> None:
    schemas = load(packages=(_package(tmp_path / "house", baseDefinition=DEFINITIONS + "coverage|1.0.0"),))
    assert _errors(_declaring(_URL + "|1.0.0"), schemas) == set()
    assert _errors(_declaring(_URL + "|9.0.0"), schemas)


def test_a_package_may_lie_as_it_is_published(tmp_path: Path) -> None:
    _package(tmp_path / "house" / "package")
    (tmp_path / "house" / "package" / ".index.json").write_text('{"files": []}')
    (tmp_path / "house" / "package" / "Patient-example.json").write_text('{"resourceType": "Patient"}')
    assert _URL + "|1.0.0" in load(packages=(tmp_path / "house",)).accepted["Coverage"]


def test_a_folder_may_hold_several_packages(tmp_path: Path) -> None:
    _package(tmp_path / "house#1.0.0" / "package")
    two = _package(tmp_path / "other", url=_URL + "-2")
    (two / "package.json").write_text(json.dumps({"name": "other", "version": "1.0.0"}))
    (tmp_path / "read-me.txt").write_text("no package")
    assert {_URL + "|1.0.0", _URL + "-2|1.0.0"} <= load(packages=(tmp_path,)).accepted["Coverage"]


def test_two_versions_of_a_package_stand_side_by_side(tmp_path: Path) -> None:
    order = {"id": "Coverage.order", "path": "Coverage.order", "min": 1}
    one = _package(tmp_path / "one")
    two = _package(tmp_path / "two", order, version="1.1.0")
    (two / "package.json").write_text(json.dumps({"name": "house", "version": "1.1.0"}))
    schemas = load(packages=(one, two))
    place = ("IC-01428", "Bundle.entry[5].resource.order")
    assert place not in _errors(_declaring(_URL + "|1.0.0"), schemas)
    assert place in _errors(_declaring(_URL + "|1.1.0"), schemas)


def test_a_definition_that_cannot_be_honoured_is_refused_when_it_is_loaded(tmp_path: Path) -> None:
    bad = {"id": "Coverage.order", "path": "Coverage.order", "maxValueInteger": 3}
    with pytest.raises(ConfigurationError, match="short-coverage") as refused:
        load(packages=(_package(tmp_path / "house", bad),))
    assert str(tmp_path / "house") in str(refused.value)


@pytest.mark.parametrize("kind", ["StructureDefinition", "ValueSet", "CodeSystem"])
def test_the_shipped_definitions_are_themselves_what_base_fhir_asks(kind: str) -> None:
    for definition, _ in shipped().all(kind):
        carrier = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": definition}]}
        assert [(one.kind, one.place) for one in Walk(carrier, standard(), 9).record.found] == []


def test_a_length_that_is_no_number_is_refused_before_a_message_meets_it(tmp_path: Path) -> None:
    long = {"id": "Coverage.dependent", "path": "Coverage.dependent", "maxLength": "3"}
    with pytest.raises(ConfigurationError, match=r"differential\.element\[1\]\.maxLength"):
        load(packages=(_package(tmp_path / "house", long),))


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"type": None}, "has no type"),
        ({"differential": None}, "has no differential"),
        ({"baseDefinition": 5}, "is not FHIR R4 at baseDefinition"),
        ({"abstract": "no"}, "is not FHIR R4 at abstract"),
        ({"url": None}, "has no url"),
        ({"url": DEFINITIONS + "coverage"}, r"defines .*coverage\|1.0.0, as .* does"),
        ({"fhirVersions": ["5.0.0"]}, "not for FHIR R4"),
        ({"name": None}, "no name or no version"),
        ({"name": "claimgw.nphies-fs"}, "loaded already"),
    ],
)
def test_a_package_that_cannot_be_used_is_refused(tmp_path: Path, settings: Json, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        load(packages=(_package(tmp_path / "house", **settings),))


def test_a_folder_that_is_no_package_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"no package\.json"):
        load(packages=(tmp_path,))


def test_the_shipped_packages_are_told_apart_by_folder() -> None:
    assert [one.folder.name for one in Definitions([]).packages] == []
    assert {one.folder.name for one in shipped().packages} == {"4.0.1", "1.0.0", "0.3.0"}


def test_a_code_system_that_a_package_holds_whole_is_asked(tmp_path: Path) -> None:
    folder = _package(tmp_path / "house")
    system = {"resourceType": "CodeSystem", "url": CODES + "procedures", "content": "complete"}
    (folder / "sbs.json").write_text(json.dumps(system | {"concept": [{"code": "83600-00-10"}]}))
    schemas = load(packages=(folder,))
    assert not {code for code, _ in _errors(claim(), schemas) if code.startswith("IB")}
    (folder / "sbs.json").write_text(json.dumps(system | {"concept": [{"code": "1-2"}]}))
    load.cache_clear()
    assert "IB-00030" in {code for code, _ in _errors(claim(), load(packages=(folder,)))}


def test_a_code_list_named_after_its_system_is_asked(tmp_path: Path) -> None:
    (tmp_path / "procedures.csv").write_text("code,display\n1-2,Something\n")
    found = check(envelope(claim()), NOW, direction=Direction.REQUEST, schemas=load(codes=(tmp_path,)))
    assert "IB-00030" in {one.code for one in errors(found)}
