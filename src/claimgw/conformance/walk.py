"""What in this tree is not FHIR R4? One walk over Bundle and base tree; each fault once, at its place."""

import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from claimgw.conformance.base import ANY_RESOURCE, Choice, Element, Structure, is_resource, structure
from claimgw.conformance.invariants import INVARIANTS
from claimgw.conformance.lexical import conforms

_SHADOW = "Element"
_INDEX = re.compile(r"\[[0-9]+\]")
# Longer than any name FHIR has; a key is quoted in a place only if it could be one.
_LONGEST_NAME = 64


class Kind(StrEnum):
    """The kinds of fault the base tree can show."""

    UNKNOWN = "unknown"  # no such element
    MISSING = "missing"
    FORM = "form"  # another JSON type, or not the lexical form of its type
    CODE = "code"  # not among the codes the element is bound to
    RESOURCE = "resource"  # no resource type, or none that FHIR has
    INVARIANT = "invariant"  # `rule` tells which


@dataclass(frozen=True, slots=True)
class Fault:
    """`element` is the path from the resource type (`Claim.item.net`), `place` that from the Bundle."""

    kind: Kind
    element: str
    place: str
    rule: str = ""


def faults(bundle: Mapping[str, Any], most: int) -> list[Fault]:
    """At most `most` faults, in the order of the text. Never raises; linear in the size of the tree."""
    walk = _Walk(most)
    with contextlib.suppress(_Full):
        walk.resource(bundle, "Bundle", "Bundle")
    return walk.found


class _Full(Exception):
    """As many faults as were asked for: the walk is over, nothing went wrong."""


@dataclass(frozen=True, slots=True)
class _Home:
    """The resource a place is in."""

    type: str
    path: str

    def element(self, place: str) -> str:
        return self.type + _INDEX.sub("", place[len(self.path) :])


class _Walk:
    def __init__(self, most: int) -> None:
        self.found: list[Fault] = []
        self._most = most

    def resource(self, value: Mapping[str, Any], type_: str, path: str) -> None:
        self._object(value, structure(type_), path, _Home(type_, path))

    def _add(self, kind: Kind, home: _Home, place: str, rule: str = "") -> None:
        if len(self.found) >= self._most:
            raise _Full
        self.found.append(Fault(kind, home.element(place), place, rule))

    def _object(self, value: Mapping[str, Any], shape: Structure, path: str, home: _Home) -> None:
        for key, inner in value.items():
            if inner is None:
                continue  # GE-00013, found when the text was read
            if (element := shape.elements.get(key)) is not None:
                self._element(inner, element, f"{path}.{element.place}", home)
            elif key != "resourceType" or path != home.path:
                self._other(key, inner, shape, path, home)
        for element in shape.required:
            if _absent(value, element.name):
                self._add(Kind.MISSING, home, f"{path}.{element.name}")
        for choice in shape.choices:
            self._choice(value, choice, path, home)
        for invariant in INVARIANTS.get(shape.name, ()):
            for place in invariant.broken(value):
                self._add(Kind.INVARIANT, home, path + place, invariant.code)

    def _other(self, key: str, value: Any, shape: Structure, path: str, home: _Home) -> None:
        name = key.removeprefix("_")
        element = shape.elements.get(name)
        if element is not None and element.primitive:
            self._shadow(value, element, f"{path}.{key}", home)
        else:
            # The server writes `batchMetadata` for `_batchMetadata`.
            self._add(Kind.UNKNOWN, home, f"{path}.{name}" if _is_name(name) else f"{path}.?")

    def _choice(self, value: Mapping[str, Any], choice: Choice, path: str, home: _Home) -> None:
        given = sum(not _absent(value, name) for name in choice.names)
        if given > 1:
            self._add(Kind.FORM, home, f"{path}.{choice.place}")
        elif not given and choice.required:
            self._add(Kind.MISSING, home, f"{path}.{choice.place}")

    def _element(self, value: Any, element: Element, path: str, home: _Home) -> None:
        if not element.many:
            self._single(value, element, path, home)
        elif not isinstance(value, list):
            self._add(Kind.FORM, home, path)
        elif element.primitive:
            for index, item in enumerate(value):
                if item is not None and (kind := _primitive(item, element)):
                    self._add(kind, home, f"{path}[{index}]")
        else:
            for index, item in enumerate(value):
                if item is not None:
                    self._single(item, element, f"{path}[{index}]", home)

    def _single(self, value: Any, element: Element, path: str, home: _Home) -> None:
        if element.primitive:
            if kind := _primitive(value, element):
                self._add(kind, home, path)
        elif not isinstance(value, dict):
            self._add(Kind.FORM, home, path)
        elif not value:
            pass  # FR-00006, found when the text was read
        elif element.type != ANY_RESOURCE:
            self._object(value, structure(element.type), path, home)
        elif isinstance(type_ := value.get("resourceType"), str) and is_resource(type_):
            self.resource(value, type_, path)
        else:
            self._add(Kind.RESOURCE, home, path)

    def _shadow(self, value: Any, element: Element, path: str, home: _Home) -> None:
        """`_birthDate` beside `birthDate`: id and extensions of a primitive."""
        if element.many != isinstance(value, list):
            self._add(Kind.FORM, home, path)
            return
        for index, item in enumerate(value if element.many else [value]):
            place = f"{path}[{index}]" if element.many else path
            if isinstance(item, dict):
                self._object(item, structure(_SHADOW), place, home)
            elif item is not None:
                self._add(Kind.FORM, home, place)


def _primitive(value: Any, element: Element) -> Kind | None:
    if value == "":
        return None  # FR-00006, found when the text was read
    if not conforms(element.type, value):
        return Kind.FORM
    if element.codes is not None and value not in element.codes:
        return Kind.CODE
    return None


def _absent(value: Mapping[str, Any], name: str) -> bool:
    # An empty array counts as absent, as real servers take it; null was found when the text was read.
    return (name not in value or value[name] == []) and f"_{name}" not in value


def _is_name(key: str) -> bool:
    return key.isascii() and key.isidentifier() and len(key) <= _LONGEST_NAME
