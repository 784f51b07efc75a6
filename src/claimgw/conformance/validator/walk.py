"""What in this tree breaks the schema? One walk over Bundle and schema; each fault once, at its place."""

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

from claimgw.conformance.base import ANY_RESOURCE, is_resource
from claimgw.conformance.compiler.schema import Choice, Code, Constraint, Element, Limits, Structure
from claimgw.conformance.invariants import INVARIANTS
from claimgw.conformance.lexical import conforms
from claimgw.conformance.validator.accept import Acceptance
from claimgw.conformance.validator.faults import Home, Kind, Pending, Pointer, aim
from claimgw.conformance.validator.forms import closest, is_absent
from claimgw.conformance.validator.record import Full, Record
from claimgw.conformance.validator.schemas import Schemas
from claimgw.conformance.validator.slices import choose
from claimgw.conformance.validator.values import broken

_SHADOW = "Element"
# Longer than any name FHIR has; a key is quoted in a place only if it could be one.
_LONGEST_NAME = 64


class Walk:
    """One message. `record` holds its faults in the order of the text, `most` of them in full; never raises;
    linear.

    `pending` and `pointers` are what the walk met on its way and others judge. `within`: whether it looks
    into the messages of a batch.
    """

    def __init__(
        self,
        bundle: Mapping[str, Any],
        schemas: Schemas,
        most: int,
        acceptance: Acceptance | None = None,
        *,
        within: bool = True,
    ) -> None:
        self.record = Record(most)
        self._add = self.record.add
        self.pending: list[Pending] = []
        self.pointers: list[Pointer] = []
        self._schemas = schemas
        self._within = within
        self._acceptance = acceptance or schemas.acceptance
        with contextlib.suppress(Full):
            self._resource(bundle, "Bundle", "Bundle")

    def _resource(self, value: Mapping[str, Any], type_: str, path: str) -> None:
        shape, home = self._schemas.of_resource(value, type_), Home(type_, path, value)
        # What holds resources is gone through: a faulty one is not to cost the others a second look.
        if type_ == "Bundle" or not self._is_sound(value, shape, home):
            self._object(value, shape, path, home)

    def _is_sound(self, value: Mapping[str, Any], shape: Structure, home: Home) -> bool:
        """Whether it surely is; what others judge is noted then."""
        pending, pointers = len(self.pending), len(self.pointers)
        gathers = self._acceptance.resource(shape)
        if gathers(value, home.path, home, self.pending.append, self.pointers.append):
            return True
        del self.pending[pending:], self.pointers[pointers:]
        return False

    def _object(self, value: Mapping[str, Any], shape: Structure, path: str, home: Home) -> None:
        accepted = self._acceptance.of(shape)
        for key, inner in value.items():
            accepts = accepted.get(key)
            # Null is GE-00013, found when the text was read.
            if inner is not None and (accepts is None or not accepts(inner)):
                self._part(key, inner, value, shape, path, home)
        self._missing(value, shape, path, home)
        for choice in shape.choices:
            self._choice(value, choice, path, home)
        for invariant in INVARIANTS.get(shape.name, ()):
            for place in invariant.broken(value):
                self._add(Kind.INVARIANT, home, path + place, rule=invariant.code)
        if shape.constraints:
            self.pending.append(Pending(shape.constraints, value, path, home))

    def _part(
        self, key: str, inner: Any, value: Mapping[str, Any], shape: Structure, path: str, home: Home
    ) -> None:
        if (element := shape.elements.get(key)) is not None:
            self._element(inner, element, f"{path}.{element.place}", home)
            if element.primitive and element.within and f"_{key}" not in value:
                self._missing({}, element.within[0], f"{path}.{element.place}", home)
        elif key != "resourceType" or path != home.path:
            self._other(key, inner, shape, path, home)

    def _missing(self, value: Mapping[str, Any], shape: Structure, path: str, home: Home) -> None:
        for element in shape.required:
            name = element.name
            if (name not in value or value[name] == []) and f"_{name}" not in value:
                code = element.errors.get("cardinality")
                self._add(Kind.MISSING, home, f"{path}.{element.name}", code=code, source=element.source)
        for element in shape.sliced:
            if is_absent(value, element.name) and element.limits is not None:
                self._slices({}, element.limits, f"{path}.{element.name}", home)

    def _other(self, key: str, value: Any, shape: Structure, path: str, home: Home) -> None:
        name = key.removeprefix("_")
        element = shape.elements.get(name)
        if element is not None and element.primitive:
            self._shadow(value, element, path, home)
        else:
            # The server writes `batchMetadata` for `_batchMetadata`.
            self._add(Kind.UNKNOWN, home, f"{path}.{name}" if _is_name(name) else f"{path}.?")

    def _choice(self, value: Mapping[str, Any], choice: Choice, path: str, home: Home) -> None:
        given = [name for name in choice.names if not is_absent(value, name)]
        place = f"{path}.{choice.place}"
        if len(given) > 1:
            self._add(Kind.CHOICE, home, place, code=choice.errors.get("choice"))
        elif not given and choice.required:
            self._add(Kind.MISSING, home, place, code=choice.errors.get("cardinality"), source=choice.source)
        elif given and choice.allowed and given[0] not in choice.allowed:
            # The server also misses what ought to be there.
            wanted = f"{place}[x]:{choice.allowed[0]}" if choice.allowed[0] else ""
            self._add(
                Kind.FORM,
                home,
                place,
                code=choice.errors.get("type"),
                source=choice.source or "profile",
                companion=wanted,
            )

    def _element(self, value: Any, element: Element, path: str, home: Home) -> None:
        if not element.many:
            self._single(value, element, path, home)
        elif not isinstance(value, list):
            self._add(Kind.FORM, home, path, code=_code(element, Kind.FORM))
        else:
            self._array(value, element, path, home)

    def _array(self, value: list[Any], element: Element, path: str, home: Home) -> None:
        limits = element.limits
        if limits is not None and limits.slicing is not None:
            self._sliced(value, element, limits, path, home)
        else:
            for index, item in enumerate(value):
                if item is not None:
                    self._single(item, element, f"{path}[{index}]", home)
        if limits is not None:
            self._count(len(value), element, limits, path, home)

    def _count(self, count: int, element: Element, limits: Limits, path: str, home: Home) -> None:
        if limits.most is not None and count > limits.most:
            self._add(Kind.SURPLUS, home, path, code=_surplus(element), source=limits.source)
        elif 0 < count < limits.least and limits.slicing is None:
            code = element.errors.get("cardinality")
            self._add(Kind.MISSING, home, path, code=code, source=limits.source)

    def _sliced(self, value: list[Any], element: Element, limits: Limits, path: str, home: Home) -> None:
        assert limits.slicing is not None
        counts: dict[str, int] = {}
        reached = 0
        for index, item in enumerate(value):
            part = choose(item, limits.slicing)
            if part is not None:
                counts[part.slice_name] = counts.get(part.slice_name, 0) + 1
                turn = limits.slicing.order.get(part.slice_name, 0)
                if turn < reached:
                    code = element.errors.get("order")
                    self._add(Kind.ORDER, home, f"{path}[{index}]", code=code, source=limits.source)
                reached = max(reached, turn)
            elif limits.slicing.closed and item is not None:
                code = element.errors.get("slicing")
                self._add(Kind.SLICE, home, f"{path}[{index}]", code=code, source=limits.source)
            if item is not None:
                self._single(item, part or element, f"{path}[{index}]", home)
        self._slices(counts, limits, path, home)

    def _slices(self, counts: Mapping[str, int], limits: Limits, path: str, home: Home) -> None:
        assert limits.slicing is not None
        for part in limits.slicing.counted:
            count, wanted = counts.get(part.slice_name, 0), part.limits
            # The server places a missing extension at the first, and misses `extension` as well.
            by_url = limits.slicing.path == "url"
            place = f"{path}[0].{part.slice_name}" if by_url else path
            if not count and part.required:
                companion = path if by_url else ""
                code = part.errors.get("cardinality")
                self._add(Kind.MISSING, home, place, code=code, source=part.source, companion=companion)
            elif wanted is not None and wanted.most is not None and count > wanted.most:
                self._add(Kind.SURPLUS, home, place, code=_surplus(part), source=part.source)

    def _single(self, value: Any, element: Element, path: str, home: Home) -> None:
        accepts, left = self._acceptance.item(element)
        if accepts is not None and accepts(value):
            self._defer(left, value, element, path, home)
            return
        before = self.record.met
        if isinstance(value, list) and len(value) > 1:
            # An array where JSON has none: the element is there more than once.
            self._add(Kind.SURPLUS, home, path, code=_surplus(element))
            return
        if element.primitive:
            kind = _primitive(value, element)
            if kind is not None:
                self._add(kind, home, path, code=_code(element, kind))
                return
        elif not isinstance(value, dict):
            self._add(Kind.FORM, home, path, code=_code(element, Kind.FORM))
            return
        elif not value:
            return  # FR-00006, found when the text was read
        elif element.type == ANY_RESOURCE:
            self._any_resource(value, path, home)
        else:
            self._object(value, self._shape(value, element), path, home)
        # What is faulty inside is not blamed again as a whole.
        if element.limits is not None and self.record.met == before:
            for broke, code in broken(value, element, element.limits):
                self._add(broke, home, path, code=code, source=element.limits.source)
        constraints = () if element.limits is None else element.limits.constraints
        self._defer(constraints, value, element, path, home)

    def _any_resource(self, value: Mapping[str, Any], path: str, home: Home) -> None:
        type_ = value.get("resourceType")
        if type_ == "Bundle" and home.path == "Bundle" and not self._within:
            return
        if isinstance(type_, str) and is_resource(type_):
            self._resource(value, type_, path)
        else:
            self._add(Kind.RESOURCE, home, path)

    def _shape(self, value: Mapping[str, Any], element: Element) -> Structure:
        within = element.within
        if not within:
            return self._schemas.structure(element.type)
        if len(within) == 1:
            return within[0]
        return closest(value, within)

    def _defer(
        self, constraints: Sequence[Constraint], value: Any, element: Element, path: str, home: Home
    ) -> None:
        if constraints:
            self.pending.append(Pending(constraints, value, path, home))
        if element.type == "Reference":
            self.pointers.append(Pointer(value, path, home, *aim(element)))

    def _shadow(self, value: Any, element: Element, path: str, home: Home) -> None:
        """`_birthDate` beside `birthDate`: id and extensions of a primitive."""
        if element.many != isinstance(value, list):
            self._add(Kind.FORM, home, f"{path}._{element.name}")
            return
        for index, item in enumerate(value if element.many else [value]):
            which = f"[{index}]" if element.many else ""
            if isinstance(item, dict):
                shape = element.within[0] if element.within else self._schemas.structure(_SHADOW)
                self._object(item, shape, f"{path}.{element.place}{which}", home)
            elif item is not None:
                self._add(Kind.FORM, home, f"{path}._{element.name}{which}")


def _primitive(value: Any, element: Element) -> Kind | None:
    if value == "":
        return None  # FR-00006, found when the text was read
    if not conforms(element.type, value):
        return Kind.FORM
    if element.codes is not None and value not in element.codes:
        return Kind.CODE
    return None


def _code(element: Element, kind: Kind) -> Code | None:
    # Of a choice, some types have a code of their own.
    errors = element.errors
    return errors.get(f"{kind.value}:{element.type}") or errors.get(kind.value) if errors else None


def _surplus(element: Element) -> Code | None:
    """The element's code of cardinality, unless it is a business rule: those say that it must be there."""
    code = _code(element, Kind.MISSING)
    return None if code is not None and code.code.startswith("BV") else code


def _is_name(key: str) -> bool:
    return key.isascii() and key.isidentifier() and len(key) <= _LONGEST_NAME
