"""Is this resource surely sound, and what in it is for others to judge? In one pass, by written functions.

`accept.py` answers for what is whole by itself. Here a reference, or a constraint that asks about the
message, is noted with its place and does not end the pass. After a no the walk looks closely.

A verdict on a claim of 3 items takes 8 % less so than if the walk goes from part to part (1.46 ms for 1.59),
one on its answer 11 % less (0.81 for 0.91): no place is written for what is sound.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeAlias

from claimgw.conformance.base import ANY_RESOURCE
from claimgw.conformance.compiler.schema import Constraint, Element, Slicing, Structure
from claimgw.conformance.validator.faults import Home, Pending, Pointer, aim
from claimgw.conformance.validator.forms import closest
from claimgw.conformance.validator.predicates import DATA_TYPES, Predicates
from claimgw.conformance.validator.slices import choose

# The object, its place, the resource it is in; who is told of constraints, and who of references.
Gathers: TypeAlias = Callable[[Any, str, Home, Callable[[Pending], None], Callable[[Pointer], None]], bool]
_GIVEN = "x, p, h, pend, point"
_PASSED = "h, pend, point"
_SHADOW = "Element"
_NO_OTHERS: Mapping[str, Iterable[str]] = MappingProxyType({})
# What seldom holds anything for others; where it does, the walk goes through the resource. Nothing is looked
# at twice here: extensions nest, and would be looked at as often as they nest.
_ASKING_NOTHING = (DATA_TYPES | {"Reference"}) - {"Extension"}


class Gathering:
    """The functions, each written when a message first holds such an object."""

    def __init__(self, predicates: Predicates, structure: Callable[[str], Structure]) -> None:
        self._tests = predicates
        self._structure = structure
        self._resources: dict[int, tuple[Structure, Gathers]] = {}
        self._forms: dict[int, tuple[Structure, str]] = {}
        self._choose, self._closest, self._pending, self._pointer = (
            predicates.name("k", one) for one in (choose, closest, Pending, Pointer)
        )

    def of(self, shape: Structure) -> Gathers:
        """For a resource of that form."""
        found = self._resources.get(id(shape))
        if found is None:
            lines = self._resource(shape)
            # The shape is kept, so that no other can come to its id.
            found = self._resources[id(shape)] = (shape, self._tests.written(_GIVEN, lines))
        return found[1]

    def _resource(self, shape: Structure) -> Iterator[str]:
        yield from self._object(shape, {"resourceType": ["   pass"]})
        yield from self._leave(shape.constraints, "x", "p", " ")

    def _object(self, shape: Structure, others: Mapping[str, Iterable[str]] = _NO_OTHERS) -> Iterator[str]:
        shadows = {
            f"_{one.name}": self._shadow(one)
            for one in shape.elements.values()
            if one.primitive and not one.many
        }
        return self._tests.test_of_object(shape, self._part, {**others, **shadows})

    def _shadow(self, element: Element) -> Iterator[str]:
        """`_birthDate` beside `birthDate`, not in its place."""
        shape = element.within[0] if element.within else self._structure(_SHADOW)
        place = f'f"{{p}}.{element.place}"'
        yield f"   if {element.name!r} not in x: return False"
        yield f"   if not {self._form(shape)}(v, {place}, {_PASSED}): return False"
        yield from self._leave(shape.constraints, "v", place, "   ")

    def _form(self, shape: Structure) -> str:
        found = self._forms.get(id(shape))
        if found is None:
            name = self._tests.later(_GIVEN, lambda: self._object(shape))
            found = self._forms[id(shape)] = (shape, name)
        return found[1]

    def _part(self, element: Element) -> Iterator[str] | None:
        """The lines for one element `v`; None: what holds it is for the walk."""
        if not self._can_be_told(element):
            return None
        if element.type != "Extension" and self._tests.can_be_whole(element):
            return self._tests.test_of_element(element, "v", "   ")
        return self._element(element, "v", "   ")

    def _can_be_told(self, element: Element) -> bool:
        if element.primitive:
            return not element.many or self._tests.can_be_single(element)
        return element.type != ANY_RESOURCE

    def _element(self, element: Element, x: str, indent: str) -> Iterator[str]:
        place = f"{{p}}.{element.place}"
        if not element.many:
            yield from self._single(element, x, f'f"{place}"', indent)
            return
        yield from self._tests.test_of_number(element, x, indent)
        place = f'f"{place}[{{i}}]"'
        if element.limits is not None and element.limits.slicing is not None:
            yield from self._slices(element, element.limits.slicing, x, place, indent)
        else:
            yield f"{indent}for i, y in enumerate({x}):"
            yield from self._single(element, "y", place, indent + " ")

    def _slices(self, element: Element, slicing: Slicing, x: str, place: str, indent: str) -> Iterator[str]:
        parts = _parts(slicing)
        counts = {name: f"s{number}" for number, name in enumerate({one.slice_name: 0 for one in parts})}
        yield f"{indent}o = 0"
        yield from (f"{indent}{count} = 0" for count in counts.values())
        yield f"{indent}for i, y in enumerate({x}):"
        yield f"{indent} z = {self._choose}(y, {self._tests.name('k', slicing)})"
        yield f"{indent} if z is None:"
        if slicing.closed:
            yield f"{indent}  return False"
        else:
            yield from self._single(element, "y", place, indent + "  ")
        for part in parts:
            yield f"{indent} elif z is {self._tests.name('k', part)}:"
            yield f"{indent}  {counts[part.slice_name]} += 1"
            if slicing.order:
                turn = slicing.order.get(part.slice_name, 0)
                yield f"{indent}  if o > {turn}: return False"
                yield f"{indent}  o = {turn}"
            yield from self._single(part, "y", place, indent + "  ")
        for part in slicing.counted:
            most = part.limits.most if part.limits is not None else None
            if part.required:
                yield f"{indent}if not {counts[part.slice_name]}: return False"
            if most is not None:
                yield f"{indent}if {counts[part.slice_name]} > {most}: return False"

    def _single(self, element: Element, x: str, place: str, indent: str) -> Iterator[str]:
        if not self._can_be_told(element):
            yield f"{indent}return False"
            return
        limits = element.limits
        shapes: Sequence[Structure] = ()
        if element.primitive:
            if not self._tests.can_be_single(element):
                yield f"{indent}if {'_' + element.name!r} not in x: return False"
            yield from self._tests.test_of_single(element, x, indent)
        else:
            shapes = element.within or (self._tests.shape(element),)
            yield from self._form_of(element, shapes, x, place, indent)
            yield from self._tests.test_of_limits(element, x, indent)
        own = limits.constraints if limits is not None else ()
        # Those of a form are the same whichever of several it is: types of data ask nothing of the message.
        yield from self._leave(
            (*own, *(one for shape in shapes for one in shape.constraints)), x, place, indent
        )
        if element.type == "Reference":
            rest = ", ".join(self._tests.name("k", one) for one in aim(element))
            yield f"{indent}point({self._pointer}({x}, {place}, h, {rest}))"

    def _form_of(
        self, element: Element, shapes: Sequence[Structure], x: str, place: str, indent: str
    ) -> Iterator[str]:
        """Whether it has its form, or of several the one it comes closest to."""
        if len(shapes) > 1:
            yield f"{indent}if type({x}) is not dict: return False"
            yield f"{indent}w = {self._closest}({x}, {self._tests.name('k', shapes)})"
        for shape in shapes:
            if element.type in _ASKING_NOTHING:
                test = f"not {self._tests.form(shape)}({x})"
            else:
                test = f"not {self._form(shape)}({x}, {place}, {_PASSED})"
            if len(shapes) > 1:
                test = f"w is {self._tests.name('k', shape)} and {test}"
            yield f"{indent}if {test}: return False"

    def _leave(self, constraints: tuple[Constraint, ...], x: str, place: str, indent: str) -> Iterator[str]:
        """Constraints for those who know the message; the others are tested with the form."""
        if asked := tuple(one for one in constraints if not one.alone):
            yield f"{indent}pend({self._pending}({self._tests.name('k', asked)}, {x}, {place}, h))"


def _parts(slicing: Slicing) -> list[Element]:
    """Each once: several addresses, or patterns, may stand for one."""
    found = (*slicing.slices.values(), *(part for _, part in slicing.patterns), *slicing.codings.values())
    return list({id(one): one for one in found}.values())
