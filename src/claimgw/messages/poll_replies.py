"""What does the gateway answer to a poll? The waiting messages, byte for byte, or what is wrong with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from claimgw.messages import tags
from claimgw.messages.encode import Raw
from claimgw.messages.envelope import Entry, Envelope
from claimgw.messages.findings import Finding, task_outputs
from claimgw.messages.frame import Answering, Stamp, bundle, entry, header, instant, profile, without_none
from claimgw.messages.identifiers import DEFINITIONS, GATEWAY, HOME, VALUE_SETS

_ECHOED = ("intent", "priority", "code", "authoredOn", "lastModified", "requester", "input")


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
    return _answer(request, stamp, "ok", "completed", outputs, nested)


def failed(request: Envelope, stamp: Stamp, findings: Sequence[Finding]) -> bytes:
    """`failed` with one output for each finding."""
    return _answer(request, stamp, "fatal-error", "failed", task_outputs(findings), [])


def _address(waiting: Waiting) -> str:
    return f"{HOME}/Bundle/{waiting.bundle_id}"


def _answer(
    request: Envelope,
    stamp: Stamp,
    code: str,
    status: str,
    outputs: list[dict[str, Any]],
    nested: list[dict[str, Any]],
) -> bytes:
    assert request.focal is not None
    assert request.sender is not None
    asked = request.focal.resource
    task: dict[str, Any] = {
        "resourceType": "Task",
        "id": stamp.id("Task"),
        "meta": {**profile("task"), "tag": [tags.GENERATED_AS_OBSERVED]},
        "identifier": [{"system": HOME + "/task", "value": stamp.id("Task")}],
        "status": status,
        **{key: asked.get(key) for key in _ECHOED},
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
            *_organizations(request),
        ],
        in_place_of_insurer=True,
    )


def _organizations(request: Envelope) -> list[dict[str, Any]]:
    """Those of the request under their own addresses, as real servers do, so that `requester` resolves."""
    return [_as_sent(held) for held in request.entries if held.type == "Organization" and held.full_url]


def _as_sent(held: Entry) -> dict[str, Any]:
    return {"fullUrl": held.full_url, "resource": held.resource}
