"""Which lines of a file show the place of a finding?

Pure: bytes in, lines out. Linear in the size of the text for any number of findings, and only run for files
that have any.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from claimgw.conformance import Verdict
from claimgw.conformance.positions import Span, locate
from claimgw.messages.findings import Finding

_BEFORE, _AFTER = 2, 1
# Bytes of a line that are looked at on either side: a message may be one line of megabytes.
_REACH = 300
# What is said of a text that is no JSON tells where reading ended.
_BYTE = re.compile(r"\b[Bb]yte ([0-9]+)")
_ENDED = "truncated"


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A line of the text, those around it, and what of it is meant.

    `line` and `column` count from 1, the column in characters. `left`, `marked` and `right` are the line in
    three parts, without what is too far away; so are the lines `before` and `after`.
    """

    line: int
    column: int
    before: tuple[str, ...]
    left: str
    marked: str
    right: str
    after: tuple[str, ...]


def excerpts(raw: bytes, verdict: Verdict) -> list[Excerpt | None]:
    """For each finding; None for those about the text as a whole, or whose place cannot be told."""
    places = _places(raw, verdict)
    spans = [places.get(one.path) or _where_reading_ended(raw, one) for one in verdict.findings]
    text = _Text(raw)
    columns = text.columns(sorted({span.start for span in spans if span is not None}))
    return [None if span is None else text.excerpt(span, columns[span.start]) for span in spans]


def _places(raw: bytes, verdict: Verdict) -> Mapping[str, Span]:
    if not verdict.resource_type:
        return {}
    paths = {one.path for one in verdict.findings if one.path}
    if any(path.startswith("bundle.") for path in paths) and _is_batch(raw):
        # Business rules count the places in each message of a batch, and do not tell in which.
        paths = {path for path in paths if not path.startswith("bundle.")}
    return locate(raw, paths)


def _is_batch(raw: bytes) -> bool:
    entries = msgspec.json.decode(raw).get("entry", ())
    resources = (one.get("resource") for one in entries if isinstance(one, dict))
    return any(isinstance(one, dict) and one.get("resourceType") == "Bundle" for one in resources)


def _where_reading_ended(raw: bytes, finding: Finding) -> Span | None:
    """Of a text that is no JSON."""
    if finding.path:
        return None
    byte = _BYTE.search(finding.text)
    at = int(byte[1]) if byte else len(raw.rstrip()) if finding.text.endswith(_ENDED) else None
    return None if at is None else Span(at, at + 1, True)


class _Text:
    """A text and where its lines begin."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._starts = [0, *(newline.end() for newline in re.finditer(rb"\n", raw))]

    def columns(self, offsets: Sequence[int]) -> dict[int, int]:
        """Of ascending offsets, in characters from 1; each part of the text is read once."""
        found: dict[int, int] = {}
        line, at, column = -1, 0, 1
        for offset in offsets:
            if (here := self._line(offset)) != line:
                line, at, column = here, self._starts[here], 1
            column += len(self._raw[at:offset].decode(errors="replace"))
            found[offset], at = column, offset
        return found

    def excerpt(self, span: Span, column: int) -> Excerpt:
        line = self._line(span.start)
        first, last = self._bounds(line)
        end = max(min(span.end, last), min(span.start + 1, last))
        return Excerpt(
            line + 1,
            column,
            tuple(self._lines(max(0, line - _BEFORE), line)),
            self._part(max(first, span.start - _REACH), span.start),
            self._part(span.start, min(end, span.start + _REACH)),
            self._part(end, min(last, end + _REACH)),
            tuple(self._lines(line + 1, min(len(self._starts), line + 1 + _AFTER))),
        )

    def _line(self, offset: int) -> int:
        return bisect_right(self._starts, offset) - 1

    def _bounds(self, line: int) -> tuple[int, int]:
        """First byte and the one behind the last; the end of the line, of whatever kind, is left out."""
        start = self._starts[line]
        end = self._starts[line + 1] - 1 if line + 1 < len(self._starts) else len(self._raw)
        return start, end - self._raw.endswith(b"\r", start, end)

    def _lines(self, first: int, last: int) -> Iterator[str]:
        for line in range(first, last):
            start, end = self._bounds(line)
            yield self._part(start, min(end, start + _REACH))

    def _part(self, start: int, end: int) -> str:
        """Characters that were cut in half are left out, and none moves the cursor of a terminal."""
        text = self._raw[start:end].decode(errors="ignore")
        return "".join(sign if sign.isprintable() else " " for sign in text)
