"""Is any text whatever either compiled, and then run on anything, or refused with its place?"""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from claimgw.conformance.fhirpath import CannotCompile, Compiled, compile_expression
from claimgw.conformance.fhirpath.functions import FUNCTIONS
from tests.conformance.fhirpath.ground import PATIENT, scope
from tests.conformance.fhirpath.test_semantics import ROWS

_PATHS = [
    "name",
    "name.given",
    "extension.value",
    "birthDate",
    "deceased",
    "contained",
    "text",
    "id",
    "$this",
    "active",
]
_LEAVES = st.sampled_from(
    [
        *_PATHS,
        "1",
        "2.50",
        "'a'",
        "@2020-01",
        "@T10:00",
        "4 days",
        "true",
        "{}",
        "%resource",
        "%context",
        "now()",
    ]
)
_TYPES = [
    "string",
    "Quantity",
    "Patient",
    "Resource",
    "DomainResource",
    "Element",
    "BackboneElement",
    "Integer",
    "date",
]
_OPERATORS = [
    "and",
    "or",
    "xor",
    "implies",
    "=",
    "!=",
    "~",
    "!~",
    "<",
    ">=",
    "|",
    "&",
    "+",
    "-",
    "*",
    "/",
    "div",
    "mod",
]


def _larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    one_name = st.sampled_from(
        ["extension", "id", "value", "url", "use", "status", "reference", "period", "coding"]
    )
    call = st.sampled_from([name for name in FUNCTIONS if name not in ("as", "is", "ofType")])
    return st.one_of(
        st.tuples(inner, st.sampled_from([*_OPERATORS, "in", "contains"]), inner)
        .map(" ".join)
        .map("({})".format),
        st.tuples(inner, one_name).map(".".join),
        st.builds("{}.{}({})".format, inner, call, st.lists(inner, max_size=2).map(", ".join)),
        st.builds(
            "{}.{}({})".format, inner, st.sampled_from(["ofType", "as", "is"]), st.sampled_from(_TYPES)
        ),
        st.builds("{}[{}]".format, inner, inner),
        inner.map("-{}".format),
    )


@settings(max_examples=400, deadline=None)
@given(st.recursive(_LEAVES, _larger, max_leaves=8))
def test_what_looks_like_an_expression_is_compiled_and_run_or_refused(expression: str) -> None:
    if (compiled := _compiled(expression)) is None:
        return
    for node in (PATIENT, {}, {"name": [{}], "extension": [{"url": "a"}]}):
        found = compiled.evaluate(node, scope(node))
        held = compiled.holds(node, scope(node))
        assert held is (len(found) == 1 and found[0] is not False and not _is_bare(found[0]))


def _compiled(expression: str) -> Compiled | None:
    try:
        return compile_expression(expression, "Patient")
    except CannotCompile:
        return None


def _is_bare(value: object) -> bool:
    return repr(value) == "BARE"


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_any_part_of_an_expression_is_compiled_or_refused(data: st.DataObject) -> None:
    expression, _ = data.draw(st.sampled_from(ROWS))
    words = re.findall(r"\w+|\W", expression)
    kept = data.draw(st.lists(st.sampled_from(words), max_size=8))
    told = []
    for text in ("".join(kept), expression[: len(expression) // 2], data.draw(st.text(max_size=20))):
        try:
            compile_expression(text, "Patient").evaluate(PATIENT, scope(PATIENT))
        except CannotCompile as fault:
            told.append((fault.expression, text))
    assert all(expression == text for expression, text in told)
