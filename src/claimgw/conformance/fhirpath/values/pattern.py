"""What does a regular expression consist of? Parts that can be matched in linear time; others are refused."""

from dataclasses import dataclass
from enum import Enum
from typing import Final, TypeAlias

_HIGHEST = 50


class NotLinear(Exception):
    """The pattern is no regular expression, or cannot be matched in linear time."""


@dataclass(frozen=True, slots=True)
class Letters:
    """One character: of these or in these ranges, or, `negated`, any other."""

    single: frozenset[str]
    ranges: tuple[tuple[str, str], ...] = ()
    negated: bool = False

    def has(self, character: str) -> bool:
        inside = character in self.single or any(first <= character <= last for first, last in self.ranges)
        return inside is not self.negated


class Edge(Enum):
    """A place between characters."""

    START = "^"
    END = "$"  # also before a line feed that ends the text
    VERY_END = "\\Z"


@dataclass(frozen=True, slots=True)
class Repeated:
    """`most` is None where there is no end."""

    part: "Part"
    least: int
    most: int | None


@dataclass(frozen=True, slots=True)
class Row:
    """One part after another."""

    parts: "tuple[Part, ...]"


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several ways."""

    ways: "tuple[Part, ...]"


Part: TypeAlias = Letters | Edge | Repeated | Row | Choice

_DIGITS = Letters(frozenset(), (("0", "9"),))
_WORDS = Letters(frozenset("_"), (("0", "9"), ("A", "Z"), ("a", "z")))
_BLANKS = Letters(frozenset(" \t\n\r\f\v"))
ANY: Final = Letters(frozenset(), negated=True)
_CLASSES = {"d": _DIGITS, "w": _WORDS, "s": _BLANKS}
_CONTROLS = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v"}
_EDGES = {"A": Edge.START, "Z": Edge.VERY_END, "z": Edge.VERY_END}
_MOST = 1000


def read(pattern: str) -> Row | Choice:
    """The parts of a pattern. Raises NotLinear."""
    reader = _Reader(pattern)
    found = reader.choice(0)
    if reader.next:
        raise NotLinear(f"The regular expression has a bracket too many: {pattern}")
    return found


class _Reader:
    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._place = 0

    @property
    def next(self) -> str:
        return self._pattern[self._place : self._place + 1]

    def _fault(self, reason: str) -> NotLinear:
        return NotLinear(f"The regular expression {reason}: {self._pattern}")

    def _take(self) -> str:
        character = self.next
        if not character:
            raise self._fault("ends too early")
        self._place += 1
        return character

    def _sign(self, sign: str) -> bool:
        found = self._pattern.startswith(sign, self._place)
        self._place += len(sign) * found
        return found

    def choice(self, height: int) -> Row | Choice:
        if height > _HIGHEST:
            raise self._fault("nests too deep")
        ways = [self._row(height)]
        while self._sign("|"):
            ways.append(self._row(height))
        return ways[0] if len(ways) == 1 else Choice(tuple(ways))

    def _row(self, height: int) -> Row:
        parts: list[Part] = []
        while self.next and self.next not in "|)":
            parts.append(self._times(self._part(height)))
        return Row(tuple(parts))

    def _part(self, height: int) -> Part:
        character = self._take()
        match character:
            case "(":
                return self._group(height)
            case "[":
                return self._letters()
            case ".":
                return ANY
            case "^" | "$":
                return Edge(character)
            case "\\":
                return self._escape()
            case "*" | "+" | "?":
                raise self._fault("repeats nothing")
            case _:
                return Letters(frozenset(character))

    def _group(self, height: int) -> Part:
        if self.next == "?" and not self._sign("?:"):
            raise self._fault("looks around itself or sets flags, which cannot be linear")
        found = self.choice(height + 1)
        if not self._sign(")"):
            raise self._fault("lacks a bracket")
        return found

    def _escape(self) -> Letters | Edge:
        character = self._take()
        if character in _EDGES:
            return _EDGES[character]
        return self._escaped(character)

    def _escaped(self, character: str) -> Letters:
        if (found := _CLASSES.get(character.lower())) is not None:
            return Letters(found.single, found.ranges, negated=character.isupper())
        if character in _CONTROLS:
            return Letters(frozenset(_CONTROLS[character]))
        if character in "xu":
            digits = "".join(self._take() for _ in range(2 if character == "x" else 4))
            try:
                return Letters(frozenset(chr(int(digits, 16))))
            except ValueError:
                raise self._fault("has a code that is none") from None
        if character.isalnum():
            raise self._fault(f"uses \\{character}, which cannot be linear or is unknown")
        return Letters(frozenset(character))

    def _letters(self) -> Letters:
        negated = self._sign("^")
        single: set[str] = set()
        ranges: list[tuple[str, str]] = []
        first = True
        while first or not self._sign("]"):
            first = False
            one = self._letter()
            if self.next == "-" and not self._pattern.startswith("-]", self._place) and len(one.single) == 1:
                self._place += 1
                ranges.append((min(one.single), self._last_of_range()))
            elif one.negated:
                raise self._fault("puts a negated class into another")
            else:
                single |= one.single
                ranges += one.ranges
        return Letters(frozenset(single), tuple(ranges), negated)

    def _last_of_range(self) -> str:
        last = self._letter().single
        if len(last) != 1:
            raise self._fault("has a range without an end")
        return min(last)

    def _letter(self) -> Letters:
        character = self._take()
        return self._escaped(self._take()) if character == "\\" else Letters(frozenset(character))

    def _times(self, part: Part) -> Part:
        times = self._bounds()
        if times is None:
            return part
        if isinstance(part, Edge):
            raise self._fault("repeats a place")
        # Lazy or not, a pattern is found in the same texts.
        if not self._sign("?") and self.next == "+":
            raise self._fault("is possessive, which cannot be run")
        return Repeated(part, *times)

    def _bounds(self) -> tuple[int, int | None] | None:
        for sign, times in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self._sign(sign):
                return times
        if not self._sign("{"):
            return None
        inside, closed, _ = self._pattern[self._place :].partition("}")
        least, comma, most = inside.partition(",")
        if not closed or not least.isdecimal() or (most and not most.isdecimal()):
            raise self._fault("has bounds that are none")
        self._place += len(inside) + 1
        bounds = int(least), int(most) if most else (None if comma else int(least))
        if max(bounds[0], bounds[1] or 0) > _MOST or (bounds[1] is not None and bounds[0] > bounds[1]):
            raise self._fault(f"repeats more than {_MOST} times, or has bounds the wrong way round")
        return bounds
