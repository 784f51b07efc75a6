"""Which place in FHIRPath is a path in the JSON text: `value` for `valueString`, `gender` for `_gender`?"""

import re
from collections.abc import Mapping
from typing import Any

from claimgw.conformance.base import ANY_RESOURCE, is_resource, structure
from claimgw.conformance.compiler.schema import Element

_STEP = re.compile(r"(?P<key>[^.\[]*)(?P<indexes>(?:\[[0-9]+\])*)(?:\.|$)")
_INDEX = re.compile(r"[0-9]+")


def in_fhirpath(path: str, bundle: Mapping[str, Any]) -> str:
    """The path with the names FHIR has for its steps; what FHIR does not know stays as it is written."""
    root, _, rest = path.partition(".")
    node: Any = bundle
    type_: str | None = "Bundle"
    steps = [root]
    for step in _STEP.finditer(rest) if rest else ():
        key = step["key"]
        if not key:
            break
        name = key.removeprefix("_")
        element = structure(type_).elements.get(name) if type_ else None
        node = _below(node, key, step["indexes"])
        type_ = _type(element, node)
        steps.append((element.place if element else name) + step["indexes"])
    return ".".join(steps)


def _below(node: Any, key: str, indexes: str) -> Any:
    node = node.get(key) if isinstance(node, dict) else None
    for index in _INDEX.findall(indexes):
        node = node[int(index)] if isinstance(node, list) and int(index) < len(node) else None
    return node


def _type(element: Element | None, node: Any) -> str | None:
    """The type of what stands there; None if FHIR does not tell."""
    if element is None:
        return None
    if element.primitive:
        return "Element"
    if element.type != ANY_RESOURCE:
        return element.type
    named = node.get("resourceType") if isinstance(node, dict) else None
    return named if isinstance(named, str) and is_resource(named) else None
