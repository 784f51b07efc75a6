"""How is a reference made to lead nowhere, or to something else?"""

from collections.abc import Iterator
from typing import Any

from campaigns.mutant import Fault, Kind, families
from campaigns.sites import Site, Way, at
from campaigns.spec import Element, Json, Spec

_NOWHERE = "http://nowhere.example/fhir/{}/none"
_RE = families("RE")
# What a message is about has rules of its own for the type: BV-00233, BV-00234.
_BV = families("BV")


def faults(element: Element, site: Site, spec: Spec) -> Iterator[Fault | str]:
    """Literal references cut or led to another type or profile; logical ones with another type."""
    if "Reference" not in element.types:
        return
    types = {spec.resource_of(target) for target in element.targets}
    for way in site.values:
        value = at(site.bundle, way)
        if not isinstance(value, dict):
            continue
        if isinstance(value.get("reference"), str):
            yield _cut(element, way, types)
            yield from _led_elsewhere(element, site, way, types, spec)
        elif "type" in value:
            yield from _other_type(element, way, types)


def _cut(element: Element, way: Way, types: set[str]) -> Fault:
    inner = (*way, "reference")
    kind = min(types, default="Patient")
    return Fault(
        Kind.CUT,
        "leads nowhere",
        element.path,
        way,
        inner,
        ((inner, _NOWHERE.format(kind)),),
        _RE,
        ("RE-00169",),  # whatever the element: the real server's answers show no other
    )


def _led_elsewhere(
    element: Element, site: Site, way: Way, types: set[str], spec: Spec
) -> Iterator[Fault | str]:
    if not types or "Resource" in types:
        yield "the profile names no targets"
        return
    inner = (*way, "reference")
    wanted = {target.rsplit("/", 1)[-1] for target in element.targets}
    for variant, test in (
        ("another type", lambda resource: resource["resourceType"] not in types),
        (
            "another profile",
            lambda resource: (
                resource["resourceType"] in types
                and (declared := _profiles(resource, spec))
                and wanted.isdisjoint(declared)
            ),
        ),
    ):
        found = _entry(site.bundle, test)
        if found is None:
            yield f"the message holds no resource of {variant}"
            continue
        index, url = found
        yield Fault(
            Kind.TARGET,
            variant,
            element.path,
            way,
            inner,
            ((inner, url),),
            _RE,
            element.code("reference"),
            (("entry", index, "resource"),),
        )


def _entry(bundle: Json, test: Any) -> tuple[int, str] | None:
    # The header last: that it is referred to at all is a fault of its own.
    numbered = list(enumerate(bundle["entry"]))
    for index, entry in numbered[1:] + numbered[:1]:
        if "fullUrl" in entry and test(entry["resource"]):
            return index, entry["fullUrl"]
    return None


def _profiles(resource: Json, spec: Spec) -> set[str]:
    declared = (one.split("|")[0].rsplit("/", 1)[-1] for one in resource.get("meta", {}).get("profile", ()))
    return {name for one in declared for name in spec.names(one)}


def _other_type(element: Element, way: Way, types: set[str]) -> Iterator[Fault | str]:
    if not types or "Resource" in types:
        yield "the profile names no targets"
        return
    inner = (*way, "type")
    other = next(name for name in ("Patient", "Location", "Device") if name not in types)
    yield Fault(
        Kind.TARGET,
        "another type by identifier",
        element.path,
        way,
        inner,
        ((inner, other),),
        _RE | _BV,
        element.code("reference"),
    )
