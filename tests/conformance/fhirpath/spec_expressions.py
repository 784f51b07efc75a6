"""Which expressions do the facts about nphies hold, and on which type is each evaluated?"""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[4] / "shared" / "spec"
needed = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="the facts about nphies are not beside the repository"
)


@cache
def expressions() -> tuple[tuple[str, str], ...]:
    """Context and expression, each pair once; some rules name their context by profile or by element."""
    if not FOLDER.is_dir():
        return ()
    profiles = json.loads((FOLDER / "profiles.json").read_text())["profiles"]
    rules = json.loads((FOLDER / "validation-rules.json").read_text())["rules"]
    found = [
        (_context(profile["resource"], one), one[key])
        for profile in profiles
        for one in profile["constraints"]
        for key in ("expression", "publishedExpression")
        if one.get(key)
    ]
    resources = {profile["id"]: profile["resource"] for profile in profiles}
    found += [
        (_of_rule(rule, resources), rule[key])
        for rule in rules
        for key in ("expression", "suggestedExpression")
        if rule.get(key)
    ]
    return tuple(dict.fromkeys(found))


def _context(resource: str, constraint: dict[str, Any]) -> str:
    # One published expression is about the element it stands on; all others are about the whole resource.
    return str(constraint["path"]) if constraint["expression"].startswith("coding.") else resource


def _of_rule(rule: dict[str, Any], resources: dict[str, str]) -> str:
    if rule.get("expression", "").startswith("coding."):
        return "Claim.subType"
    place = re.split(r"[. ]", rule["element"])[0]
    return str(rule.get("context") or resources.get(place, place))
