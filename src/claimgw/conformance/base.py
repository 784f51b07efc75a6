"""What does FHIR R4 let a resource hold? The element tree, taken from the metadata of fhir.resources.

Its R4B package: the same as R4 for every resource used here. Its models are not used to validate: they let
`"1"` pass for an integer and `status: bogus` for a status, report a union of types many times, and cost ten
times what one walk over this tree costs.
"""

import typing
from collections.abc import Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from fhir.resources.R4B import fhirtypes
from fhir.resources.R4B.resource import Resource
from fhir_core.fhirabstractmodel import FHIRAbstractModel
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from claimgw.conformance.bindings import BINDINGS
from claimgw.conformance.compiler.schema import Choice, Element, Structure

# The models are asked for their fields only. The validators that pydantic would make of them took a sixth of
# the time to the first verdict; who uses a model to validate still can, they are made at its first use.
FHIRAbstractModel.model_config["defer_build"] = True

ANY_RESOURCE = "Resource"
_ABSTRACT = frozenset({"Resource", "DomainResource"})
# The names of the annotations that fhir.resources gives its primitives, where they differ from FHIR's.
_PRIMITIVES = {"EncodedBytes": "base64Binary", "UuidVersion": "uuid", "bool": "boolean"}


def is_resource(name: str) -> bool:
    return name in _MODELS and name not in _ABSTRACT and issubclass(_MODELS[name], Resource)


@cache
def structure(name: str) -> Structure:
    """The structure of that name. Raises KeyError: ask only for names that came from here."""
    model = _MODELS[name]
    elements = [
        _element(model.__name__, field.alias or key, field)
        for key, field in model.model_fields.items()
        if _about(field).get("element_property")
    ]
    return Structure(
        name,
        MappingProxyType({element.name: element for element in elements}),
        tuple(element for element in elements if element.required),
        tuple(_choices(model)),
    )


def _about(field: FieldInfo) -> dict[str, Any]:
    return field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}


def _element(owner: str, name: str, field: FieldInfo) -> Element:
    about = _about(field)
    type_, many = _type(field.annotation)
    bound = BINDINGS.get(f"{owner}.{name}") or about.get("enum_values")
    return Element(
        name=name,
        place=about.get("one_of_many") or name,
        type=type_,
        primitive=type_ not in _MODELS,
        many=many,
        required=field.is_required() or bool(about.get("element_required")),
        codes=frozenset(bound) if bound and type_ == "code" else None,
    )


def _type(annotation: Any) -> tuple[str, bool]:
    many = False
    while (origin := typing.get_origin(annotation)) is not None:
        if origin is typing.Annotated:
            kind = type(annotation.__metadata__[0]).__name__
            return _PRIMITIVES.get(kind, kind[0].lower() + kind[1:]), many
        many |= origin is list
        annotation = next(arm for arm in typing.get_args(annotation) if arm is not type(None))
    name: str = annotation.__name__
    return _PRIMITIVES.get(name, name.removesuffix("Type")), many


def _choices(model: type[BaseModel]) -> Iterator[Choice]:
    groups: dict[str, list[FieldInfo]] = {}
    for field in model.model_fields.values():
        if group := _about(field).get("one_of_many"):
            groups.setdefault(group, []).append(field)
    for place, fields in groups.items():
        required = any(_about(field).get("one_of_many_required") for field in fields)
        yield Choice(place, tuple(field.alias or "" for field in fields), required)


class _Models(Mapping[str, type[BaseModel]]):
    """Name to model; a model is imported when it is first asked for (all of them: 3 s)."""

    def __init__(self) -> None:
        self._types = {
            name.removesuffix("Type"): kind
            for name, kind in vars(fhirtypes).items()
            if name.endswith("Type") and hasattr(kind, "_model_klass")
        }

    def __getitem__(self, name: str) -> type[BaseModel]:
        model: type[BaseModel] = self._types[name].get_model_klass()
        return model

    def __contains__(self, name: object) -> bool:
        return name in self._types

    def __iter__(self) -> Iterator[str]:
        return iter(self._types)

    def __len__(self) -> int:
        return len(self._types)


_MODELS = _Models()
