"""What does the gateway answer to a poll? The waiting messages, byte for byte, or what is wrong with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from claimgw.messages import tags
from claimgw.messages.echo import Faulty
from claimgw.messages.encode import Raw
from claimgw.messages.envelope import Entry, Envelope, licence_of
from claimgw.messages.findings import Finding, task_outputs
from claimgw.messages.frame import Answering, Stamp, bundle, entry, header, instant, profile, without_none
from claimgw.messages.identifiers import CODES, DEFINITIONS, GATEWAY, HOME, VALUE_SETS, Licence

_POLL = {"coding": [{"system": CODES + "task-code", "code": "poll"}]}


@dataclass(frozen=True, slots=True)
class Waiting:
    """One message of the mailbox: its Bundle.id, its bytes and when it was queued."""

    bundle_id: str
    raw: bytes
    queued_at: datetime


def answerable(request: Envelope) -> bool:
    """Whether a poll-response can be written at all."""
    return (
        request.event is not None
        and request.sender is not None
        and request.receiver is not None
        and request.header_id is not None
        and request.focal is not None
        and request.focal.type == "Task"
    )


def delivered(request: Envelope, stamp: Stamp, messages: Sequence[Waiting]) -> bytes:
    """`completed` with one output for each message; without messages, an empty answer (0.3 item 7)."""
    outputs = [
        {
            "extension": [
                {"url": DEFINITIONS + "extension-timestamp", "valueDateTime": instant(waiting.queued_at)}
            ],
            "type": {"coding": [{"system": VALUE_SETS + "task-output-type", "code": "response"}]},
            "valueReference": {"reference": _address(waiting)},
        }
        for waiting in messages
    ]
    nested = [{"fullUrl": _address(waiting), "resource": Raw(waiting.raw)} for waiting in messages]
    return _answer(request, stamp, "ok", "completed", outputs, nested, Faulty())


def failed(request: Envelope, stamp: Stamp, findings: Sequence[Finding]) -> bytes:
    """`failed` with one output for each finding; what is faulty in the poll is not repeated."""
    faulty = Faulty.of(request, findings)
    return _answer(request, stamp, "fatal-error", "failed", task_outputs(findings), [], faulty)


def _address(waiting: Waiting) -> str:
    return f"{HOME}/Bundle/{waiting.bundle_id}"


def _answer(
    request: Envelope,
    stamp: Stamp,
    code: str,
    status: str,
    outputs: list[dict[str, Any]],
    nested: list[dict[str, Any]],
    faulty: Faulty,
) -> bytes:
    assert request.focal is not None
    assert request.sender is not None
    asked = {key: value for key, value in request.focal.resource.items() if key not in faulty.elements}
    asker = _asker(request, asked.get("requester"), faulty)
    task: dict[str, Any] = {
        "resourceType": "Task",
        "id": stamp.id("Task"),
        "meta": {**profile("task"), "tag": [tags.GENERATED_AS_OBSERVED]},
        "identifier": [{"system": HOME + "/task", "value": stamp.id("Task")}],
        "status": status,
        "intent": "order",
        "priority": "routine",
        "code": _POLL,
        "authoredOn": asked.get("authoredOn", instant(stamp.at)),
        "lastModified": asked.get("lastModified", instant(stamp.at)),
        "requester": asked["requester"] if asker else _by_licence(request.sender),
        "input": asked.get("input"),
        "owner": {"identifier": GATEWAY.on_the_wire()},
        "output": outputs or None,
    }
    return bundle(
        stamp,
        [
            header(
                stamp,
                "poll-response",
                receiver=request.sender,
                endpoint=request.source_endpoint or request.sender.system,
                answering=Answering(request.header_id or "", code),
            ),
            entry("Task", without_none(task)),
            *nested,
            *_organizations(request, asker, faulty),
        ],
        in_place_of_insurer=True,
    )


def _asker(request: Envelope, requester: Any, faulty: Faulty) -> Entry | None:
    """The entry of the poll that asks, if it can be repeated."""
    address = requester.get("reference") if isinstance(requester, dict) else None
    found = request.find(address, request.focal)
    return found if found and found.type == "Organization" and found.index not in faulty.entries else None


def _by_licence(sender: Licence) -> dict[str, Any]:
    return {"type": "Organization", "identifier": sender.on_the_wire()}


def _organizations(request: Envelope, asker: Entry | None, faulty: Faulty) -> list[dict[str, Any]]:
    """The asker's and the gateway's, under their addresses in the poll, as in real answers."""
    return [
        {"fullUrl": held.full_url, "resource": held.resource}
        for held in request.entries
        if held.type == "Organization"
        and held.full_url
        and held.index not in faulty.entries
        and (held is asker or licence_of(held.resource) == GATEWAY)
    ]
