"""How is a value given another type, or a form its type does not have?"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from campaigns.mutant import Fault, Kind, families, of_entries
from campaigns.sites import Site, Way, at
from campaigns.spec import Element, Spec, keyed

_NUMBERS = {"decimal", "integer", "positiveInt", "unsignedInt"}
_TEXTS = {
    "base64Binary",
    "canonical",
    "code",
    "date",
    "dateTime",
    "id",
    "instant",
    "markdown",
    "string",
    "uri",
    "url",
}
_WRONG: dict[str, tuple[tuple[str, Any], ...]] = {
    "date": (("no such day", "2026-02-30"), ("digits missing", "2026-2-3")),
    "dateTime": (
        ("no such day", "2026-02-30T10:00:00+03:00"),
        ("no such hour", "2026-02-20T25:00:00+03:00"),
        ("no zone", "2026-02-20T10:00:00"),
    ),
    "instant": (("no time", "2026-02-20"), ("no such day", "2026-02-30T10:00:00+03:00")),
    "id": (("sign not allowed", "no such_id!"),),
    "uri": (("space inside", "http://a .example"),),
    "url": (("space inside", "http://a .example"),),
    "code": (("two spaces inside", "a  b"),),
    "positiveInt": (("zero", 0), ("fraction", Decimal("1.5"))),
    "unsignedInt": (("negative", -1),),
    "integer": (("fraction", Decimal("1.5")),),
    "base64Binary": (("sign not allowed", "a!b"),),
}
_TYPE = families("DT", "GE", "FR")
_EMPTY = _TYPE | families("IC")


def faults(element: Element, site: Site, spec: Spec) -> Iterator[Fault | str]:
    """Another JSON type, another type of a choice, a wrong lexical form, emptiness."""
    for way in site.values:
        value, kind = at(site.bundle, way), _kind(element, way)
        if kind is None or kind == "Resource" or element.extension:
            continue
        codes, of_type = element.code("type"), _TYPE | of_entries(element.path)
        for variant, other in _other_types(kind, value):
            yield Fault(Kind.TYPE, variant, element.path, way, way, ((way, other),), of_type, codes)
        if isinstance(way[-1], int) and len(at(site.bundle, way[:-1])) == 1:
            edit = (way[:-1], value)
            yield Fault(
                Kind.TYPE, "not in an array", element.path, way[:-1], way[:-1], (edit,), of_type, codes
            )
        # A code of a wrong form is no code of its list either, and a fixed value is another value.
        wrong = _TYPE | families(*(["IB", "BV"] if kind == "code" else []))
        for variant, other in _WRONG.get(kind, ()):
            yield Fault(Kind.FORM, variant, element.path, way, way, ((way, other),), wrong, codes)
        if kind not in _NUMBERS | {"boolean"}:
            nothing: Any = "" if kind in _TEXTS else {}
            yield Fault(Kind.FORM, "empty", element.path, way, way, ((way, nothing),), _EMPTY, codes)


def _kind(element: Element, way: Way) -> str | None:
    """The type of the value; of a choice, the one its key says."""
    if not element.path.endswith("[x]"):
        return element.types[0]
    base = element.path.rsplit(".", 1)[-1].removesuffix("[x]")
    key = way[-1] if isinstance(way[-1], str) else way[-2]
    return next((kind for kind in element.types if keyed(base, kind) == key), None)


def _other_types(kind: str, value: Any) -> Iterator[tuple[str, Any]]:
    if kind in _NUMBERS:
        yield "string for number", str(value)
        yield "object for number", {"value": value}
    elif kind == "boolean":
        yield "string for boolean", str(value).lower()
        yield "number for boolean", 1
    elif kind in _TEXTS:
        yield "number for string", 7
        yield "object for string", {"value": value}
    else:
        yield "string for object", "text"
        yield "number for object", 7
