"""What does an answer say? Outcome, findings, who wrote it; a poll's messages as the bytes they are."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec

from claimgw.client.cases import Case, case_of
from claimgw.client.faults import NotAMessage, NotAnAnswer
from claimgw.client.reading import coded, extension, objects, text
from claimgw.client.views import View, adjudication, view
from claimgw.messages import tags
from claimgw.messages.decode import Decoded, decode
from claimgw.messages.envelope import Envelope, read
from claimgw.messages.findings import ERROR_SYSTEM, Finding, Severity
from claimgw.messages.identifiers import GATEWAY

_FAILURES = ("fatal-error", "transient-error")


@dataclass(frozen=True)
class Answer:
    """What came back for one message, or was fetched from the mailbox (`status` is 200 then).

    `raw` are its bytes; `envelope` is None for a bare OperationOutcome.
    """

    status: int
    raw: bytes
    envelope: Envelope | None
    outcome_resource: dict[str, Any] | None

    @classmethod
    def read(cls, status: int, raw: bytes) -> "Answer":
        """Raises NotAnAnswer if the body is neither a message nor an OperationOutcome."""
        envelope = read(raw)
        if isinstance(envelope, Envelope):
            return cls(status, raw, envelope, None)
        decoded = decode(raw)
        tree = decoded.tree if isinstance(decoded, Decoded) else None
        if isinstance(tree, dict) and tree.get("resourceType") == "OperationOutcome":
            return cls(status, raw, None, tree)
        raise NotAnAnswer(
            f"what answered with HTTP {status} is no gateway: the body is no FHIR message;"
            " check the address, and the proxies in between"
        )

    @property
    def event(self) -> str | None:
        """The code of the answer's event."""
        return self.envelope.event.code if self.envelope and self.envelope.event else None

    @property
    def outcome(self) -> str | None:
        """ClaimResponse.outcome: queued, partial, complete or error; None where there is no ClaimResponse."""
        return self.envelope.outcome if self.envelope else None

    @property
    def adjudication(self) -> str | None:
        """The adjudication outcome of the whole claim: approved, partial, rejected, pended, not-required."""
        return adjudication(self._focal)

    @property
    def disposition(self) -> str | None:
        """ClaimResponse.disposition, a sentence for people."""
        return text(self._focal.get("disposition"))

    @property
    def responds_to(self) -> str | None:
        """The MessageHeader.id this answers; None for a message its sender started."""
        return self.envelope.responds_to if self.envelope else None

    @property
    def about(self) -> str | None:
        """The value of the business identifier of the claim or authorization it is about."""
        found = case_of(self.envelope) if self.envelope else None
        return found.identifier.value if found else None

    @property
    def case(self) -> Case:
        """Which claim or authorization it is about. Raises NotAMessage if it is about none."""
        if self.envelope is None:
            raise NotAMessage("a bare OperationOutcome is about no claim or authorization")
        return Case.of(self.envelope)

    @cached_property
    def view(self) -> View | None:
        """What it tells, typed; None where there is nothing to tell beyond `event` and `refused`."""
        return view(self.envelope) if self.envelope else None

    @cached_property
    def inside(self) -> "tuple[Answer, ...]":
        """The messages it carries: what a poll brought, or the answers to the claims of a batch.

        One that cannot be read has its `raw` alone: it must not stand in the way of the others.
        """
        return tuple(map(_inner, nested_messages(self.raw)))

    @property
    def by_gateway(self) -> bool:
        """Whether the gateway wrote it itself rather than passed on what an insurer wrote."""
        if self.envelope is None or self.envelope.sender == GATEWAY:
            return True
        return tags.written_by_gateway(self.envelope.bundle, self._focal)

    @property
    def more(self) -> bool:
        """Whether messages wait in the mailbox: the tag `queued-messages`."""
        return self.envelope is not None and tags.carries(self.envelope.header, tags.QUEUED_MESSAGES["code"])

    @property
    def refused(self) -> bool:
        """Whether the message, or what it asks for, was refused; `findings` say why."""
        if self.envelope is None or self.status >= 300:
            return True
        return self.outcome == "error" or (self.envelope.response or {}).get("code") in _FAILURES

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What was found wrong, whatever part of the answer says it."""
        if self.envelope is None:
            return tuple(_issues(self.outcome_resource or {}))
        found: list[Finding] = []
        for entry in self.envelope.entries:
            if entry.type == "OperationOutcome":
                found += _issues(entry.resource)
            elif entry.type in ("ClaimResponse", "CoverageEligibilityResponse"):
                for error in objects(entry.resource.get("error")):
                    found += _codings(error.get("code"))
            elif entry.type == "Task":
                for output in objects(entry.resource.get("output")):
                    found += _codings(output.get("valueCodeableConcept"))
        return tuple(found)

    @property
    def _focal(self) -> dict[str, Any]:
        """The ClaimResponse, or the focus whatever it is."""
        if self.envelope is None:
            return {}
        return self.envelope.focal.resource if self.envelope.focal else self._task

    @property
    def _task(self) -> dict[str, Any]:
        # A poll-response has no focus.
        assert self.envelope is not None
        return next((entry.resource for entry in self.envelope.entries if entry.type == "Task"), {})


@dataclass(frozen=True, slots=True)
class Polled:
    """What a poll brought: each message byte for byte, from its first brace to its last, oldest first."""

    messages: tuple[bytes, ...]
    more: bool
    answer: Answer


class _Entry(msgspec.Struct):
    resource: msgspec.Raw = msgspec.Raw(b"{}")


class _Bundle(msgspec.Struct):
    entry: list[_Entry] = []


class _Kind(msgspec.Struct):
    resource_type: str = msgspec.field(name="resourceType", default="")


def nested_messages(raw: bytes) -> tuple[bytes, ...]:
    """The Bundles inside a Bundle, each as the bytes that stand there."""
    entries = msgspec.json.decode(raw, type=_Bundle).entry
    return tuple(bytes(entry.resource) for entry in entries if _kind(entry.resource) == "Bundle")


def _inner(raw: bytes) -> Answer:
    envelope = read(raw)
    return Answer(200, raw, envelope if isinstance(envelope, Envelope) else None, None)


def _kind(resource: msgspec.Raw) -> str:
    return msgspec.json.decode(resource, type=_Kind).resource_type


def _issues(outcome: dict[str, Any]) -> Iterator[Finding]:
    for issue in objects(outcome.get("issue")):
        places = issue.get("expression")
        path = places[0] if isinstance(places, list) and places and isinstance(places[0], str) else ""
        given = issue.get("severity")
        severity = Severity(given) if given in tuple(Severity) else Severity.ERROR
        hint = text(issue.get("diagnostics")) or ""
        for code, display in coded(issue.get("details"), ERROR_SYSTEM):
            yield Finding(code, path, display, hint, severity)


def _codings(concept: Any) -> Iterator[Finding]:
    """The coded errors of one concept; the place is an extension of the coding (spec §8.2, C-09)."""
    for coding in objects(concept.get("coding") if isinstance(concept, dict) else None):
        if coding.get("system") == ERROR_SYSTEM and isinstance(coding.get("code"), str):
            path = text(extension(coding, "extension-error-expression").get("valueString"))
            yield Finding(coding["code"], path or "", text(coding.get("display")) or "")
