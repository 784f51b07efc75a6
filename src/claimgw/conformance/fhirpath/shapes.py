"""What may stand where, by type? The element tree as FHIRPath names it: choices by one name, types by kin."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any, Final

from claimgw.conformance.base import ANY_RESOURCE, is_resource, structure
from claimgw.conformance.fhirpath.values.moments import Moment
from claimgw.conformance.fhirpath.values.quantities import Measure

# What FHIRPath calculates; `System.` keeps its String apart from FHIR's string.
BOOLEAN: Final = "System.Boolean"
STRING: Final = "System.String"
INTEGER: Final = "System.Integer"
DECIMAL: Final = "System.Decimal"
DATE: Final = "System.Date"
DATE_TIME: Final = "System.DateTime"
TIME: Final = "System.Time"
QUANTITY: Final = "System.Quantity"
SYSTEM: Final = frozenset({BOOLEAN, STRING, INTEGER, DECIMAL, DATE, DATE_TIME, TIME, QUANTITY})
NUMBERS: Final = frozenset({INTEGER, DECIMAL})
# Of what leads out of the known: its type is told only by the tree itself.
UNKNOWN: Final = "?"
RESOURCE: Final = ANY_RESOURCE

# JSON strings that FHIRPath compares as dates and times.
MOMENTS: Final = frozenset({"date", "dateTime", "instant", "time"})
_KIN = {
    "code": "string",
    "id": "string",
    "markdown": "string",
    "url": "uri",
    "canonical": "uri",
    "oid": "uri",
    "uuid": "uri",
    "positiveInt": "integer",
    "unsignedInt": "integer",
    "Age": "Quantity",
    "Count": "Quantity",
    "Distance": "Quantity",
    "Duration": "Quantity",
}
PRIMITIVES: Final = (
    frozenset(
        {"base64Binary", "boolean", "canonical", "code", "date", "dateTime", "decimal", "id", "instant"}
    )
    | frozenset({"integer", "markdown", "oid", "positiveInt", "string", "time", "unsignedInt", "uri", "url"})
    | frozenset({"uuid", "xhtml"})
)
_NO_DOMAIN = frozenset({"Bundle", "Binary", "Parameters"})


_FORMS = {"boolean": "bool", "integer": "int", "decimal": "number"}
_CLASSES_OF_FORMS: dict[str, tuple[type, ...]] = {
    "bool": (bool,),
    "int": (int,),
    "number": (int, Decimal),
    "str": (str,),
}


def form(primitive: str) -> str:
    """`bool`, `int`, `number` or `str`: what a JSON value of that primitive has to be."""
    return _FORMS.get(_KIN.get(primitive, primitive), "str")


_CLASSES = {primitive: _CLASSES_OF_FORMS[form(primitive)] for primitive in PRIMITIVES}


@dataclass(frozen=True, slots=True)
class Route:
    """One key that an element's name may lead to."""

    key: str
    type: str
    many: bool
    primitive: bool


@cache
def routes(type_: str, name: str) -> tuple[Route, ...]:
    """The keys behind a name in an object of that type: several for a choice, none if it has no such."""
    if type_ in PRIMITIVES or type_ in SYSTEM or type_ in (UNKNOWN, RESOURCE):
        return ()
    elements = structure(type_).elements.values()
    return tuple(
        Route(one.name, one.type, one.many, one.type in PRIMITIVES) for one in elements if one.place == name
    )


@cache
def all_routes(type_: str) -> tuple[Route, ...]:
    """Every key of an object of that type."""
    if type_ in PRIMITIVES or type_ in SYSTEM or type_ == UNKNOWN:
        return ()
    return tuple(
        Route(one.name, one.type, one.many, one.type in PRIMITIVES)
        for one in structure(type_).elements.values()
    )


def fits(value: Any, primitive: str) -> bool:
    """Whether a JSON value has the form of the primitive. One that has not counts as absent everywhere."""
    return type(value) in _CLASSES[primitive]


def is_type(name: str) -> bool:
    """Whether a type specifier names a type of FHIR or of FHIRPath."""
    if (
        name in PRIMITIVES
        or name in SYSTEM
        or name in _KIN
        or name in ("Resource", "DomainResource", "Element")
    ):
        return True
    try:
        structure(name)
    except KeyError:
        return False
    return True


def conforms(type_: str, wanted: str) -> bool:
    """Whether what has that type is of the wanted one, or of one that descends from it."""
    if type_ == wanted or _KIN.get(type_) == wanted:
        return True
    match wanted:
        case "Resource":
            return is_resource(type_)
        case "DomainResource":
            return is_resource(type_) and type_ not in _NO_DOMAIN
        case "Element":
            return type_ not in SYSTEM and type_ not in (UNKNOWN, RESOURCE) and not is_resource(type_)
        case "BackboneElement":
            return not is_resource(type_) and bool(routes(type_, "modifierExtension"))
        case "Quantity":
            return type_ == QUANTITY
        case _:
            return False


def known_of(wanted: str) -> str:
    """What is known of an item that has turned out to be of the wanted type: of an abstract one, not all."""
    if wanted in ("Element", "BackboneElement"):
        return UNKNOWN
    return RESOURCE if wanted == "DomainResource" else wanted


def told(types: Iterable[str]) -> bool:
    """Whether one type is all that can stand there, so that no item need carry its own."""
    return len(set(types)) == 1 and not {UNKNOWN, RESOURCE} & set(types)


def type_of_value(value: Any) -> str:
    """The type of a value that FHIRPath has calculated."""
    match value:
        case bool():
            return BOOLEAN
        case int():
            return INTEGER
        case str():
            return STRING
        case Moment():
            return {"date": DATE, "dateTime": DATE_TIME}.get(value.kind, TIME)
        case Measure():
            return QUANTITY
        case _:
            return DECIMAL


def type_of_resource(value: Any) -> str:
    """The type an object names itself; UNKNOWN if it names none that FHIR has."""
    name = value.get("resourceType") if type(value) is dict else None
    return name if type(name) is str and is_resource(name) else UNKNOWN
