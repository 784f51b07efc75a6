"""Are big code lists read from files, refused where they cannot be, and asked?"""

import json
import time
from pathlib import Path

import pytest

from claimgw.conformance import Direction, check
from claimgw.conformance.code_lists import CodeLists, read_code_lists
from claimgw.conformance.definitions import shipped
from claimgw.conformance.terminology import Answer, Terminology
from claimgw.conformance.unchecked import unchecked
from claimgw.conformance.validator.schemas import Schemas
from claimgw.errors import ConfigurationError
from claimgw.messages.findings import Severity, errors
from claimgw.messages.identifiers import CODES, VALUE_SETS
from tests.conformance.sample import NOW, Json, claim, envelope, resource

_PROCEDURES, _IMAGING = CODES + "procedures", CODES + "imaging"
_SYSTEM = {
    "resourceType": "CodeSystem",
    "url": _PROCEDURES,
    "content": "complete",
    "concept": [{"code": "83600-00-10", "concept": [{"code": "83600-00-20"}]}],
}


def _file(tmp_path: Path, name: str, text: str) -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def _told(lists: CodeLists, *codes: str, system: str = _PROCEDURES) -> list[bool | None]:
    return [lists.has(system, code) for code in codes]


def test_a_fhir_code_system_is_a_list_with_its_nested_codes(tmp_path: Path) -> None:
    lists = read_code_lists([_file(tmp_path, "any.json", json.dumps(_SYSTEM))])
    assert _told(lists, "83600-00-10", "83600-00-20", "1") == [True, True, False]
    assert lists.has(_IMAGING, "1") is None


def test_case_does_not_count_where_the_code_system_says_so(tmp_path: Path) -> None:
    system = _SYSTEM | {"caseSensitive": False, "concept": [{"code": "aB"}]}
    lists = read_code_lists([_file(tmp_path, "any.json", json.dumps(system))])
    assert _told(lists, "Ab", "b") == [True, False]


@pytest.mark.parametrize(
    "text",
    [
        "code,display,system\n1-2,Something,SYSTEM\n",
        "\ufeffSystem;Code\r\nSYSTEM; 1-2 \r\n\r\n",
        'display\tcode\tsystem\n"a\tb"\t1-2\tSYSTEM\n',
    ],
)
def test_a_table_names_its_system_in_a_column(tmp_path: Path, text: str) -> None:
    lists = read_code_lists([_file(tmp_path, "sbs.csv", text.replace("SYSTEM", _PROCEDURES))])
    assert _told(lists, "1-2", "Something") == [True, False]


def test_a_table_may_be_named_after_its_system(tmp_path: Path) -> None:
    lists = read_code_lists([_file(tmp_path, "procedures.csv", "code\n1-2\n")], [_PROCEDURES, _IMAGING])
    assert _told(lists, "1-2", "2") == [True, False]


def test_the_files_of_a_folder_add_up(tmp_path: Path) -> None:
    _file(tmp_path, "one.json", json.dumps(_SYSTEM))
    _file(tmp_path, "two.csv", f"code,system\n1-2,{_PROCEDURES}\n3,{_IMAGING}\n")
    _file(tmp_path, "read-me.txt", "no list")
    lists = read_code_lists([tmp_path])
    assert _told(lists, "83600-00-10", "1-2", "3") == [True, True, False]
    assert _told(lists, "3", system=_IMAGING) == [True]


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("a.csv", "number,display\n", "line 1: no column is called code"),
        ("a.csv", "", "line 1: no column"),
        ("a.csv", "code,system\n1,x\n,x\n", "line 3: there is no code"),
        ("a.csv", "code,system\n1,x\n2\n", "line 3: there is no system"),
        ("a.csv", 'code,system\n1,x\n"2"3,x\n', "line 3: "),
        ("a.csv", "code,system\n", "holds no codes"),
        ("a.csv", "code\n1\n", "of which code system"),
        ("a.json", "{", "cannot be read as JSON"),
        ("a.json", "[]", "no FHIR CodeSystem"),
        ("a.json", json.dumps(_SYSTEM | {"content": "fragment"}), "not all codes"),
        ("a.json", json.dumps(_SYSTEM | {"url": None}), "has no url"),
        ("a.json", json.dumps(_SYSTEM | {"concept": [{"display": "x"}]}), "has no code"),
        ("a.json", json.dumps(_SYSTEM | {"concept": [{"code": 1}]}), "has no code"),
        ("a.txt", "code\n", "no code list"),
    ],
)
def test_what_cannot_be_read_is_refused_by_file_and_line(
    tmp_path: Path, name: str, text: str, told: str
) -> None:
    path = _file(tmp_path, name, text)
    with pytest.raises(ConfigurationError, match=told) as refused:
        read_code_lists([path], [_PROCEDURES])
    assert str(path) in str(refused.value)


def test_a_file_that_is_not_there_a_foreign_encoding_and_an_empty_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "latin.csv").write_bytes(b"code,system\n\xe9,x\n")
    (tmp_path / "empty").mkdir()
    for name in ("none.csv", "none.json", "latin.csv", "empty"):
        with pytest.raises(ConfigurationError, match=name):
            read_code_lists([tmp_path / name])


def test_seventy_thousand_codes_are_read_in_well_under_a_second(tmp_path: Path) -> None:
    rows = "".join(f"{number:05d}-00-00,A procedure of some length\n" for number in range(70_000))
    path = _file(tmp_path, "procedures.csv", "code,display\n" + rows)
    began = time.process_time()
    lists = read_code_lists([path], [_PROCEDURES])
    assert time.process_time() - began < 0.8
    assert _told(lists, "69999-00-00", "70000-00-00") == [True, False]


def _with(*codes: str) -> Schemas:
    return Schemas(shipped(), CodeLists({_PROCEDURES: frozenset(codes)}))


def test_a_list_tells_of_all_its_codes_those_known_here_too() -> None:
    found = Terminology(shipped(), CodeLists({_PROCEDURES: frozenset({"1-2"})})).value_set(
        VALUE_SETS + "professional-billing"
    )
    assert found.has(_PROCEDURES, "1-2") is Answer.YES
    assert found.has(_PROCEDURES, "38618-00-00") is Answer.NO  # of the few that are shipped


@pytest.mark.parametrize(("codes", "expected"), [(("83600-00-10",), set()), (("1-2",), {"IB-00030"})])
def test_a_code_that_is_not_in_its_list_is_wrong(codes: tuple[str, ...], expected: set[str]) -> None:
    found = check(envelope(claim()), NOW, direction=Direction.REQUEST, schemas=_with(*codes))
    assert {one.code for one in errors(found) if one.code.startswith("IB")} == expected


def _unchecked(message: Json, schemas: Schemas) -> dict[str, tuple[str, str]]:
    """Last word of the system to place and text."""
    found = unchecked(envelope(message), schemas.terminology)
    assert {one.severity for one in found} <= {Severity.INFORMATION}
    assert not list(errors(found))
    return {one.text.split(", ")[0].rpartition("/")[2]: (one.path, one.text) for one in found}


def test_codes_of_a_list_that_is_not_here_are_told_once_with_their_number() -> None:
    message = claim()
    items = resource(message, 1)["item"]
    items[0]["productOrService"]["coding"][0]["code"] = "11111-11-11"
    items += [items[0] | {"sequence": number} for number in range(2, 5)]
    place, text = _unchecked(message, Schemas(shipped()))["procedures"]
    assert place == "Bundle.entry[1].resource.item[0].productOrService.coding[0]"
    assert text == f"Not checked: 4 codes of {_PROCEDURES}, whose list is not loaded"


def test_codes_that_are_known_of_a_loaded_list_or_of_the_wrong_shape_are_not_among_them() -> None:
    message = claim()
    coding = resource(message, 1)["item"][0]["productOrService"]["coding"][0]
    for code in ("38618-00-00", "teeth"):
        coding["code"] = code
        assert "procedures" not in _unchecked(message, Schemas(shipped()))
    coding["code"] = "11111-11-11"
    assert "procedures" not in _unchecked(message, _with("1-2"))


def _morphologies(message: Json, schemas: Schemas) -> set[tuple[str, str]]:
    found = check(envelope(message), NOW, direction=Direction.REQUEST, schemas=schemas)
    return {(one.code, one.path) for one in found if one.code in ("BV-00746", "BV-00809")}


def test_a_list_of_diagnoses_tells_which_call_for_a_morphology() -> None:
    schemas = Schemas(shipped(), CodeLists({CODES + "morphology-diagnosis": frozenset({"C18.9"})}))
    message = claim()
    billed = resource(message, 1)
    category = {"coding": [{"system": CODES + "claim-information-category", "code": "morphology"}]}
    code = {"coding": [{"system": CODES + "morphology-code", "code": "8140/3"}]}
    billed["diagnosis"][0]["diagnosisCodeableConcept"]["coding"][0]["code"] = "C18.9"
    assert _morphologies(message, schemas) == {("BV-00746", "bundle.entry[1].resource.diagnosis")}
    assert not _morphologies(message, Schemas(shipped()))
    billed["supportingInfo"].append({"sequence": 99, "category": category, "code": code})
    assert not _morphologies(message, schemas)
    billed["diagnosis"][0]["diagnosisCodeableConcept"]["coding"][0]["code"] = "K35.8"
    assert _morphologies(message, schemas) == {("BV-00809", "bundle.entry[1].resource.supportingInfo")}
    assert not _morphologies(message, Schemas(shipped()))
