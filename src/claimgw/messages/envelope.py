"""What does one message say about itself: event, parties, focus? Read once from its bytes, which are kept."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from claimgw.messages.decode import Decoded, decode
from claimgw.messages.events import EVENTS, Event
from claimgw.messages.events import SYSTEM as EVENT_SYSTEM
from claimgw.messages.findings import Finding
from claimgw.messages.identifiers import Identifier, Licence
from claimgw.messages.references import index, resolve

_ENDPOINT = re.compile(r"\S{1,255}")  # BV-00261


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the Bundle that holds a resource. `index` is its place among all entries."""

    index: int
    full_url: str | None
    type: str
    resource: dict[str, Any]

    @property
    def path(self) -> str:
        return f"Bundle.entry[{self.index}].resource"


@dataclass(frozen=True, slots=True)
class Envelope:
    """A message that can be read, though not necessarily a valid one: what cannot be read is None.

    `raw` are the bytes as they came; they are what is kept and passed on.
    `unsound` are the places where the JSON holds what FHIR forbids; `more`: how many others, by code.
    """

    raw: bytes
    bundle: dict[str, Any]
    entries: tuple[Entry, ...]
    by_url: Mapping[str, Entry]
    header: dict[str, Any]
    unsound: tuple[Finding, ...]
    more: Mapping[str, int]
    event: Event | None
    sender: Licence | None
    receiver: Licence | None
    focal: Entry | None

    @property
    def bundle_id(self) -> str | None:
        return _id(self.bundle.get("id"))

    @property
    def header_id(self) -> str | None:
        return _id(self.header.get("id"))

    @property
    def response(self) -> dict[str, Any] | None:
        """MessageHeader.response, which makes a message an answer."""
        return _object(self.header.get("response"))

    @property
    def responds_to(self) -> str | None:
        """The MessageHeader.id this message answers."""
        return _text((self.response or {}).get("identifier"))

    @property
    def source_endpoint(self) -> str | None:
        """The sender's address for answers, if it has the form of one."""
        given = _text(_at(self.header, "source", "endpoint"))
        return given if given and _ENDPOINT.fullmatch(given) else None

    @property
    def focal_identifier(self) -> Identifier | None:
        """The business identifier of the focal resource."""
        return Identifier.first(self.focal.resource.get("identifier")) if self.focal else None

    @property
    def request_identifier(self) -> Identifier | None:
        """What a ClaimResponse answers: the business identifier of the claim."""
        return Identifier.of(_at(self.focal.resource, "request", "identifier")) if self.focal else None

    @property
    def outcome(self) -> str | None:
        """ClaimResponse.outcome, as it is written."""
        return _text(self.focal.resource.get("outcome")) if self.focal else None

    def party(self, element: Any, near: Entry | None = None) -> Licence | None:
        """The licence a Reference to an organization stands for, by identifier or by its entry."""
        reference = _object(element)
        if reference is None:
            return None
        if licence := Licence.of(reference.get("identifier")):
            return licence
        entry = self.find(reference.get("reference"), near)
        return licence_of(entry.resource) if entry else None

    def find(self, reference: Any, near: Entry | None = None) -> Entry | None:
        """The entry a literal reference leads to, by the R4 rule; `near` is the entry it stands in."""
        if not isinstance(reference, str):
            return None
        return resolve(reference, near.full_url if near else None, self.by_url)


def licence_of(organization: Mapping[str, Any]) -> Licence | None:
    """The first known licence among an Organization's identifiers."""
    identifiers = organization.get("identifier")
    return next(filter(None, map(Licence.of, identifiers)), None) if isinstance(identifiers, list) else None


def read(raw: bytes) -> Envelope | Finding:
    """The envelope of any bytes whatever, or the one reason why they are no message. Never raises."""
    decoded = decode(raw)
    if isinstance(decoded, Finding):
        return decoded
    if isinstance(fault := _shape(decoded.tree), Finding):
        return fault
    return _envelope(raw, decoded)


def inner(bundle: Any, raw: bytes = b"") -> Envelope | Finding:
    """The envelope of a message within another that is sound JSON; `raw`: its bytes, if it is kept."""
    return _shape(bundle) or _envelope(raw, Decoded(bundle, ()))


def _shape(tree: Any) -> Finding | None:
    """What must be there before anything else can be said of a message."""
    if not isinstance(tree, dict) or tree.get("resourceType") != "Bundle":
        return Finding(
            "BV-00220",
            "Bundle",
            "The body is not a FHIR Bundle",
            "Send a Bundle of type message as the whole body",
        )
    entries = tree.get("entry")
    if not isinstance(entries, list) or not entries:
        return Finding(
            "BV-00126", "Bundle.entry", "The Bundle has no entry", "Let the first entry be a MessageHeader"
        )
    first = _at(entries[0], "resource") if isinstance(entries[0], dict) else None
    if not isinstance(first, dict) or first.get("resourceType") != "MessageHeader":
        return Finding(
            "BV-00126",
            "Bundle.entry[0].resource",
            "The first entry is not a MessageHeader",
            "Put the MessageHeader first; the order of the others is free",
        )
    return None


def _envelope(raw: bytes, decoded: Decoded) -> Envelope:
    bundle: dict[str, Any] = decoded.tree
    entries = tuple(_entries(bundle["entry"]))
    head, header = entries[0], entries[0].resource
    envelope = Envelope(
        raw=raw,
        bundle=bundle,
        entries=entries,
        by_url=index(entries, lambda entry: entry.full_url),
        header=header,
        unsound=decoded.findings,
        more=decoded.more,
        event=_event(header),
        sender=None,
        receiver=None,
        focal=None,
    )
    destination = _first(header.get("destination"))
    return _with(
        envelope,
        sender=envelope.party(header.get("sender"), head),
        receiver=envelope.party(_at(destination, "receiver"), head),
        focal=envelope.find(_at(_first(header.get("focus")), "reference"), head),
    )


def _with(
    envelope: Envelope, *, sender: Licence | None, receiver: Licence | None, focal: Entry | None
) -> Envelope:
    # dataclasses.replace would do, at three times the cost; this is on the way of every message.
    return Envelope(
        envelope.raw,
        envelope.bundle,
        envelope.entries,
        envelope.by_url,
        envelope.header,
        envelope.unsound,
        envelope.more,
        envelope.event,
        sender,
        receiver,
        focal,
    )


def _entries(values: list[Any]) -> list[Entry]:
    found = []
    for place, value in enumerate(values):
        resource = value.get("resource") if isinstance(value, dict) else None
        kind = resource.get("resourceType") if isinstance(resource, dict) else None
        if isinstance(resource, dict) and isinstance(kind, str):
            found.append(Entry(place, _text(value.get("fullUrl")), kind, resource))
    return found


def _event(header: dict[str, Any]) -> Event | None:
    coding = _object(header.get("eventCoding")) or {}
    code = coding.get("code")
    if coding.get("system") != EVENT_SYSTEM or not isinstance(code, str):
        return None
    return EVENTS.get(code)


def _object(value: Any) -> dict[str, Any] | None:
    return value if isinstance(value, dict) else None


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else None


def _at(value: Any, *keys: str) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _id(value: Any) -> str | None:
    """A FHIR id holds at most 64 characters; what is longer, or no text to keep, names nothing."""
    return value if isinstance(value, str) and 0 < len(value) <= 64 and value.isprintable() else None
