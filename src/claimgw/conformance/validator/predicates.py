"""What does a test of soundness look like as Python? One function for each form and element, written once.

Nothing of a definition gets into the source as text but the names of elements that the base tree has: codes,
addresses and lengths are constants beside it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain, count
from types import MappingProxyType
from typing import Any

from claimgw.conformance.base import ANY_RESOURCE
from claimgw.conformance.compiler.schema import Constraint, Element, Slicing, Structure
from claimgw.conformance.fhirpath.scope import MemberOf, Scope
from claimgw.conformance.invariants import INVARIANTS
from claimgw.conformance.lexical import WHOLE_NUMBERS, form, is_short
from claimgw.conformance.validator.demands import Accepts, alone, tests

_FREE_TEXTS = frozenset({"string", "markdown", "xhtml"})
# Texts that come again and again: a date costs 2 µs to judge and 0.1 to remember.
_REMEMBERED = 1024
_DATA_TYPE_WORDS = """
Address Annotation Attachment CodeableConcept Coding ContactPoint Extension HumanName Identifier Money
Period Quantity Range Ratio
"""
DATA_TYPES = frozenset(_DATA_TYPE_WORDS.split())


class Predicates:
    """All functions of one set of schemas: they call each other by name."""

    def __init__(self, structure: Callable[[str], Structure], member_of: MemberOf) -> None:
        self._structure = structure
        # Of no message: constraints that are asked here ask nothing else of it.
        self._scope = Scope(None, None, datetime.max.replace(tzinfo=UTC), lambda *_: None, member_of)
        self._names: dict[str, Any] = {"s": self._scope, "short": is_short}
        self._numbers = count()
        self._forms: dict[int, tuple[Structure, str]] = {}
        self._texts: dict[tuple[Any, ...], Accepts] = {}

    def can_be_single(self, element: Element) -> bool:
        """Whether there is a test for one value of the element, apart from what others judge."""
        if element.primitive:
            # Not if something must stand beside it.
            return not any(shape.required or shape.sliced for shape in element.within)
        return element.type != ANY_RESOURCE and len(element.within) <= 1

    def can_be_whole(self, element: Element) -> bool:
        """Whether there is a test for the element, after which nothing in it is for others to judge."""
        limits = element.limits
        if element.type == "Reference" or not self.can_be_single(element):
            return False
        if not all(one.alone for one in self.constraints(element)):
            return False
        if not element.many or element.primitive:
            return True
        # Parts of a resource are long and seldom without anything for others: they are asked one by one.
        sliced = limits.slicing if limits is not None else None
        return element.type in DATA_TYPES and (sliced is None or (sliced.path == "url" and not sliced.order))

    def constraints(self, element: Element) -> tuple[Constraint, ...]:
        """Those on a value of the element, as that and as what its type is."""
        own = element.limits.constraints if element.limits is not None else ()
        return own if element.primitive else (*own, *self.shape(element).constraints)

    def element(self, element: Element) -> Accepts:
        return self._lazily(lambda: self.written("x", self.test_of_element(element, "x", " ")))

    def single(self, element: Element) -> Accepts:
        return self._lazily(lambda: self.written("x", self.test_of_single(element, "x", " ")))

    def _lazily(self, make: Callable[[], Accepts]) -> Accepts:
        made: Accepts | None = None

        def accepts(value: Any) -> bool:
            nonlocal made
            made = made or make()
            return made(value)

        return accepts

    def written(self, given: str, lines: Iterator[str], name: str = "") -> Callable[..., bool]:
        """A function of these lines that takes what is `given`; true unless a line returned."""
        name = name or self.name("f")
        source = "\n".join((f"def {name}({given}):", *lines, " return True"))
        exec(compile(source, "<acceptance>", "exec"), self._names)  # noqa: S102 - lines written here only
        made: Callable[..., bool] = self._names[name]
        return made

    def name(self, kind: str, value: Any = None) -> str:
        """A name of its own for a value that the lines mention."""
        name = f"{kind}{next(self._numbers)}"
        self._names[name] = value
        return name

    def later(self, given: str, lines: Callable[[], Iterator[str]]) -> str:
        """The name of a function that is written when it is first called: what stands there gives way."""
        name = self.name("f")

        def first(*values: Any) -> bool:
            return self.written(given, lines(), name)(*values)

        self._names[name] = first
        return name

    def shape(self, element: Element) -> Structure:
        return element.within[0] if element.within else self._structure(element.type)

    def form(self, shape: Structure) -> str:
        """The name of the function for a form."""
        found = self._forms.get(id(shape))
        if found is None:
            # The shape is kept, so that no other can come to its id.
            found = self._forms[id(shape)] = (shape, self.later("x", lambda: self._object(shape)))
        return found[1]

    def _object(self, shape: Structure) -> Iterator[str]:
        def part(element: Element) -> Iterator[str] | None:
            return self.test_of_element(element, "v", "   ") if self.can_be_whole(element) else None

        return self.test_of_object(shape, part)

    def test_of_object(
        self,
        shape: Structure,
        part: Callable[[Element], Iterator[str] | None],
        others: Mapping[str, Iterable[str]] = MappingProxyType({}),
    ) -> Iterator[str]:
        """Whether `x` has the form, each element `v` by the lines of its part; none: it may not be there.

        Nor may what the form does not have, but for these `others`, by their lines.
        """
        yield " if type(x) is not dict or not x: return False"
        yield from self._elements(shape, part, others)
        for constraint in shape.constraints:
            # The others are left to those who know the message.
            if constraint.alone:
                yield f" if not {self.name('k', constraint.holds)}(s, x): return False"
        for invariant in INVARIANTS.get(shape.name, ()):
            yield f" if {self.name('k', invariant.broken)}(x): return False"

    def _elements(
        self,
        shape: Structure,
        part: Callable[[Element], Iterator[str] | None],
        others: Mapping[str, Iterable[str]],
    ) -> Iterator[str]:
        choices = {name: number for number, one in enumerate(shape.choices) for name in one.names}
        refused = {name for one in shape.choices if one.allowed for name in one.names} - {
            name for one in shape.choices for name in one.allowed
        }
        required = {one.name for one in (*shape.required, *shape.sliced)}
        lines: dict[str, Iterable[str]] = {}
        # What must be there comes first: it is most often asked for.
        for element in sorted(shape.elements.values(), key=lambda one: one.name not in required):
            name = element.name
            if name not in refused and (told := part(element)) is not None:
                counted = ["   n += 1"] if name in required else []
                counted += [f"   c{choices[name]} += 1"] if name in choices else []
                lines[name] = chain(told, counted or ["   pass"])
        yield " n = 0"
        yield from (f" c{number} = 0" for number in range(len(shape.choices)))
        yield " for k, v in x.items():"
        for number, (key, of_key) in enumerate({**lines, **others}.items()):
            yield f"  {'elif' if number else 'if'} k == {key!r}:"
            yield from of_key
        yield f"  {'else' if lines or others else 'if True'}: return False"
        yield f" if n != {len(required)}: return False"
        for number, one in enumerate(shape.choices):
            yield f" if not {1 if one.required else 0} <= c{number} <= 1: return False"

    def test_of_element(self, element: Element, x: str, indent: str) -> Iterator[str]:
        if not element.many:
            yield from self.test_of_single(element, x, indent)
            return
        limits = element.limits
        yield from self.test_of_number(element, x, indent)
        if limits is not None and limits.slicing is not None:
            yield from self._slices(element, limits.slicing, x, indent)
        else:
            yield f"{indent}for y in {x}:"
            yield from self.test_of_single(element, "y", indent + " ")

    def test_of_number(self, element: Element, x: str, indent: str) -> Iterator[str]:
        """Whether it is an array, and of how many."""
        limits = element.limits
        yield f"{indent}if type({x}) is not list or not {x}: return False"
        if limits is not None and limits.most is not None:
            yield f"{indent}if len({x}) > {limits.most}: return False"
        if limits is not None and limits.least > 1:
            yield f"{indent}if len({x}) < {limits.least}: return False"

    def _slices(self, element: Element, slicing: Slicing, x: str, indent: str) -> Iterator[str]:
        """Of extensions, by their url; one url may stand for several spellings of it."""
        parts = {part.slice_name: part for part in slicing.slices.values()}
        counted = {name: f"s{number}" for number, name in enumerate(parts)}
        yield from (f"{indent}{count} = 0" for count in counted.values())
        yield f"{indent}for y in {x}:"
        yield f"{indent} if type(y) is not dict: return False"
        yield f"{indent} u = y.get('url')"
        word = "if"
        for url, part in slicing.slices.items():
            yield f"{indent} {word} u == {self.name('k', url)}:"
            yield f"{indent}  {counted[part.slice_name]} += 1"
            yield from self._part(part, indent + "  ")
            word = "elif"
        yield f"{indent} {'else' if parts else 'if True'}:"
        if slicing.closed:
            yield f"{indent}  return False"
        else:
            yield from self.test_of_single(element, "y", indent + "  ")
        for name, part in parts.items():
            least, most = int(part.required), _most(part)
            if least:
                yield f"{indent}if not {counted[name]}: return False"
            if most is not None:
                yield f"{indent}if {counted[name]} > {most}: return False"

    def _part(self, part: Element, indent: str) -> Iterator[str]:
        if self.can_be_single(part) and all(one.alone for one in self.constraints(part)):
            yield from self.test_of_single(part, "y", indent)
        else:
            yield f"{indent}return False"

    def test_of_single(self, element: Element, x: str, indent: str) -> Iterator[str]:
        if element.primitive:
            yield f"{indent}if {self._no_primitive(element, x)}: return False"
        else:
            yield f"{indent}if not {self.form(self.shape(element))}({x}): return False"
        yield from self.test_of_limits(element, x, indent)

    def test_of_limits(self, element: Element, x: str, indent: str) -> Iterator[str]:
        """What profiles demand of a value that has its form, as far as it decides by itself."""
        if element.limits is not None:
            for test in tests(element.limits):
                yield f"{indent}if not {self.name('k', test)}({x}): return False"
            # Of a text, they are tested with its form.
            if not (element.primitive and _is_text(element)):
                for holds in alone(element):
                    yield f"{indent}if not {self.name('k', holds)}(s, {x}): return False"

    def _no_primitive(self, element: Element, x: str) -> str:
        type_ = element.type
        if element.codes is not None:
            return f"type({x}) is not str or {x} not in {self.name('k', element.codes)}"
        if type_ == "boolean":
            return f"type({x}) is not bool"
        if type_ in WHOLE_NUMBERS:
            least, most = WHOLE_NUMBERS[type_]
            return f"type({x}) is not int or not {least} <= {x} <= {most}"
        if type_ == "decimal":
            # A long number is looked at closely.
            return f"not short({x})"
        of_text = "" if _is_plain(element) else f" or not {self.name('k', self._text(element))}({x})"
        # An empty text is another fault, found when the text was read.
        return f"type({x}) is not str or not 0 < len({x}) <= {element.longest}{of_text}"

    def _text(self, element: Element) -> Accepts:
        """The lexical form and the constraints, remembered for texts that come again."""
        holds = alone(element)
        key = (element.type, *map(id, holds))
        if key not in self._texts:
            known, scope = form(element.type), self._scope

            def accepts(value: str) -> bool:
                return known(value) and all(kept(scope, value) for kept in holds)

            remembered = (
                accepts if element.type in ("id", "base64Binary") else lru_cache(_REMEMBERED)(accepts)
            )
            self._texts[key] = remembered
        return self._texts[key]


def _is_text(element: Element) -> bool:
    return element.type not in ("boolean", "decimal") and element.type not in WHOLE_NUMBERS


def _is_plain(element: Element) -> bool:
    return element.type in _FREE_TEXTS and not (element.limits and element.limits.constraints)


def _most(element: Element) -> int | None:
    return element.limits.most if element.limits is not None else None
