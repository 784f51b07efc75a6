"""What does a message ask of the insurer?

The sandbox stands for a stranger's system: it reads messages with code of its own, so that a mistake
of the gateway's reader cannot hide in the answer. What is malformed is read as absent.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import msgspec

from claimgw.errors import ClaimgwError
from claimgw.insurers.sandbox.terms import Json

CLAIM_EVENTS = frozenset({"claim-request", "priorauth-request"})

_DECODER: msgspec.json.Decoder[Any] = msgspec.json.Decoder(float_hook=Decimal)
_REST_URL = re.compile(r"^(https?://.+/)[A-Za-z]+/[^/]+$")


class Unreadable(ClaimgwError):
    """No message of an exchange: not JSON, not a Bundle, or without a usable MessageHeader in front."""


@dataclass(frozen=True, slots=True)
class Party:
    """A sender or receiver, by the licence it is known by."""

    system: str
    value: str

    def reference(self) -> Json:
        return {"type": "Organization", "identifier": {"system": self.system, "value": self.value}}


@dataclass(frozen=True, slots=True)
class Request:
    """One message as the insurer sees it. `focal` is what the header's focus leads to, or empty.

    `focal_place` is the index of its entry. `bundle_entries` are those with a fullUrl and a resource.
    """

    header_id: str
    event: str
    sender: Party
    receiver: Party
    source_endpoint: str
    destination_endpoint: str
    bundle_entries: tuple[Json, ...]
    focal: Json = field(default_factory=dict)
    focal_url: str = ""
    focal_place: int = 0

    @property
    def claim(self) -> Json | None:
        """The Claim, where there is one that can be adjudicated."""
        sound = (
            self.event in CLAIM_EVENTS
            and self.focal.get("resourceType") == "Claim"
            and text(self.identifier.get("value"))
            and records(self.focal.get("item"))
        )
        return self.focal if sound else None

    @property
    def identifier(self) -> Json:
        """The first business identifier of the focal resource, or an empty object."""
        return first(records(self.focal.get("identifier")))

    def entry_of(self, reference: str, seen_from: str) -> Json | None:
        return _resolve(self.bundle_entries, reference, seen_from)

    def absolute(self, reference: Json, seen_from: str = "") -> Json:
        """A reference of the focal resource, or of another entry, so that it resolves in a foreign Bundle."""
        target = self.entry_of(text(reference.get("reference")), seen_from or self.focal_url)
        return reference if target is None else {**reference, "reference": target["fullUrl"]}

    def party(self, reference: Json) -> Party:
        """Whom a reference of the focal resource names."""
        return _party(reference, self.bundle_entries, self.focal_url)


def read(message: bytes) -> Request:
    """The message as the insurer sees it. Numbers with a point or an exponent come as Decimal.

    Raises Unreadable when it cannot be told who asks what.
    """
    entries = _entries(message)
    header = record(entries[0].get("resource")) if entries else {}
    if header.get("resourceType") != "MessageHeader":
        raise Unreadable("the first entry of the message is no MessageHeader")
    named = tuple(one for one in entries if text(one.get("fullUrl")) and record(one.get("resource")))
    url = text(entries[0].get("fullUrl"))
    destination = first(records(header.get("destination")))
    request = Request(
        header_id=text(header.get("id")),
        event=text(record(header.get("eventCoding")).get("code")),
        sender=_party(record(header.get("sender")), named, url),
        receiver=_party(record(destination.get("receiver")), named, url),
        source_endpoint=text(record(header.get("source")).get("endpoint")),
        destination_endpoint=text(destination.get("endpoint")),
        bundle_entries=named,
    )
    if not (request.header_id and request.event and request.sender.value and request.receiver.value):
        raise Unreadable("the MessageHeader lacks its id, its event, its sender or its receiver")
    return _with_focus(request, entries, header, url)


def _entries(message: bytes) -> list[Json]:
    try:
        bundle = record(_DECODER.decode(message))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise Unreadable("the body is not JSON") from fault
    if bundle.get("resourceType") != "Bundle":
        raise Unreadable("the body is no Bundle")
    return records(bundle.get("entry"))


def _with_focus(request: Request, entries: list[Json], header: Json, header_url: str) -> Request:
    focus = text(first(records(header.get("focus"))).get("reference"))
    target = request.entry_of(focus, header_url)
    if target is None:
        return request
    place = next(i for i, one in enumerate(entries) if one is target)
    return replace(request, focal=target["resource"], focal_url=target["fullUrl"], focal_place=place)


def _party(reference: Json, entries: Sequence[Json], seen_from: str) -> Party:
    """A header names its parties by licence, or by a reference to an Organization that bears it."""
    identifier = record(reference.get("identifier"))
    target = _resolve(entries, text(reference.get("reference")), seen_from)
    if not identifier and target:
        identifier = first(records(target["resource"].get("identifier")))
    return Party(text(identifier.get("system")), text(identifier.get("value")))


def _resolve(entries: Sequence[Json], reference: str, seen_from: str) -> Json | None:
    """The entry a reference leads to: its fullUrl, or the base of the entry it stands in plus the reference.

    Letter case is ignored, and a relative reference that has no base may fit the end of a fullUrl: real
    messages were accepted with both.
    """
    if not reference or reference.startswith("#"):
        return None
    base = _REST_URL.match(seen_from)
    wanted = {reference.lower(), (base[1] + reference if base else reference).lower()}
    exact = next((one for one in entries if one["fullUrl"].lower() in wanted), None)
    if exact is not None or ":" in reference:
        return exact
    ending = "/" + reference.lower()
    return next((one for one in entries if one["fullUrl"].lower().endswith(ending)), None)


def reachable(request: Request, start: Json, seen_from: str) -> list[Json]:
    """The entries of the request that `start` leads to, directly or through others, each once."""
    found: list[Json] = []
    waiting = [(start, seen_from)]
    while waiting:
        resource, url = waiting.pop(0)
        for reference in _references(resource):
            target = request.entry_of(reference, url)
            if target is not None and not any(target is one for one in found):
                found.append(target)
                waiting.append((target["resource"], target["fullUrl"]))
    return found


def _references(resource: Json) -> Iterator[str]:
    """Every `reference` in the resource, in order. A loop, because the sender decides how deep it nests."""
    waiting: list[Any] = [resource]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            if isinstance(node.get("reference"), str):
                yield node["reference"]
            waiting.extend(reversed(node.values()))
        elif isinstance(node, list):
            waiting.extend(reversed(node))


def acknowledged(answer: bytes) -> bool:
    """Whether the answer to a message we started says that it was taken."""
    try:
        entries = _entries(answer)
    except Unreadable:
        return False
    header = record(entries[0].get("resource")) if entries else {}
    return record(header.get("response")).get("code") == "ok"


def code_of(concept: Any) -> str:
    """The first code of a CodeableConcept."""
    return text(first(records(record(concept).get("coding"))).get("code"))


def text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def record(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def records(value: Any) -> list[Json]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def first(values: list[Json]) -> Json:
    return values[0] if values else {}


def number(value: Any) -> Decimal | None:
    """A number below 10⁸, or None: products of three such still fit the decimal context."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    exact = Decimal(value)
    return exact if exact.is_finite() and exact.adjusted() < 8 else None
