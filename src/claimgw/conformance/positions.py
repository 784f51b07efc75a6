"""Where in a JSON text is the place that a finding names?

One pass over the text for any number of places: what leads to none of them is skipped, not read.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import count

Step = str | int

# The types that FHIR R4 lets a choice have: `valueString` is `value` in FHIRPath, `itemSequence` no `item`.
_TYPE_WORDS = """
Base64Binary Boolean Canonical Code Date DateTime Decimal Id Instant Integer Markdown Oid PositiveInt String
Time UnsignedInt Uri Url Uuid Address Age Annotation Attachment CodeableConcept Coding ContactPoint Count
Distance Duration HumanName Identifier Money Period Quantity Range Ratio Reference SampledData Signature
Timing ContactDetail Contributor DataRequirement Expression ParameterDefinition RelatedArtifact
TriggerDefinition UsageContext Dosage Meta
"""
_TYPES = frozenset(_TYPE_WORDS.split())
_OF_EXTENSIONS = frozenset({"extension", "modifierExtension"})
_OF_AN_EXTENSION = frozenset({"id", "url", "value", "extension"})
# Longer than any name FHIR has.
_LONGEST_NAME = 64
_STEP = re.compile(r"([^.\[\]]+)((?:\[[0-9]+\])*)(?:\[x\][^.\[]*)?(?:\.|$)")
_INDEX = re.compile(r"[0-9]+")

_SPACE = re.compile(rb"[ \t\r\n]*")
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"')
_SCALAR = re.compile(rb"[^ \t\r\n,\]}]+")
_BOUND = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[\[{]|[\]}]')
_ESCAPED = re.compile(rb"\\u([0-9a-fA-F]{4})|\\(.)")
_OPENING, _CLOSING = b"[{", b"]}"


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes of the text, the last one excluded. Not `exact`: what the place is missing from."""

    start: int
    end: int
    exact: bool


class _Way(IntEnum):
    """How a key stands for a step, the best first."""

    SAME = 0
    CHOICE = 1  # `valueString` for `value`
    SHADOW = 2  # `_birthDate`, which holds id and extensions of `birthDate`


@dataclass(slots=True)
class _Wanted:
    """A step that some place takes, and where it leads."""

    below: dict[Step, "_Wanted"] = field(default_factory=dict)
    span: tuple[int, int] | None = None
    way: _Way = _Way.SHADOW

    def found(self, span: tuple[int, int], way: _Way) -> None:
        if self.span is None or way < self.way:
            self.span, self.way = span, way


def locate(text: bytes, paths: Iterable[str]) -> Mapping[str, Span]:
    """The value that stands at each place, or the nearest one around it.

    `text` must be JSON that can be read; `paths` are as findings write them: `Bundle.entry[0].resource.id`,
    `bundle.id`, `Patient.birthDate`, "" for the text as a whole.
    """
    root = _Wanted()
    places = {path: _steps(path) for path in paths}
    for steps in places.values():
        wanted = root
        for step in steps:
            wanted = wanted.below.setdefault(step, _Wanted())
    start = _after_space(text, 0)
    root.found((start, _Scanner(text).value(start, root)), _Way.SAME)
    return {path: _span(root, steps) for path, steps in places.items()}


def _steps(path: str) -> tuple[Step, ...]:
    """Without the first, which names the type of the whole."""
    steps: list[Step] = []
    for step in _STEP.finditer(path):
        steps.append(step[1])
        steps += map(int, _INDEX.findall(step[2]))
    return tuple(steps[1:])


def _span(root: _Wanted, steps: tuple[Step, ...]) -> Span:
    """The last step of the way that is there; a missing slice is missing from the list of extensions."""
    met = [root]
    for step in steps:
        next_ = met[-1].below[step]
        if next_.span is None:
            break
        met.append(next_)
    reached = len(met) - 1
    if reached == len(steps):
        return _as_span(met[-1], exact=True)
    slice_of_list = (
        reached >= 2
        and isinstance(steps[reached - 1], int)
        and steps[reached - 2] in _OF_EXTENSIONS
        and steps[reached] not in _OF_AN_EXTENSION
    )
    return _as_span(met[-2] if slice_of_list else met[-1], exact=False)


def _as_span(wanted: _Wanted, *, exact: bool) -> Span:
    assert wanted.span is not None
    return Span(*wanted.span, exact)


class _Scanner:
    """Reads along the ways that are wanted. Recursion is as deep as they are."""

    def __init__(self, text: bytes) -> None:
        self._text = text

    def value(self, at: int, wanted: _Wanted | None) -> int:
        """Where the value that starts there ends."""
        first = self._text[at : at + 1]
        if wanted is not None and wanted.below and first == b"{":
            return self._object(at, wanted)
        if wanted is not None and wanted.below and first == b"[":
            return self._array(at, wanted)
        return self._skip(at)

    def _object(self, at: int, wanted: _Wanted) -> int:
        at = self._next(at + 1)
        while self._text[at : at + 1] == b'"':
            end = self._skip(at)
            key = self._key(at, end)
            start = self._next(self._next(end) + 1)  # behind the colon
            inner, way = _chosen(key, wanted)
            at = self.value(start, inner)
            if inner is not None:
                inner.found((start, at), way)
            at = self._next(at)
            if self._text[at : at + 1] == b",":
                at = self._next(at + 1)
        return at + 1

    def _array(self, at: int, wanted: _Wanted) -> int:
        at = self._next(at + 1)
        for index in count():
            if self._text[at : at + 1] == b"]":
                break
            inner, start = wanted.below.get(index), at
            at = self.value(start, inner)
            if inner is not None:
                inner.found((start, at), _Way.SAME)
            at = self._next(at)
            if self._text[at : at + 1] == b",":
                at = self._next(at + 1)
        return at + 1

    def _skip(self, at: int) -> int:
        first = self._text[at : at + 1]
        if first == b'"':
            string = _STRING.match(self._text, at)
            assert string is not None
            return string.end()
        if first not in (b"{", b"["):
            scalar = _SCALAR.match(self._text, at)
            assert scalar is not None
            return scalar.end()
        depth = 0
        for bound in _BOUND.finditer(self._text, at):
            sign = bound[0]
            if sign in _OPENING:
                depth += 1
            elif sign in _CLOSING:
                depth -= 1
                if not depth:
                    return bound.end()
        raise ValueError("the text is no JSON")

    def _key(self, start: int, end: int) -> str:
        raw = self._text[start + 1 : end - 1]
        return (_ESCAPED.sub(_unescaped, raw) if b"\\" in raw else raw).decode(errors="replace")

    def _next(self, at: int) -> int:
        return _after_space(self._text, at)


def _after_space(text: bytes, at: int) -> int:
    space = _SPACE.match(text, at)
    assert space is not None
    return space.end()


def _chosen(key: str, wanted: _Wanted) -> tuple[_Wanted | None, _Way]:
    """The step that a key stands for."""
    if (same := wanted.below.get(key)) is not None:
        return same, _Way.SAME
    name = key.removeprefix("_")
    way = _Way.CHOICE if name == key else _Way.SHADOW
    if name != key and (shadowed := wanted.below.get(name)) is not None:
        return shadowed, way
    for at, letter in enumerate(name[:_LONGEST_NAME]):
        if (
            letter.isupper()
            and name[at : at + _LONGEST_NAME] in _TYPES
            and (choice := wanted.below.get(name[:at])) is not None
        ):
            return choice, way
    return None, way


def _unescaped(escape: re.Match[bytes]) -> bytes:
    # Halves of a pair become no sign at all: no name in FHIR has them.
    return chr(int(escape[1], 16)).encode(errors="replace") if escape[1] else escape[2]
