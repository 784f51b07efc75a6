"""What can this gateway do? A CapabilityStatement, made from the tables of events and operations."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from claimgw.endpoint.operations import OPERATIONS, canonical
from claimgw.messages.events import EVENTS, Event, Way
from claimgw.messages.identifiers import HOME, LicenceKind

_MESSAGES = f"{HOME}/fhir/ksa/nphies-fs/MessageDefinition/"
_TRANSPORT = "http://terminology.hl7.org/CodeSystem/message-transport"
_SECURITY = "http://terminology.hl7.org/CodeSystem/restful-security-service"

_KEPT = (
    "A message that comes again under the same ids, or about the same business identifier, is not passed on"
    " again. reliableCache is the window for which this is promised. Beyond it the ids are still kept, for as"
    " long as the database is, and still never stand for another message."
)
_ENTRY = (
    "A registered client certificate, or an API key as 'Authorization: Bearer …'. Either speaks for the"
    " licences it was registered with, and for no others."
)
_BESIDE = (
    "Beside FHIR: GET /mailbox/events (server-sent events: something waits to be polled), GET /exchanges"
    " (where one's own requests stand) and GET /insurers/{licence}. There is no search."
)


def capability_statement(
    base: str, *, version: str, at: datetime, repeat_minutes: int, events: Mapping[str, Event] = EVENTS
) -> dict[str, Any]:
    """The FHIR R4 resource, as served under `base`; `at` is when this was last changed."""
    return {
        "resourceType": "CapabilityStatement",
        "id": "claimgw",
        "url": f"{base}/metadata",
        "version": version,
        "name": "Claimgw",
        "title": "claimgw, a clearinghouse for health claims",
        "status": "active",
        "date": at.isoformat(timespec="seconds"),
        "description": "Claims, authorizations and what belongs to them, between providers and insurers.",
        "kind": "instance",
        "software": {"name": "claimgw", "version": version},
        "implementation": {"description": "This gateway", "url": base},
        "fhirVersion": "4.0.1",
        "format": ["json"],
        "rest": [_rest(base)],
        "messaging": [_messaging(base, repeat_minutes, events)],
    }


def _messaging(base: str, repeat_minutes: int, events: Mapping[str, Event]) -> dict[str, Any]:
    missing = [code for code, event in events.items() if not event.offered]
    return {
        "endpoint": [
            {
                "protocol": {"system": _TRANSPORT, "code": "http"},
                "address": f"{base}/$process-message",
            }
        ],
        "reliableCache": repeat_minutes,
        "documentation": f"{_KEPT}\n\nNot offered: {', '.join(missing) or 'none'}.",
        "supportedMessage": [
            {"mode": mode, "definition": _MESSAGES + event.code}
            for event in events.values()
            if event.offered
            for mode in _modes(event)
        ],
    }


def _modes(event: Event) -> tuple[str, ...]:
    """What ends with the gateway it receives, what it writes alone it sends, and the rest passes through."""
    if event.sender is LicenceKind.GATEWAY:
        return ("sender",)
    return ("receiver",) if event.way is Way.GATEWAY else ("receiver", "sender")


def _rest(base: str) -> dict[str, Any]:
    return {
        "mode": "server",
        "documentation": _BESIDE,
        "security": {
            "service": [
                {"coding": [{"system": _SECURITY, "code": "Certificates"}]},
                {"text": "API key"},
            ],
            "description": _ENTRY,
        },
        "resource": [{"type": "OperationDefinition", "interaction": [{"code": "read"}]}],
        "operation": [
            {"name": operation.code, "definition": canonical(operation, base)}
            for operation in OPERATIONS.values()
        ],
    }
