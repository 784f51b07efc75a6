"""Do the expressions of nphies hold where fhirpathpy says so, on good messages and on broken copies?

Explained differences: fhirpathpy knows no `%resource` unless it is handed in; it raises where FHIRPath ends
in an error, and where an extension has no url; it takes the first of several operands in arithmetic (an
extension given twice), where FHIRPath ends in an error. Where it does, a constraint is not kept.
"""

import copy
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import fhirpathpy
import pytest
from fhirpathpy.models import models

from claimgw.conformance.fhirpath import Compiled, Scope, compile_expression
from claimgw.messages.decode import Decoded, decode
from tests.conformance.fhirpath.broken import broken
from tests.conformance.fhirpath.spec_expressions import expressions, needed
from tests.conformance.real_messages import FOLDER

EXAMPLES = Path(__file__).parents[3] / "examples"
_SEED = 20260315


@dataclass(frozen=True, slots=True)
class _Pair:
    """One expression, by us and by fhirpathpy."""

    ours: Compiled
    theirs: Callable[..., list[Any]]


@cache
def _pairs() -> dict[str, list[_Pair]]:
    found: dict[str, list[_Pair]] = {}
    for context, expression in expressions():
        if "." not in context:
            theirs = fhirpathpy.compile(expression, model=models["r4"])
            found.setdefault(context, []).append(_Pair(compile_expression(expression, context), theirs))
    return found


def resources(folder: Path) -> list[dict[str, Any]]:
    """The messages of a folder and what they hold, of the types that expressions are about."""
    found: list[dict[str, Any]] = []
    for path in sorted(folder.glob("*.json")):
        decoded = decode(path.read_bytes())
        if isinstance(decoded, Decoded) and isinstance(decoded.tree, dict):
            found.append(decoded.tree)
            found += [entry["resource"] for entry in decoded.tree.get("entry", []) if "resource" in entry]
    return [resource for resource in found if resource.get("resourceType") in _pairs()]


def _difference(pair: _Pair, resource: dict[str, Any]) -> str | None:
    now = datetime.now(UTC)
    ours = pair.ours.holds(resource, Scope(resource, resource, now, lambda *_: None, lambda *_: None))
    marked = copy.deepcopy(resource)  # fhirpathpy writes into what it is given
    try:
        theirs = pair.theirs(marked, context={"resource": marked})
    except KeyError as fault:
        return None if fault.args == ("url",) else repr(fault)
    except Exception:  # its way to say that FHIRPath ends in an error
        theirs = []
    kept = len(theirs) == 1 and theirs[0] is not False and theirs[0] is not None
    if kept is ours or (kept and not ours and _has_extension_twice(resource)):
        return None
    return f"{pair.ours.expression}: ours {ours}, theirs {theirs}"


def _has_extension_twice(value: Any) -> bool:
    if isinstance(value, list):
        urls = [one.get("url") for one in value if isinstance(one, dict) and "url" in one]
        return len(urls) > len(set(map(str, urls))) or any(map(_has_extension_twice, value))
    return isinstance(value, dict) and any(map(_has_extension_twice, value.values()))


def _differences(resource: dict[str, Any]) -> list[str]:
    found = (_difference(pair, resource) for pair in _pairs()[resource["resourceType"]])
    return [one for one in found if one is not None]


@needed
def test_every_expression_of_nphies_is_compiled() -> None:
    assert len([compile_expression(expression, context) for context, expression in expressions()]) > 250


@needed
@pytest.mark.parametrize("folder", [EXAMPLES, FOLDER], ids=["examples", "real messages"])
def test_an_expression_holds_where_fhirpathpy_says_so(folder: Path) -> None:
    if not folder.is_dir():
        pytest.skip("the real messages are not beside the repository")
    chance = random.Random(_SEED)
    found = resources(folder)
    for resource in chance.sample(found, min(len(found), 120)):
        assert _differences(resource) == []
        worse = resource
        for _ in range(3):
            worse = broken(worse, chance)
            assert _differences(worse) == []
