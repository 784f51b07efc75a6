"""What has the gateway handed to an insurer, and how is it answered, at once or later?"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

from claimgw.client.cases import Case, focal, opened
from claimgw.client.decisions import Ruling, claim_response, extension, pended, rejected, ruled
from claimgw.client.faults import NotAMessage
from claimgw.client.parties import endpoint
from claimgw.client.reading import objects
from claimgw.client.writing import concept, message
from claimgw.ids import new_id
from claimgw.messages.echo import Echo
from claimgw.messages.envelope import Entry, Envelope
from claimgw.messages.events import EVENTS, Event
from claimgw.messages.findings import Finding, business_errors, operation_outcome, task_outputs
from claimgw.messages.frame import Answering, instant, profile, without_none
from claimgw.messages.frame import entry as framed
from claimgw.messages.identifiers import CODES, VALUE_SETS, Identifier, Licence

_ELIGIBILITY = "CoverageEligibilityRequest"
_QUEUED = "Received without errors; the decision follows in a later message."


@dataclass(frozen=True, slots=True)
class Cover:
    """What an insurer says of one coverage of an eligibility request. `site` is of CS/siteEligibility.

    `benefits` are the items of FHIR's CoverageEligibilityResponse.insurance.
    """

    in_force: bool
    site: str
    benefits: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """One message to an insurer. What its methods give are the bytes of the answer, under new ids.

    `at` is the time of the answer. With `in_session` the answer says to which header it belongs; without, it
    is a message the insurer sends by itself, later, through GatewayClient.send (BV-00248).
    """

    envelope: Envelope
    at: datetime
    in_session: bool = True

    @classmethod
    def read(cls, raw: bytes, at: datetime, *, in_session: bool = True) -> Self:
        """Raises NotAMessage if event, parties or header id cannot be read."""
        envelope = opened(raw)
        missing = [
            name for name in ("event", "sender", "receiver", "header_id") if getattr(envelope, name) is None
        ]
        if missing:
            raise NotAMessage(f"the message has no usable {' and '.join(missing)}")
        return cls(envelope, at, in_session)

    def later(self, at: datetime) -> "Request":
        """The same request, for an answer that is sent afterwards, at that time."""
        return replace(self, at=at, in_session=False)

    @property
    def event(self) -> Event:
        """What is asked for."""
        event = self.envelope.event
        assert event is not None
        return event

    @property
    def header_id(self) -> str:
        """The same for a repeat of the message."""
        return self.envelope.header_id or ""

    @property
    def sender(self) -> Licence:
        """The provider, or the gateway itself for its notices."""
        sender = self.envelope.sender
        assert sender is not None
        return sender

    @property
    def receiver(self) -> Licence:
        """The insurer or TPA it is addressed to."""
        receiver = self.envelope.receiver
        assert receiver is not None
        return receiver

    @property
    def focal(self) -> Entry:
        """The resource in focus. Raises NotAMessage if there is none."""
        if self.envelope.focal is None:
            raise NotAMessage("the message has no resource in its focus")
        return self.envelope.focal

    @property
    def identifier(self) -> Identifier:
        """Its business identifier. Raises NotAMessage if it has none."""
        found = self.envelope.focal_identifier
        if found is None:
            raise NotAMessage("the resource in focus has no identifier")
        return found

    @property
    def case(self) -> Case:
        """The claim or authorization it is, or is about. Raises NotAMessage."""
        return Case.of(self.envelope)

    def decided(self, ruling: Ruling) -> bytes:
        """The decision on a claim or authorization, in whole or in part."""
        return self._claim_response(ruled(ruling, self.focal))

    def queued(self, disposition: str = _QUEUED) -> bytes:
        """Received; the decision comes later: `later` on the same request writes it."""
        return self._claim_response(pended(disposition))

    def refused(self, findings: Sequence[Finding]) -> bytes:
        """A claim or authorization that cannot be processed, with the insurer's codes."""
        return self._claim_response(rejected(findings))

    def covered(self, site: str, covers: Sequence[Cover], disposition: str | None = None) -> bytes:
        """The answer to an eligibility request: one Cover for each of its coverages, in its order."""
        echo = self._echo(_ELIGIBILITY)
        insurance = [
            {
                "extension": [extension("siteEligibility", concept(CODES + "siteEligibility", cover.site))],
                "coverage": echo.reference(row.get("coverage"), self.focal),
                "inforce": cover.in_force,
                "item": list(cover.benefits) or None,
            }
            for row, cover in zip(objects(self.focal.resource.get("insurance")), covers, strict=True)
        ]
        content = {
            "extension": [extension("siteEligibility", concept(CODES + "siteEligibility", site))],
            "outcome": "complete",
            "disposition": disposition,
            "insurance": [without_none(row) for row in insurance] or None,
        }
        return self._eligibility(echo, content)

    def not_covered(self, findings: Sequence[Finding]) -> bytes:
        """An eligibility request that cannot be answered, with the insurer's codes."""
        return self._eligibility(
            self._echo(_ELIGIBILITY), {"outcome": "error", "error": business_errors(findings)}
        )

    def done(self, says: str | None = None) -> bytes:
        """A cancellation was carried out; with `says` (queued, complete, …) the answer to a status check."""
        output = {
            "type": concept(VALUE_SETS + "task-output-type", "status"),
            "valueCodeableConcept": concept("http://hl7.org/fhir/remittance-outcome", says or ""),
        }
        return self._task({"status": "completed", "output": [output] if says else None})

    def not_done(self, findings: Sequence[Finding], reason: str | None = None) -> bytes:
        """A task that failed, with codes; `reason` is of CodeSystem task-status-reason."""
        why = concept(CODES + "task-status-reason", reason) if reason else None
        return self._task({"status": "failed", "statusReason": why, "output": task_outputs(findings) or None})

    def acknowledged(self, findings: Sequence[Finding] = ()) -> bytes:
        """That it came; or with findings, that it cannot be used (spec §0.3 item 6)."""
        answering = Answering(self.header_id, "ok")
        entries = []
        if findings:
            about = framed("OperationOutcome", operation_outcome(findings, new_id(self.at)))
            entries.append(about)
            answering = Answering(self.header_id, "fatal-error", about["fullUrl"])
        return self._message("acknowledgement", entries, answering, focused=False)

    def asking(self, *texts: str, reason: str, needed_by: datetime | None = None) -> bytes:
        """A question about this claim, to send by itself. `reason` is of CodeSystem communication-reason."""
        echo, own = self._echo("Claim"), new_id(self.at)
        asked = {
            "resourceType": "CommunicationRequest",
            "id": own,
            "meta": profile("communication-request"),
            "identifier": [{"system": self._system("communication-request"), "value": own}],
            "status": "active",
            "category": [
                concept("http://terminology.hl7.org/CodeSystem/communication-category", "instruction")
            ],
            "priority": "routine",
            "subject": echo.reference(self.focal.resource.get("patient"), self.focal),
            "about": [{"type": self.case.kind, "identifier": self.case.identifier.on_the_wire()}],
            "payload": [{"contentString": text} for text in texts],
            "occurrenceDateTime": instant(needed_by) if needed_by else None,
            "recipient": [echo.reference(self.focal.resource.get("provider"), self.focal)],
            "sender": echo.reference(self.focal.resource.get("insurer"), self.focal),
            "reasonCode": [concept(CODES + "communication-reason", reason)],
        }
        entry = framed("CommunicationRequest", without_none(asked))
        return self._message("communication-request", [entry, *echo.entries()], None)

    def answer(self, focal: Mapping[str, Any], others: Iterable[Mapping[str, Any]] = ()) -> bytes:
        """Any answer: a focal resource and those it refers to, all of the insurer's own making.

        Each has a resourceType and an id; they refer to each other as "Type/id".
        """
        entries = [framed(one["resourceType"], dict(one)) for one in (focal, *others)]
        return self._message(self._reply, entries, self._answering())

    def _claim_response(self, content: dict[str, Any]) -> bytes:
        echo = self._echo("Claim")
        system = self._system("claim-response")
        response = claim_response(self.focal, self.identifier, echo, system, self.at, content)
        return self._business("ClaimResponse", response, echo)

    def _eligibility(self, echo: Echo, content: dict[str, Any]) -> bytes:
        given, own = self.focal.resource, new_id(self.at)
        response = {
            "resourceType": "CoverageEligibilityResponse",
            "id": own,
            "meta": profile("eligibility-response"),
            "identifier": [{"system": self._system("eligibility-response"), "value": own}],
            "status": "active",
            **{name: given.get(name) for name in ("purpose", "servicedDate", "servicedPeriod")},
            "patient": echo.reference(given.get("patient"), self.focal),
            "created": instant(self.at),
            "request": {"type": _ELIGIBILITY, "identifier": self.identifier.on_the_wire()},
            "insurer": echo.reference(given.get("insurer"), self.focal),
            **content,
        }
        return self._business("CoverageEligibilityResponse", without_none(response), echo)

    def _task(self, content: dict[str, Any]) -> bytes:
        echo, given, own = self._echo("Task"), self.focal.resource, new_id(self.at)
        task = {
            "resourceType": "Task",
            "id": own,
            "meta": profile("task"),
            "identifier": [{"system": self._system("task"), "value": own}],
            "intent": "order",
            "priority": "routine",
            **{name: given.get(name) for name in ("code", "focus", "reasonCode")},
            "authoredOn": instant(self.at),
            "lastModified": instant(self.at),
            **{name: echo.reference(given.get(name), self.focal) for name in ("requester", "owner")},
            **content,
        }
        return self._business("Task", without_none(task), echo)

    def _business(self, kind: str, focal: dict[str, Any], echo: Echo) -> bytes:
        return self._message(self._reply, [framed(kind, focal), *echo.entries()], self._answering())

    def _message(
        self,
        event: str,
        entries: Sequence[dict[str, Any]],
        answering: Answering | None,
        *,
        focused: bool = True,
    ) -> bytes:
        back = self.envelope.source_endpoint or endpoint(self.sender)
        return message(
            event,
            self.receiver,
            self.sender,
            entries,
            self.at,
            answering=answering,
            addresses=(endpoint(self.receiver), back),
            focused=focused,
        )

    def _answering(self) -> Answering | None:
        return Answering(self.header_id, "ok") if self.in_session else None

    def _echo(self, asked: str) -> Echo:
        """What the answer may repeat of a message about such a resource. Raises NotAMessage for another."""
        focal(self.envelope, asked)
        return Echo(self.envelope, ())

    @property
    def _reply(self) -> str:
        reply = self.event.reply
        if reply is None or reply not in EVENTS:
            raise NotAMessage(f"a {self.event.code} is not answered")
        return reply

    def _system(self, of: str) -> str:
        return f"{endpoint(self.receiver)}/{of}"
