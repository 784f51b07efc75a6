"""What does a message say, in one line? Who wrote it, its event, outcome, response code, errors and tags.

By the way it must have no fault: all that is told here is read by our own rules, every stage of them.
"""

import json
from collections import Counter

import httpx

from claimgw.messages.envelope import Envelope
from claimgw.messages.identifiers import LicenceKind
from tests.clearinghouse.spoken import Json, opened, tags
from tests.insurers.sandbox_events import assert_faultless

NOTHING = "–"
_OURS = frozenset({"nphies-generated", "NPHIES generated"})


def told(body: bytes) -> str:
    """`gateway: claim-response queued ok`. What is marked as the gateway's own, and only that, begins so."""
    envelope = opened(body)
    told_by = _author(envelope)
    words = [f"{told_by}:", _event(envelope)]
    resource = _focal(envelope)
    words += [str(resource[name]) for name in ("outcome", "status") if name in resource][:1]
    words += [str((envelope.response or {})["code"])] if envelope.response else []
    words += _codes(envelope, resource)
    words += [f"+{tag}" for tag in tags(envelope.header) if tag not in _OURS]
    return " ".join(words + _inside(envelope))


def answered(response: httpx.Response) -> str:
    """The same of an answer over HTTP; of an OperationOutcome its status and codes."""
    if response.status_code == 200:
        assert_faultless(response.content)
        return told(response.content)
    issues = response.json()["issue"]
    return " ".join([f"HTTP {response.status_code}", *(_code(issue["details"]) for issue in issues)])


def listed(messages: list[bytes]) -> str:
    """The lines of several, each once."""
    assert_faultless(*messages)
    return counted([told(one) for one in messages]) or NOTHING


def counted(lines: list[str]) -> str:
    return "; ".join(line if many == 1 else f"{many} × {line}" for line, many in Counter(lines).items())


def _author(envelope: Envelope) -> str:
    sender = envelope.sender
    assert sender is not None
    ours = sender.kind is LicenceKind.GATEWAY
    bundle, resource = json.loads(envelope.raw), _focal(envelope)
    receiver = envelope.receiver
    assert receiver is not None
    if ours and receiver.kind is LicenceKind.PROVIDER:  # spec 0.3 item 4: both signs, on every such answer
        assert tags(bundle) == ["nphies-generated"], tags(bundle)
        assert tags(resource) == ["NPHIES generated"] or not resource, tags(resource)
    else:
        assert not _OURS & {*tags(bundle), *tags(resource), *tags(envelope.header)}
    return "gateway" if ours else "insurer"


def _event(envelope: Envelope) -> str:
    assert envelope.event is not None
    return envelope.event.code


def _focal(envelope: Envelope) -> Json:
    """The resource that the message is about; the Task of an answer to a poll, which is no focus."""
    kinds = ("Task", "ClaimResponse", "CoverageEligibilityResponse")
    if envelope.focal is not None and envelope.focal.type not in ("Bundle", "OperationOutcome"):
        return envelope.focal.resource
    found = (entry.resource for entry in envelope.entries if entry.type in kinds)
    return next(found, {}) if _event(envelope) != "batch-response" else {}


def _codes(envelope: Envelope, resource: Json) -> list[str]:
    found = [_code(row["code"]) for row in resource.get("error", [])]
    found += [
        _code(row["valueCodeableConcept"])
        for row in resource.get("output", [])
        if _code(row["type"]) == "error"
    ]
    for entry in envelope.entries:
        if entry.type == "OperationOutcome":
            found += [_code(row["details"]) for row in entry.resource["issue"]]
    named = str(resource.get("disposition", ""))
    return found + (["BV-00542"] if named.startswith("BV-00542") else [])


def _code(concept: Json) -> str:
    return str(concept["coding"][0]["code"])


def _inside(envelope: Envelope) -> list[str]:
    inner = [entry.resource for entry in envelope.entries if entry.type == "Bundle"]
    lines = [told(json.dumps(one).encode()) for one in inner]
    return [f"[{counted(lines)}]"] if lines else []
