"""How are fixed values, patterns and codes made wrong?"""

from collections.abc import Iterator
from typing import Any

from campaigns.mutant import Fault, Kind, families
from campaigns.sites import Site, Way, at
from campaigns.spec import Concept, Element, Spec

FOREIGN = "not-in-this-list"
_FOREIGN_SYSTEM = "http://nowhere.example/CodeSystem/other"
# A fixed code is refused by its own rule (BV), or as one that this profile's list does not have (IB).
_FIXED = families("BV", "IB")
# Where the spec names no code for an element's list or fixed value, the generic one stands: GE-00035.
_GENERIC = families("GE")
# A resource that does not declare its profile: refused itself (BV), or where it is referred to (RE).
_PROFILE = families("BV", "RE", "IC")


def faults(element: Element, site: Site, spec: Spec) -> Iterator[Fault | str]:
    """Fixed and pattern broken by another code of the same list, bindings by a code that is in no list."""
    for way in site.values:
        value = at(site.bundle, way)
        if element.fixed is not None:
            yield from _fixed(element, way, spec)
        if isinstance(element.pattern, str) and not element.path.endswith("meta.profile"):
            yield from _system(element, way, value)
        elif isinstance(element.pattern, str):
            yield from _profile(element, site, way, value)
        elif element.pattern is not None or element.allowed:
            yield from _pattern(element, way, value, spec)
        if element.value_set:
            yield from _binding(element, way, value, spec)


def _fixed(element: Element, way: Way, spec: Spec) -> Iterator[Fault | str]:
    other: Any
    if isinstance(element.fixed, bool):
        other = not element.fixed
    else:
        known = spec.value_sets.get(element.value_set or "", ())
        other = next((code for _, code in known if code != element.fixed), FOREIGN)
    yield Fault(
        Kind.FIXED,
        "another value",
        element.path,
        way,
        way,
        ((way, other),),
        _or_generic(_FIXED, element),
    )


def _or_generic(families_: frozenset[str], element: Element) -> frozenset[str]:
    return families_ if element.code("binding") else families_ | _GENERIC


def _system(element: Element, way: Way, value: Any) -> Iterator[Fault]:
    if value == element.pattern:
        edit = (way, _FOREIGN_SYSTEM)
        wrong = _or_generic(_FIXED, element)
        yield Fault(Kind.PATTERN, "another system", element.path, way, way, (edit,), wrong)


def _profile(element: Element, site: Site, way: Way, value: Any) -> Iterator[Fault]:
    for variant, other in (
        ("without version", value.split("|")[0]),
        ("unknown profile", value.replace("StructureDefinition/", "StructureDefinition/no-")),
    ):
        yield Fault(
            Kind.PATTERN,
            variant,
            element.path,
            way,
            way,
            ((way, other),),
            _PROFILE,
            (),
            (site.resource,),
        )


def _pattern(element: Element, way: Way, value: Any, spec: Spec) -> Iterator[Fault | str]:
    meant = set(element.allowed)
    if isinstance(element.pattern, dict):
        meant |= {coding["code"] for coding in element.pattern.get("coding", ()) if "code" in coding}
    known = spec.value_sets.get(element.value_set or "", ())
    other = next(((system, code) for system, code in known if code not in meant), None)
    if not meant or other is None or not isinstance(value, dict) or "coding" not in value:
        yield "no other code of the list is known"
        return
    code = (*way, "coding", 0, "code")
    edits = ((code, other[1]), ((*way, "coding", 0, "system"), other[0]))
    wrong = _or_generic(_FIXED, element)
    yield Fault(Kind.PATTERN, "another code", element.path, way, code, edits, wrong)


def _binding(element: Element, way: Way, value: Any, spec: Spec) -> Iterator[Fault | str]:
    known = spec.value_sets.get(element.value_set or "")
    if known is None:
        yield "the value set is not complete"
        return
    if element.types == ("uri",):
        yield "a list of codes cannot bind a system"
        return
    for variant, inner, foreign in _codes(way, value, known):
        yield Fault(
            Kind.BINDING,
            variant,
            element.path,
            way,
            inner,
            ((inner, foreign),),
            _or_generic(families("IB"), element),
            element.code("binding"),
        )


def _codes(way: Way, value: Any, known: tuple[Concept, ...]) -> Iterator[tuple[str, Way, str]]:
    """Where a code of the list stands. A concept with a second code of the list would stay valid."""
    if isinstance(value, str):
        yield "code", way, FOREIGN
    elif isinstance(value, dict):
        codings = value.get("coding", ())
        if len(codings) == 1:
            way = (*way, "coding", 0)
        if len(codings) == 1 or "code" in value:
            yield "code", (*way, "code"), FOREIGN
            yield "system", (*way, "system"), _FOREIGN_SYSTEM
