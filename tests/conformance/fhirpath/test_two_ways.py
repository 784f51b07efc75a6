"""Does code made from known types give what looking gives? Of a Resource nothing is known beforehand."""

import random
from pathlib import Path
from typing import Any

import pytest

from claimgw.conformance.fhirpath import compile_expression
from claimgw.conformance.fhirpath.items import BARE
from tests.conformance.fhirpath.broken import broken
from tests.conformance.fhirpath.ground import PATIENT, scope
from tests.conformance.fhirpath.spec_expressions import expressions
from tests.conformance.fhirpath.test_oracle import EXAMPLES, resources
from tests.conformance.fhirpath.test_semantics import ROWS


@pytest.mark.parametrize("expression", [one for one, _ in ROWS if not one.startswith("Patient.")])
def test_an_expression_gives_the_same_where_no_type_is_known(expression: str) -> None:
    by_type, by_looking = (compile_expression(expression, type_) for type_ in ("Patient", "Resource"))
    chance = random.Random(1)
    node: Any = PATIENT
    for _ in range(8):
        assert _shown(by_type.evaluate(node, scope(node))) == _shown(by_looking.evaluate(node, scope(node)))
        node = broken(node, chance)


@pytest.mark.parametrize("folder", [EXAMPLES], ids=["examples"])
def test_an_expression_of_nphies_holds_alike_where_no_type_is_known(folder: Path) -> None:
    chance = random.Random(2)
    by_looking = {expression: compile_expression(expression, "Resource") for _, expression in expressions()}
    by_type: dict[str, list[Any]] = {}
    for context, expression in expressions():
        by_type.setdefault(context, []).append(compile_expression(expression, context))
    for resource in resources(folder):
        for node in (resource, broken(broken(resource, chance), chance)):
            for compiled in by_type.get(str(node["resourceType"]), []):
                general = by_looking[compiled.expression].holds(node, scope(node))
                assert compiled.holds(node, scope(node)) is general, compiled.expression


def _shown(values: list[Any]) -> list[str]:
    return ["BARE" if value is BARE else str(value) for value in values]
