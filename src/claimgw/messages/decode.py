"""Are these bytes JSON that means one thing? One decode, one quick look; decimals stay exact."""

import gc
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from typing import Any, NamedTuple

import msgspec

from claimgw.messages.findings import Finding

LARGEST = 10 * 1024 * 1024
_DEEPEST = 100
# So much memory at the most a tree may take. A claim of 10 MB without a blank is counted as 73 MB.
_LARGEST_TREE = 84 * 1024 * 1024
_BYTES_OF_A_CONTAINER, _BYTES_OF_A_VALUE, _MORE_OF_A_DECIMAL = 240, 72, 56
# A text up to so many bytes cannot be dense enough to matter.
_SMALL = 64 * 1024
# FHIR decimals are written with at most 18 digits; this bounds only what would blow up in arithmetic.
_LARGEST_EXPONENT = 60
# Longer than any name of an element; a longer key is not quoted.
_LONGEST_NAME = 64
# Findings of one text that are told; nobody reads beyond the first hundred. The others are counted.
_MOST = 1000
# To count millions takes seconds, in which nobody else is served.
COUNTED = 200_000

_decoder = msgspec.json.Decoder(float_hook=Decimal)


@dataclass(frozen=True, slots=True)
class Decoded:
    """The tree, and the places where it holds what FHIR's JSON forbids (spec §0.3 item 9).

    `more`: of those that are not among the findings, how many there are, by code.
    """

    tree: Any
    findings: tuple[Finding, ...]
    more: Mapping[str, int] = field(default_factory=dict)


def decode(raw: bytes) -> Decoded | Finding:
    """The tree of a JSON text, or the one reason why it is none. Any bytes whatever; never raises."""
    if len(raw) > LARGEST:
        return Finding(
            "BV-00076",
            "",
            "The message is larger than 10 MB",
            "Send fewer or smaller attachments in one message",
        )
    if len(raw) > _SMALL and _tree_bytes(raw) > _LARGEST_TREE:
        return Finding(
            "BV-00076", "", "The message holds too many values", "Send fewer claims or items in one message"
        )
    if raw.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        return _unreadable("The text starts with a byte order mark", "Send UTF-8 without a byte order mark")
    try:
        raw.decode()
        tree = _tree(raw)
    except UnicodeDecodeError as fault:
        return _unreadable(f"Byte {fault.start} is not UTF-8", "Send the message in UTF-8")
    except RecursionError:
        return _too_deep()
    except (msgspec.DecodeError, ValueError, ArithmeticError) as fault:
        # What msgspec says of a fault quotes no content; other exceptions may.
        place = str(fault) if isinstance(fault, msgspec.DecodeError) else "a number cannot be read"
        return _unreadable(f"The text is not JSON: {place}", "Send one JSON object, a FHIR message Bundle")
    seen = _survey(tree)
    if seen is None:
        return _too_deep()
    # Keys given twice vanish in the tree (the last one wins): the text then holds more strings than the tree.
    # The count is fooled only by an escaped backslash before a quote, and then the slow look decides.
    escaped = raw.count(b'\\"') if b"\\" in raw else 0
    if raw.count(b'"') - escaped != 2 * seen.strings and (twice := _given_twice(raw)):
        return _unreadable(f"The key {twice} is given twice in one object", "Give each key once")
    suspicious = seen.suspicious or b"\\u0000" in raw
    if not suspicious:
        return Decoded(tree, ())
    found = islice(_forbidden(tree, _Place("Bundle")), COUNTED)
    listed = tuple(one.finding() for one in islice(found, _MOST))
    return Decoded(tree, listed, Counter(one.code for one in found))


def _tree_bytes(raw: bytes) -> int:
    """No tree of this text takes more: junk takes up to thirty times its length. 5 ms for a megabyte."""
    containers = _BYTES_OF_A_CONTAINER * (raw.count(b"{") + raw.count(b"["))
    return containers + _BYTES_OF_A_VALUE * raw.count(b",") + _MORE_OF_A_DECIMAL * raw.count(b".")


def _tree(raw: bytes) -> Any:
    """The tree, made while the garbage collector rests.

    A tree has no cycles, and to look for some while it grows takes four times as long as to make it: of
    8 MB 120 to 250 ms instead of 30.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        return _decoder.decode(raw)
    finally:
        if collecting:
            gc.enable()


def _unreadable(text: str, hint: str) -> Finding:
    return Finding("GE-00013", "", text, hint)


def _too_deep() -> Finding:
    return _unreadable(f"The text nests deeper than {_DEEPEST} levels", "Send a FHIR message Bundle")


@dataclass(frozen=True, slots=True)
class _Seen:
    strings: int
    suspicious: bool


def _survey(tree: Any) -> _Seen | None:
    """Count the strings and tell whether a closer look is due; None if the tree is too deep.

    Level by level and without places: 0.1 ms for a claim of 3 items, a third of a walk that writes paths.
    """
    strings = 0
    suspicious = False
    level: list[Any] = [[tree]]
    for _ in range(_DEEPEST + 2):
        below: list[Any] = []
        for container in level:
            if type(container) is dict:
                strings += len(container)
                container = container.values()
            for value in container:
                kind = type(value)
                if kind is str:
                    strings += 1
                    suspicious |= not value
                elif kind is dict or kind is list:
                    below.append(value)
                    suspicious |= kind is dict and not value
                elif kind is not bool:
                    suspicious |= value is None or _out_of_bounds(value)
        if not below:
            return _Seen(strings, suspicious)
        level = below
    return None


def _out_of_bounds(number: Decimal | int) -> bool:
    if isinstance(number, Decimal):
        return not number.is_finite() or abs(number.adjusted()) > _LARGEST_EXPONENT
    return number.bit_length() > 4 * _LARGEST_EXPONENT


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a value stands: its own key or index, and what it stands in.

    Written out only where there is a fault: a key may be megabytes, and stand above millions of values.
    """

    step: str | int
    within: "_Place | None" = None

    def __str__(self) -> str:
        steps: list[str] = []
        place: _Place | None = self
        while place is not None:
            steps.append(f"[{place.step}]" if isinstance(place.step, int) else f".{_named(place.step)}")
            place = place.within
        return "".join(reversed(steps))[1:]


def _named(key: str) -> str:
    return key if len(key) < _LONGEST_NAME and key.isidentifier() else "?"


class _Forbidden(NamedTuple):
    """A finding whose place is not written out yet."""

    code: str
    place: _Place
    text: str
    hint: str

    def finding(self) -> Finding:
        return Finding(self.code, f"{self.place}", self.text, self.hint)


def _forbidden(value: Any, place: _Place) -> Iterator[_Forbidden]:
    """Each place that FHIR's JSON forbids. An empty array is none: real servers take it as absent."""
    if isinstance(value, dict):
        if not value:
            yield _Forbidden("FR-00006", place, "An object is empty", "Leave the element out")
        # The server names the object that holds the null, once, however many it holds.
        if any(inner is None for inner in value.values()):
            yield _Forbidden(
                "GE-00013", place, "The structure is not valid: an element is null", "Leave it out"
            )
        for key, inner in value.items():
            yield from _forbidden(inner, _Place(key, place))
    elif isinstance(value, list):
        yield from _forbidden_in_array(value, place)
    elif isinstance(value, str):
        if "\x00" in value:
            yield _Forbidden("GE-00013", place, "A text holds the character NUL", "Remove it")
        elif not value:
            yield _Forbidden("FR-00006", place, "A text is empty", "Leave the element out")
    elif value is not None and not isinstance(value, bool) and _out_of_bounds(value):
        yield _Forbidden(
            "GE-00013", place, "The number is out of all bounds", "Write the amount in plain digits"
        )


def _forbidden_in_array(values: list[Any], place: _Place) -> Iterator[_Forbidden]:
    # Null may stand in an array of primitives, or of their `_elements`, to keep the two in step (R4, JSON).
    primitives = not any(isinstance(value, dict | list) for value in values)
    shadows = isinstance(place.step, str) and place.step.startswith("_")
    in_step = (primitives or shadows) and any(value is not None for value in values)
    for index, value in enumerate(values):
        here = _Place(index, place)
        if value is not None:
            yield from _forbidden(value, here)
        elif not in_step:
            yield _Forbidden("GE-00013", here, "The structure is not valid: null", "Leave it out")


def _given_twice(raw: bytes) -> str | None:
    """The first key that one object has twice, quoted if it is a name that FHIR could have."""
    found: list[str] = []

    def look(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found.extend(_repeated(key for key, _ in pairs))
        return dict(pairs)

    json.loads(raw, object_pairs_hook=look, parse_float=str, parse_int=str)
    return next((f"{key!r}" if _named(key) == key else "?" for key in found), None)


def _repeated(keys: Iterable[str]) -> Iterator[str]:
    seen: set[str] = set()
    for key in keys:
        if key in seen:
            yield key
        seen.add(key)
