"""Does an expression answer on any JSON whatever, in time that grows with its size and no faster?"""

import time
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claimgw.conformance.fhirpath import Compiled, compile_expression
from tests.conformance.fhirpath.ground import PATIENT, scope
from tests.conformance.fhirpath.spec_expressions import expressions
from tests.conformance.fhirpath.test_core_invariants import INVARIANTS
from tests.conformance.fhirpath.test_semantics import ROWS

_NAMES = sorted(
    {
        key
        for value in (PATIENT, *PATIENT["name"], *PATIENT["extension"], *PATIENT["telecom"])
        for key in value
    }
    | {"_" + key for key in PATIENT}
    | {
        "item",
        "net",
        "supportingInfo",
        "category",
        "coding",
        "code",
        "value",
        "entry",
        "resource",
        "reference",
    }
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text(max_size=9)
    | st.sampled_from(
        ["2020-02-30", "2020", "2020-01-01T10:00:00Z", "10:00", Decimal("1E+999999"), "Claim", "#c1"]
    ),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(_NAMES) | st.text(max_size=5), inner, max_size=6)
    ),
    max_leaves=30,
)


@cache
def _compiled() -> tuple[Compiled, ...]:
    pairs = [("Patient", expression) for expression, _ in ROWS]
    pairs += [(type_, invariant) for type_, invariant, _, _ in INVARIANTS]
    return tuple(compile_expression(expression, type_) for type_, expression in (*pairs, *expressions()))


@settings(max_examples=60, deadline=None)
@given(VALUES, VALUES)
def test_any_json_in_place_of_a_resource_gets_an_answer(node: Any, resource: Any) -> None:
    for compiled in _compiled():
        assert isinstance(compiled.evaluate(node, scope(resource)), list)
        assert compiled.holds(node, scope(resource)) in (True, False)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(PATIENT)), VALUES, min_size=1))
def test_any_json_in_place_of_elements_gets_an_answer(odd: dict[str, Any]) -> None:
    node = PATIENT | odd
    for compiled in _compiled():
        assert compiled.holds(node, scope(node)) in (True, False)


_SIZE = 200_000
_LARGE: dict[str, tuple[str, dict[str, Any]]] = {
    "numbers": ("telecom.rank.isDistinct()", {"telecom": [{"rank": n} for n in range(_SIZE)]}),
    "a part of": ("telecom.rank.subsetOf(telecom.rank)", {"telecom": [{"rank": n} for n in range(_SIZE)]}),
    "a union": ("(telecom.rank | telecom.rank).count()", {"telecom": [{"rank": n} for n in range(_SIZE)]}),
    "a sum": (
        "name.extension.value.value.aggregate($this + $total, 0)",
        {"name": [{"extension": [{"valueMoney": {"value": Decimal("0.1")}}]}] * _SIZE},
    ),
    "descendants": (
        "descendants().where(use = 'a').empty()",
        {"name": [{"given": ["a"] * 9}] * (_SIZE // 10)},
    ),
    "repeat": ("repeat(extension).count()", {"extension": [{"url": "a"}] * _SIZE}),
    "a number of a million digits": (
        "extension.value.value.all($this * $this * $this > 0)",
        {"extension": [{"valueMoney": {"value": Decimal("9" * 1_000_000)}}]},
    ),
    "a text of megabytes": (
        "name.family.matches('^(a|a)*(a+)+b$')",
        {"name": [{"family": "a" * _SIZE * 10}]},
    ),
    "a text with many starts": ("name.family.matches('a+b')", {"name": [{"family": "a" * _SIZE * 10}]}),
    "a narrative": ("text.div.htmlChecks()", {"text": {"div": "<div>" * _SIZE}}),
    "an open comment": ("text.div.htmlChecks()", {"text": {"div": "<div>" + "<!--" * _SIZE}}),
    "a long date": ("birthDate < today()", {"birthDate": "2" * _SIZE * 10}),
}


@pytest.mark.parametrize(("expression", "node"), _LARGE.values(), ids=_LARGE)
def test_junk_of_megabytes_is_judged_in_seconds(expression: str, node: dict[str, Any]) -> None:
    compiled = compile_expression(expression, "Patient")
    before = time.process_time()
    assert compiled.holds(node, scope(node)) in (True, False)
    assert time.process_time() - before < 4
