"""How is the number of an element's values made wrong?"""

import copy
from collections.abc import Iterator
from itertools import count

from campaigns.mutant import GONE, Edit, Fault, Kind, families, of_entries, of_rule
from campaigns.sites import Site, Way, at
from campaigns.spec import Element, Json, Part, Spec

_MISSING = families("IC")
# A resource that does not say its profile breaks the rule for profiles (BV) or what refers to it (RE).
_NO_PROFILE = families("IC", "BV", "RE")
# An object or array in the wrong number of dimensions is not read at all, or refused as a wrong number.
_ARRAY = families("IC", "DT", "GE", "FR")
# Types with one data-type profile only, which then holds wherever the type stands.
_ALWAYS = {
    "CodeableConcept": "DP-CodeableConcept",
    "Coding": "DP-Coding",
    "Money": "DP-Money-SAR",
    "Address": "DP-Address",
    "HumanName": "DP-HumanName",
    "Attachment": "DP-Attachment",
    "ContactPoint": "DP-ContactPoint",
    "Annotation": "DP-Annotation",
}


def faults(element: Element, site: Site, spec: Spec) -> Iterator[Fault | str]:
    """Required elements removed, maxima exceeded; inside of data types too. Extensions are elsewhere."""
    if element.extension or not site.values:
        return
    if element.least:
        yield _removed(element, site)
    if element.most == 1:
        yield from _repeated(element, site)
    for way in site.values:
        for part in parts(element, at(site.bundle, way), spec):
            if part.least and _valid_without(element, part):
                yield "a reference that may be a display alone needs no address"
            elif part.least:
                yield from _removed_part(element, site, way, part)


def _removed(element: Element, site: Site) -> Fault:
    way = site.values[0]
    key = way if isinstance(way[-1], str) else way[:-1]
    return Fault(
        Kind.MISSING,
        "removed",
        element.path,
        key,
        key,
        _without(site.values),
        _of_element(element),
        element.code("cardinality"),
        (site.parent,),
    )


def _of_element(element: Element) -> frozenset[str]:
    if element.path.endswith((".meta", ".meta.profile")):
        return _NO_PROFILE
    # Without value nor inner extension, an extension is no FHIR.
    return (
        _MISSING | families("FR", "DT", "GE")
        if element.path.endswith(".value[x]")
        else _MISSING | of_entries(element.path) | of_rule(element)
    )


def _without(values: tuple[Way, ...]) -> tuple[Edit, ...]:
    return tuple((way, GONE) for way in reversed(values))


def _repeated(element: Element, site: Site) -> Iterator[Fault]:
    way = site.values[-1]
    value = copy.deepcopy(at(site.bundle, way))
    if isinstance(way[-1], int):
        length = len(at(site.bundle, way[:-1]))
        second = (*way[:-1], length)
        yield Fault(
            Kind.TOO_MANY,
            "repeated",
            element.path,
            way[:-1],
            second,
            ((second, value),),
            _MISSING,
            element.code("cardinality"),
        )
    else:
        twice: Edit = (way, [value, copy.deepcopy(value)])
        yield Fault(
            Kind.ARRAY, "two in an array", element.path, way, way, (twice,), _ARRAY | of_entries(element.path)
        )


def _removed_part(element: Element, site: Site, way: Way, part: Part) -> Iterator[Fault]:
    for inner in _inside(site.bundle, way, part.path):
        # Of two forms of reference, either one may be told to be the one that is not there.
        either = "-1or" in (element.form or "")
        yield Fault(
            Kind.MISSING,
            "removed",
            ".".join((element.path, *part.path)),
            way,
            inner,
            ((inner, GONE),),
            _of_part(part),
            (),
            (inner[:-1], *([(*way, "reference")] if either else [])),
        )


def _valid_without(element: Element, part: Part) -> bool:
    """Where a display alone is allowed (DP-Reference-4), nothing is required."""
    return part.path == ("reference",) and "or4" in (element.form or "")


def _of_part(part: Part) -> frozenset[str]:
    """A coding without system or code is in no value set; a reference without its target leads nowhere."""
    match part.path:
        case ("coding", *_) | ("system" | "code",):
            return families("IC", "IB")
        case ("currency",):  # that money is in SAR has a rule for each element (BV)
            return families("IC", "BV")
        case ("reference",) | ("identifier", *_):
            return families("IC", "RE")
        case _:
            return _MISSING


def _inside(bundle: Json, way: Way, path: tuple[str, ...]) -> Iterator[Way]:
    ways = [way]
    for depth, name in zip(count(1), path, strict=False):
        ways = [(*one, name) for one in ways if name in at(bundle, one)]
        if depth < len(path):
            ways = [inner for one in ways for inner in _items(bundle, one)]
    yield from ways


def _items(bundle: Json, way: Way) -> Iterator[Way]:
    value = at(bundle, way)
    found = [(*way, index) for index in range(len(value))] if isinstance(value, list) else [way]
    yield from (one for one in found if isinstance(at(bundle, one), dict))


def parts(element: Element, value: object, spec: Spec) -> tuple[Part, ...]:
    """What the data-type profile of the element demands of this value."""
    if not isinstance(value, dict):
        return ()
    form = _form(element, value)
    return spec.forms.get(form, ()) if form else ()


def _form(element: Element, value: Json) -> str | None:
    form = element.form
    if form and form.startswith("DP-Reference-"):
        options = form.removeprefix("DP-Reference-").split("or")
        if "reference" in value:
            return "DP-Reference-1" if "1" in options else None
        options = [one for one in options if one != "1"]
        return f"DP-Reference-{options[0]}" if options and "identifier" in value else None
    return form or (_ALWAYS.get(element.types[0]) if len(element.types) == 1 else None)
