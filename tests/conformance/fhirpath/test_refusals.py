"""Is what cannot be compiled refused when it is loaded, with the place of what is wrong?"""

import pytest

from claimgw.conformance.fhirpath import CannotCompile, compile_expression


@pytest.mark.parametrize(
    ("expression", "at", "reason"),
    [
        ("", 0, "ends too early"),
        ("name.", 5, "name"),
        ("name.given)", 10, "operator is missing"),
        ("name..given", 5, "name"),
        ("(name", 5, "')'"),
        ("name[0", 6, "']'"),
        ("active and", 10, "ends too early"),
        ("and active", 0, "operand is missing"),
        ("active = 'open", 9, "Nothing in FHIRPath starts with"),
        ("active = 'a\\q'", 11, "escape"),
        ("active # 1", 7, "Nothing in FHIRPath starts with"),
        ("birthDate > @2020-13", 12, "no such date"),
        ("name.frist()", 5, "no function frist()"),
        ("name.where()", 5, "0 arguments"),
        ("name.first(1)", 5, "1 arguments"),
        ("nmae.given", 0, "Patient has no element nmae"),
        ("name.given.family", 11, "string has no element family"),
        ("deceasedBoolean", 0, "names a choice without the type"),
        ("deceased.ofType(Bolean)", 16, "no type Bolean"),
        ("deceased is Bolean", 9, "no type Bolean"),
        ("deceased as 5", 12, "name"),
        ("%patient.id", 0, "no variable %patient"),
        ("$that", 0, "no $that"),
        ("$total + 1", 0, "outside"),
        ("$index = 1", 0, "outside"),
        ("conformsTo('http://a')", 0, "type profile"),
        ("name.type()", 5, "type()"),
        ("id.matches('(a')", 11, "lacks a bracket"),
        ("id.matches('(a)\\\\1')", 11, "cannot be linear"),
        ("id.matches('(?=a)')", 11, "cannot be linear"),
        ("id.matches('\\\\p{L}')", 11, "cannot be linear or is unknown"),
        ("id.matches('((a{500}){500}){500}')", 11, "repeats too much"),
        ("id.matches('a{5000}')", 11, "repeats more than"),
        ("id.matches(language)", 11, "string written out"),
        ("id.replaceMatches('a+b', 'b')", 18, "the last part"),
    ],
)
def test_a_fault_of_an_expression_is_told_with_its_place(expression: str, at: int, reason: str) -> None:
    with pytest.raises(CannotCompile) as told:
        compile_expression(expression, "Patient")
    assert reason in told.value.reason
    assert told.value.at == at
    assert f"at character {at} of the FHIRPath expression: {expression}" in str(told.value)


@pytest.mark.parametrize("context", ["Patinet", "Patient.nmae", "Patient.deceased", ""])
def test_a_context_that_is_no_type_is_refused(context: str) -> None:
    with pytest.raises(CannotCompile):
        compile_expression("id", context)


@pytest.mark.parametrize(
    "expression",
    [
        "(" * 5000 + "1" + ")" * 5000,
        "active" + ".not()" * 5000,
        "not(" * 200,
        "-" * 5000 + "1",
        "1" + "+1" * 5000,
        "name.where(" * 100 + "true" + ")" * 100,
    ],
)
def test_an_expression_without_measure_is_refused(expression: str) -> None:
    with pytest.raises(CannotCompile):
        compile_expression(expression, "Patient")


def test_an_expression_as_high_as_allowed_is_compiled() -> None:
    compile_expression("(" * 30 + "1" + ")" * 30, "Patient")
    compile_expression("active" + " or active" * 60, "Patient")
    compile_expression("name" + ".where(use = 'a')" * 40, "Patient")
    compile_expression("contained.exists(" * 25 + "true" + ")" * 25, "Patient")


def test_text_of_an_expression_never_becomes_code() -> None:
    source = compile_expression(
        "id = '\\'); import os; (\\'' and name.exists(use = 'x\\n')", "Patient"
    ).source
    assert "import" not in source
    assert "\\n" not in source
