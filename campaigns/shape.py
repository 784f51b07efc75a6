"""Which shape has a message the gateway wrote: what stands where, what is echoed, what is new?"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from claimgw.messages.envelope import Entry, Envelope, inner
from claimgw.messages.identifiers import HOME

Shape = Mapping[str, frozenset[str]]

# Values that are said in full: what they may be is fixed. Of all others only the kind counts.
_FIXED = frozenset({"system", "url", "profile", "code", "status", "outcome", "use", "intent", "priority"})
_TIME = re.compile(r"\d{4}-\d\d-\d\d(T.*)?")
# Texts and places are compared by the verdict, not here.
_TOLD = re.compile(
    r"(error|issue|output)\..*(coding\.code|display|valueString)|issue\.(expression|diagnostics)"
)


def shape(message: Envelope, request: Envelope, within: str = "") -> Shape:
    """Paths without indexes, each with the kinds of value it has; the entries of a poll are left out."""
    found: dict[str, set[str]] = defaultdict(set)
    for path, kind in _facts(message, request):
        found[within + path].add(kind)
    return {path: frozenset(kinds) for path, kinds in found.items()}


def members(message: Envelope) -> list[Envelope]:
    """The messages within, in order."""
    found = (inner(entry.resource) for entry in message.entries if entry.type == "Bundle")
    return [one for one in found if isinstance(one, Envelope)]


def _facts(message: Envelope, request: Envelope) -> Iterator[tuple[str, str]]:
    said = frozenset(_texts(request.bundle))
    for key, value in message.bundle.items():
        if key != "entry":
            yield from _values(f"Bundle.{key}", value, message, None, said)
    yield "entries", " ".join(entry.type for entry in message.entries)
    for entry in message.entries:
        yield f"{entry.type}.fullUrl", _address(entry.full_url, request)
        if entry.type in ("MessageHeader", "ClaimResponse", "Task", "OperationOutcome"):
            yield from _values(entry.type, entry.resource, message, entry, said)
        elif entry.type != "Bundle":
            yield f"{entry.type}.id", _kind(entry.resource.get("id"), said)


def _values(
    path: str, value: Any, message: Envelope, near: Entry | None, said: frozenset[str]
) -> Iterator[tuple[str, str]]:
    if isinstance(value, list):
        for item in value:
            yield from _values(path, item, message, near, said)
    elif isinstance(value, dict):
        for key, inner_value in value.items():
            if key != "resourceType":
                yield from _values(f"{path}.{key}", inner_value, message, near, said)
    elif _TOLD.search(path):
        yield path, "told"
    elif path.rpartition(".")[2] in _FIXED or not isinstance(value, str):
        yield path, str(value)
    elif path.endswith(".reference"):
        yield path, _reference(value, message, near)
    else:
        yield path, _kind(value, said)


def _kind(value: Any, said: frozenset[str]) -> str:
    if value in said:
        return "echoed"
    return "time" if isinstance(value, str) and _TIME.fullmatch(value) else "new"


def _reference(value: str, message: Envelope, near: Entry | None) -> str:
    found = message.find(value, near)
    form = "absolute" if ":" in value else "relative"
    return f"{form} to {found.type}" if found else f"{form} to nothing here"


def _address(url: str | None, request: Envelope) -> str:
    if url is None:
        return "none"
    if url in request.by_url:
        return "echoed"
    return "the gateway's" if url.startswith(HOME + "/") else "new"


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for inner_value in value.values():
            yield from _texts(inner_value)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str):
        yield value
