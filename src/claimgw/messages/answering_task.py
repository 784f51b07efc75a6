"""How does the Task look with which the gateway answers a poll, a cancellation or a status check?"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from claimgw.messages import frame
from claimgw.messages.echo import USABLE_ID, Faulty
from claimgw.messages.envelope import Entry, Envelope, licence_of
from claimgw.messages.findings import Finding, task_outputs
from claimgw.messages.frame import (
    Stamp,
    address,
    bundle,
    generated,
    instant,
    reply_header,
    without_none,
)
from claimgw.messages.identifiers import CODES, GATEWAY, HOME, Identifier
from claimgw.messages.references import absolute

# The code each event may have first of all, then others it may have (BV-00908, BV-00909, BV-00910).
_CODES = {
    "poll-request": ("poll",),
    "cancel-request": ("cancel", "nullify"),
    "status-check": ("status",),
}
_TARGETS = frozenset({"Claim", "ClaimResponse"})  # BV-00132, BV-00135


@dataclass(frozen=True, slots=True)
class Result:
    """What the Task says: `code` is `response.code`, `reason` a code of task-status-reason."""

    code: str
    status: str
    outputs: Sequence[dict[str, Any]] = ()
    reason: str | None = None


def answerable(request: Envelope) -> bool:
    """Whether an answering Task can be written at all."""
    known = request.event is not None and request.event.code in _CODES
    focused = request.focal is not None and request.focal.type == "Task"
    return known and focused and frame.answerable(request)


def output(stamp: Stamp, kind: str, value: Mapping[str, Any]) -> dict[str, Any]:
    """One output of that type (error, response, status)."""
    return {"type": {"coding": [{"system": stamp.manner.output_types, "code": kind}]}, **value}


def failure(stamp: Stamp, findings: Sequence[Finding], reason: str | None = None) -> Result:
    """`failed`, with one output for each finding (spec §0.3 item 5)."""
    manner = stamp.manner
    outputs = task_outputs(findings, manner.output_types, on_coding=manner.place_on_coding)
    return Result("fatal-error", "failed", outputs, reason)


def written(
    request: Envelope,
    stamp: Stamp,
    result: Result,
    *,
    faulty: Faulty | None = None,
    nested: Sequence[dict[str, Any]] = (),
) -> bytes:
    """The answer, with the nested entries after the Task and, last, the organizations of the request.

    What the findings call faulty is not repeated.
    """
    assert request.event is not None
    assert request.event.reply is not None
    answer = _Answer(request, stamp, faulty or Faulty())
    return bundle(
        stamp,
        [
            reply_header(
                request,
                stamp,
                request.event.reply,
                result.code,
                focus=[answer.url] if answer.focused else (),
            ),
            {"fullUrl": answer.url, "resource": answer.task(result)},
            *nested,
            *answer.organizations(),
        ],
        in_place_of_insurer=True,
    )


class _Answer:
    """One answering Task in the making."""

    def __init__(self, request: Envelope, stamp: Stamp, faulty: Faulty) -> None:
        assert request.event is not None
        assert request.focal is not None
        self._request = request
        self._stamp = stamp
        self._faulty = faulty
        self._event = request.event.code
        self._asked = faulty.sound(request.focal.resource)
        self.is_poll = self._event == "poll-request"
        self.focused = not self.is_poll or stamp.manner.focuses_poll
        self.id, self.url = self._names(request.focal)

    def _names(self, asking: Entry) -> tuple[str, str]:
        """To a poll the Task is a new one (0.3 item 7), to others the asking one under its own address."""
        given, url = self._asked.get("id"), asking.full_url
        if not self.is_poll and url and isinstance(given, str) and USABLE_ID.fullmatch(given):
            addresses = (absolute(f"Task/{given}", url), f"urn:uuid:{given}")
            if url in addresses:
                return given, url
        own = self._stamp.id("Task")
        return own, address("Task", own)

    def task(self, result: Result) -> dict[str, Any]:
        now = instant(self._stamp.at)
        cancels = self._event == "cancel-request"
        sender = self._request.sender
        assert sender is not None
        return without_none(
            {
                "resourceType": "Task",
                "id": self.id,
                "meta": generated(self._stamp, "task"),
                "identifier": [self._identifier()],
                "status": result.status,
                "statusReason": _concept("task-status-reason", result.reason) if result.reason else None,
                "intent": "order",
                "priority": "routine",
                "code": _concept("task-code", self._code()),
                "focus": self._target() if self.focused else None,
                "authoredOn": self._asked.get("authoredOn") or now,
                "lastModified": self._asked.get("lastModified") or now,
                "requester": self._party("requester")
                or {"type": "Organization", "identifier": sender.on_the_wire()},
                "input": self._asked.get("input") if self.is_poll else None,
                # The owner answers (BV-00915); real answers in an insurer's place keep that of the request.
                "owner": (None if self.is_poll else self._party("owner"))
                or {"identifier": GATEWAY.on_the_wire()},
                "reasonCode": self._asked.get("reasonCode") if cancels else None,
                "output": list(result.outputs) or None,
            }
        )

    def _identifier(self) -> dict[str, str]:
        """To a poll, under the asker's system with a value of ours, as in real answers."""
        given = Identifier.first(self._asked.get("identifier"))
        if given is not None and not self.is_poll:
            return given.on_the_wire()
        return {"system": given.system if given else HOME + "/task", "value": self._stamp.id("Task")}

    def _code(self) -> str:
        """The asking Task's, if the event may have it: an answer holds no fault of the request."""
        concept = self._asked.get("code")
        codings = concept.get("coding") if isinstance(concept, dict) else None
        given = [coding.get("code") for coding in codings or () if isinstance(coding, dict)]
        allowed = _CODES[self._event]
        return next((code for code in allowed if code in given), allowed[0])

    def _target(self) -> dict[str, Any] | None:
        """What the asking Task is about, so far as it can be read."""
        focal = self._request.focal
        focus = focal.resource.get("focus") if focal else None
        unreadable = self._faulty.touches("focus.identifier") or "focus" in self._faulty.places
        if unreadable or not isinstance(focus, dict):
            return None
        if (identifier := Identifier.of(focus.get("identifier"))) is None:
            return None
        kind = focus.get("type")
        known = isinstance(kind, str) and kind in _TARGETS
        return ({"type": kind} if known else {}) | {"identifier": identifier.on_the_wire()}

    def _party(self, element: str) -> dict[str, Any] | None:
        """The Reference of the asking Task, if what it leads to is repeated."""
        found = self._organization(element)
        if found is None:
            return None
        given: dict[str, Any] = self._asked[element]
        leads = absolute(given["reference"], self.url) == found.full_url
        as_written = leads and not self._stamp.base
        return {**given, "reference": given["reference"] if as_written else found.full_url}

    def _organization(self, element: str) -> Entry | None:
        given = self._asked.get(element)
        address_ = given.get("reference") if isinstance(given, dict) else None
        found = self._request.find(address_, self._request.focal)
        sound = found and found.type == "Organization" and found.index not in self._faulty.entries
        return found if sound else None

    def organizations(self) -> list[dict[str, Any]]:
        """Requester and owner under their addresses in the request; in a poll's answer the gateway too."""
        parties: Collection[Entry | None] = [self._organization("requester")]
        if not self.is_poll:
            parties = [*parties, self._organization("owner")]
        return [
            {"fullUrl": held.full_url, "resource": held.resource}
            for held in self._request.entries
            if held.type == "Organization"
            and held.full_url
            and held.index not in self._faulty.entries
            and (held in parties or (self.is_poll and licence_of(held.resource) == GATEWAY))
        ]


def _concept(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": CODES + system, "code": code}]}
