"""How is a message of a participant put together? Header, focus and what they refer to, under new ids."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from claimgw.client.faults import TooLarge
from claimgw.client.parties import endpoint
from claimgw.ids import new_id
from claimgw.messages.decode import LARGEST
from claimgw.messages.encode import encode
from claimgw.messages.events import SYSTEM as EVENT_SYSTEM
from claimgw.messages.frame import Answering, instant, profile, without_none
from claimgw.messages.identifiers import Licence

Entry = dict[str, Any]


def url(id_: str) -> str:
    """The address of a resource that lives in one message only."""
    return f"urn:uuid:{id_}"


def reference(id_: str) -> dict[str, str]:
    """A Reference to such a resource."""
    return {"reference": url(id_)}


def entry(resource: dict[str, Any]) -> Entry:
    """An entry under the address `reference` leads to."""
    return {"fullUrl": url(resource["id"]), "resource": resource}


def concept(system: str, code: str) -> dict[str, Any]:
    """A CodeableConcept."""
    return {"coding": [{"system": system, "code": code}]}


def message(
    event: str,
    sender: Licence,
    receiver: Licence,
    entries: Sequence[Entry],
    now: datetime,
    *,
    answering: Answering | None = None,
    addresses: tuple[str, str] | None = None,
    focused: bool = True,
) -> bytes:
    """The message; its focus is the first of the entries. `addresses` are those of sender and receiver.

    Raises TooLarge: the gateway would not even read it (BV-00076).
    """
    source, destination = addresses or (endpoint(sender), endpoint(receiver))
    header = {
        "resourceType": "MessageHeader",
        "id": new_id(now),
        "meta": profile("message-header"),
        "eventCoding": {"system": EVENT_SYSTEM, "code": event},
        "destination": [{"endpoint": destination, "receiver": party(receiver)}],
        "sender": party(sender),
        "source": {"endpoint": source},
        "response": answering.on_the_wire() if answering else None,
        "focus": [{"reference": entries[0]["fullUrl"]}] if focused else None,
    }
    raw = encode(
        {
            "resourceType": "Bundle",
            "id": new_id(now),
            "meta": profile("bundle"),
            "type": "message",
            "timestamp": instant(now),
            "entry": [entry(without_none(header)), *entries],
        }
    )
    if len(raw) > LARGEST:
        raise TooLarge(f"the message has {len(raw)} bytes, {LARGEST} are allowed; attach less, or in parts")
    return raw


def party(licence: Licence) -> dict[str, Any]:
    """A Reference to a party by its licence."""
    return {"type": "Organization", "identifier": licence.on_the_wire()}
