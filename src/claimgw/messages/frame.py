"""What do all messages written by the gateway have in common? The Bundle and its header."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from claimgw.ids import derived_id
from claimgw.messages import tags
from claimgw.messages.dialect import MANNERS, Dialect, Manner
from claimgw.messages.encode import encode
from claimgw.messages.envelope import Envelope
from claimgw.messages.events import SYSTEM as EVENT_SYSTEM
from claimgw.messages.identifiers import DEFINITIONS, GATEWAY, HOME, Licence
from claimgw.messages.references import is_url


@dataclass(frozen=True, slots=True)
class Stamp:
    """When a message is written, and the seed its ids come from: the same stamp gives the same ids.

    `member`: it will stand in a batch-response, where only absolute references lead anywhere (0.3 item 8).
    `notes` are told beside it where there is room (processNote), each of at most 1,000 characters.
    """

    seed: str
    at: datetime
    dialect: Dialect = Dialect.NPHIES
    member: bool = False
    notes: tuple[str, ...] = ()

    @property
    def manner(self) -> Manner:
        return MANNERS[self.dialect]

    @property
    def base(self) -> str:
        """What stands before type and id in a reference to an entry of ours (§2.6; §0.3 items 8, 10)."""
        return HOME + "/" if self.member or self.manner.absolute else ""

    def id(self, of: str) -> str:
        return derived_id(self.seed, of)


@dataclass(frozen=True, slots=True)
class Answering:
    """MessageHeader.response: which header is answered, and how (ok, transient-error, fatal-error)."""

    header_id: str
    code: str
    details: str | None = None

    def on_the_wire(self) -> dict[str, Any]:
        response: dict[str, Any] = {"identifier": self.header_id, "code": self.code}
        if self.details:
            response["details"] = {"reference": self.details}
        return response


def instant(at: datetime) -> str:
    """A FHIR instant in UTC, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def profile(name: str) -> dict[str, list[str]]:
    """`meta` that declares a profile of the guide, version 1.0.0."""
    return {"profile": [f"{DEFINITIONS}{name}|1.0.0"]}


def generated(stamp: Stamp, profile_name: str) -> dict[str, Any]:
    """`meta` of a focal resource written in an insurer's place (spec §0.3 item 4)."""
    observed = {"tag": [tags.GENERATED_AS_OBSERVED]} if stamp.manner.tags_focal else {}
    return profile(profile_name) | observed


def address(kind: str, id_: str) -> str:
    """The fullUrl of an entry of ours: the gateway's address, type and id (spec §0.3 item 10)."""
    return f"{HOME}/{kind}/{id_}"


def entry(kind: str, resource: dict[str, Any]) -> dict[str, Any]:
    """An entry as real answers have it."""
    return {"fullUrl": address(kind, resource["id"]), "resource": resource}


def header(
    stamp: Stamp,
    event: str,
    *,
    receiver: Licence,
    endpoint: str,
    answering: Answering | None = None,
    focus: Sequence[str] = (),
    meta: dict[str, Any] | None = None,
    extension: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """The entry of a MessageHeader sent by the gateway (spec §2.3)."""
    resource: dict[str, Any] = {
        "resourceType": "MessageHeader",
        "id": stamp.id("MessageHeader"),
        "meta": meta or profile("message-header"),
        "extension": extension,
        "eventCoding": {"system": EVENT_SYSTEM, "code": event},
        "destination": [
            {
                "endpoint": endpoint,
                "receiver": {"type": "Organization", "identifier": receiver.on_the_wire()},
            }
        ],
        "sender": {"type": "Organization", "identifier": GATEWAY.on_the_wire()},
        "source": {"endpoint": HOME + "/"},
        "response": answering.on_the_wire() if answering else None,
        "focus": [{"reference": url} for url in focus] or None,
    }
    return entry("MessageHeader", without_none(resource))


def answerable(request: Envelope) -> bool:
    """Whether an answer can be addressed: event, both parties and the header's id are known."""
    return (
        request.event is not None
        and request.sender is not None
        and request.receiver is not None
        and request.header_id is not None
    )


def reply_header(
    request: Envelope,
    stamp: Stamp,
    event: str,
    code: str,
    *,
    details: str | None = None,
    focus: Sequence[str] = (),
    meta: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """The header of an answer to that request, whose sender and id are known; `code` is `response.code`."""
    assert request.sender is not None
    assert request.header_id is not None
    given = request.source_endpoint
    return header(
        stamp,
        event,
        receiver=request.sender,
        endpoint=given if given and is_url(given) else request.sender.system,  # BV-00218
        answering=Answering(request.header_id, code, details),
        focus=focus,
        meta=meta,
    )


def bundle(stamp: Stamp, entries: list[dict[str, Any]], *, in_place_of_insurer: bool = False) -> bytes:
    """The message. `in_place_of_insurer` marks it as written by the gateway (spec §4)."""
    meta: dict[str, Any] = profile("bundle")
    if in_place_of_insurer:
        meta["tag"] = [tags.GENERATED]
    return encode(
        {
            "resourceType": "Bundle",
            "id": stamp.id("Bundle"),
            "meta": meta,
            "type": "message",
            "timestamp": instant(stamp.at),
            "entry": entries,
        }
    )


def without_none(resource: dict[str, Any]) -> dict[str, Any]:
    """The resource without the elements that were left open: FHIR's JSON knows no null."""
    return {key: value for key, value in resource.items() if value is not None}
