"""Can findings be told in another language, by a file alone?"""

import json
from pathlib import Path

import pytest

from claimgw.conformance.texts import english, read_texts
from claimgw.conformance.validator.faults import Kind
from claimgw.errors import ConfigurationError
from claimgw.messages.findings import Finding
from tests.conformance.sample import claim, findings

_ARABIC = {
    "kinds": {"cardinality": {"text": "عنصر إلزامي مفقود", "hint": "أضف العنصر"}},
    "codes": {"BV-00351": {"text": "مقدم الخدمة ليس المرسل", "hint": "اجعلهما واحدا"}},
    "hints": {"اكتب العملة SAR": ["BV-00093"]},
}


@pytest.fixture
def arabic(tmp_path: Path) -> Path:
    file = tmp_path / "ar.json"
    file.write_text(json.dumps(_ARABIC, ensure_ascii=False), encoding="utf-8")
    return file


def test_english_has_words_for_every_kind_of_fault() -> None:
    assert {*Kind} - {Kind.INVARIANT} <= english().kinds.keys()


def test_a_fault_of_the_schema_is_told_by_its_kind(arabic: Path) -> None:
    message = claim()
    del message["entry"][1]["resource"]["patient"]
    [found] = [one for one in findings(message) if one.code == "IC-00050"]
    told = read_texts(arabic).of(found)
    assert (told.text, told.hint) == ("عنصر إلزامي مفقود", "أضف العنصر")
    assert (told.code, told.path, told.severity) == (found.code, found.path, found.severity)


def test_a_rule_in_python_is_told_by_its_code(arabic: Path) -> None:
    found = Finding("BV-00351", "bundle.entry[1].resource.provider", "The provider …", "Let both be one")
    assert read_texts(arabic).of(found).text == "مقدم الخدمة ليس المرسل"


def test_a_hint_stands_for_several_codes(arabic: Path) -> None:
    found = Finding("BV-00093", "bundle.entry[1].resource.item[0].net", "In riyals", "Set SAR")
    told = read_texts(arabic).of(found)
    assert (told.text, told.hint) == ("In riyals", "اكتب العملة SAR")


def test_the_hint_of_a_code_is_of_what_is_missing_not_of_what_is_too_much() -> None:
    assert english().fault(Kind.MISSING, "IC-01620").hint.startswith("Add extension-accountingPeriod")
    assert english().fault(Kind.SURPLUS, "IC-01620").hint == "Keep as many as are allowed"
    assert english().fault(Kind.CODE, "IB-00047").hint.startswith("Use one of institutional")


def test_what_has_no_words_stays_english(arabic: Path) -> None:
    found = Finding("BV-00165", "bundle.entry[1].resource.use", "The use does not go", "Set it")
    assert read_texts(arabic).of(found) == found


@pytest.mark.parametrize("text", ["{", '{"kinds": {"taste": {"text": "a", "hint": "b"}}}', '{"words": {}}'])
def test_a_file_that_is_no_language_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "xx.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError):
        read_texts(file)
