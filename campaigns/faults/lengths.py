"""How is a text made longer than it may be?"""

from collections.abc import Iterator
from typing import Any

from campaigns.mutant import Fault, Kind, families
from campaigns.sites import Site, Way, at
from campaigns.spec import Element, Limit, Spec

_LENGTH = families("BV", "DT")
# Types inside of other types that hold texts with a limit.
_INNER = {"CodeableConcept": {"coding": "Coding"}, "Reference": {"identifier": "Identifier"}}
_BROKEN_OTHERWISE = {"Reference.reference"}  # a longer address leads nowhere: another fault


def faults(element: Element, site: Site, spec: Spec) -> Iterator[Fault | str]:
    """One character more than allowed, in English and, where it has a limit of its own, in Arabic."""
    for way in site.values:
        value = at(site.bundle, way)
        if element.extension or element.fixed is not None or element.pattern is not None or _binds(element):
            continue
        if isinstance(value, str) and (element.length or element.types[0] in ("uri", "url")):
            limit = element.length or spec.lengths[element.types[0]]
            yield from _long(element, element.path, way, way, value, limit)
        elif isinstance(value, dict):
            for kind in element.types:
                for inner, limit in _texts(kind, way, value, spec):
                    label = ".".join([element.path, *(str(s) for s in inner[len(way) :] if s != 0)])
                    yield from _long(element, label, way, inner, at(site.bundle, inner), limit)


def _binds(element: Element) -> bool:
    return element.path.endswith(".coding.system")


def _texts(kind: str, way: Way, value: dict[str, Any], spec: Spec) -> Iterator[tuple[Way, Limit]]:
    for name, inner in value.items():
        limit = spec.lengths.get(f"{kind}.{name}")
        if isinstance(inner, str) and limit and f"{kind}.{name}" not in _BROKEN_OTHERWISE:
            yield (*way, name), limit
        deeper = _INNER.get(kind, {}).get(name)
        if deeper and isinstance(inner, list):
            yield from _texts(deeper, (*way, name, 0), inner[0], spec)
        elif deeper and isinstance(inner, dict):
            yield from _texts(deeper, (*way, name), inner, spec)


def _long(element: Element, label: str, root: Way, way: Way, value: str, limit: Limit) -> Iterator[Fault]:
    english, arabic = limit
    fill = "x" * (english + 1 - len(value))
    yield Fault(Kind.LENGTH, "too long", label, root, way, ((way, value + fill),), _LENGTH)
    if arabic:
        text = "ب" * (arabic + 1)
        yield Fault(Kind.LENGTH, "too long in Arabic", label, root, way, ((way, text),), _LENGTH)
