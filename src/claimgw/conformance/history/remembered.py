"""What would be on record, had these messages come before? A memory made of messages, without a store."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from claimgw.conformance.case import codes_at, extensions_at, object_at, objects_at, text_at
from claimgw.conformance.history.answered import adjudication_of
from claimgw.conformance.history.mentions import mentions, target_of
from claimgw.conformance.memory import Key, Memory, Request, Standing, Statement
from claimgw.conformance.rules.facts.spans import span
from claimgw.messages.envelope import Envelope
from claimgw.messages.events import Leg
from claimgw.messages.identifiers import GATEWAY, Identifier, Licence, LicenceKind
from claimgw.messages.tags import written_by_gateway

_STANDING = {"complete": Standing.ANSWERED, "error": Standing.REFUSED}
_FINAL = (Standing.CANCELLED, Standing.NULLIFIED)
_REGISTERED = {LicenceKind.PROVIDER: "provider", LicenceKind.PAYER: "insurer"}
_UNDATED = datetime(1900, 1, 1, tzinfo=UTC)


def remember(
    messages: Sequence[Envelope],
    about: Envelope,
    *,
    since: date | None = None,
    licences: Mapping[Licence, str] | None = None,
) -> Memory:
    """The memory with which `about` is judged. Each message came at its Bundle.timestamp, in this order.

    An answer is to the request whose header id it names, else to that whose business identifier it gives,
    else to the last one without an answer, as in a session. `licences`: None takes all that are met.
    """
    record = _Record()
    for message in messages:
        record.take(message)
    return Memory(
        answered=record.answered_by(about),
        requests={one.key: one for one in record.requests.values() if one.key},
        statements={one.key: one for one in record.statements if one.key},
        authorizations=_grouped((one.authorization, one) for one in record.statements if one.authorization),
        related=_grouped(
            (relation, one)
            for one in record.requests.values()
            if one.message
            for relation in mentions(one.message).relations
        ),
        open_cancellation=record.is_being_cancelled(about),
        since=since,
        licences=licences_in([*messages, about]) if licences is None else licences,
    )


def request_of(envelope: Envelope, received_at: datetime, standing: Standing = Standing.OPEN) -> Request:
    """A provider's message as it is remembered."""
    return Request(
        key=_key(envelope),
        event=envelope.event.code if envelope.event else "",
        provider=str(envelope.sender),
        insurer=str(envelope.receiver),
        header_id=envelope.header_id or "",
        received_at=received_at,
        standing=standing,
        message=envelope,
        relations=mentions(envelope).relations,
    )


def statement_of(envelope: Envelope, received_at: datetime) -> Statement:
    """An insurer's message, or the gateway's own, as it is remembered."""
    said = envelope.focal.resource if envelope.focal else {}
    return Statement(
        key=_key(envelope),
        event=envelope.event.code if envelope.event else "",
        insurer=str(envelope.sender),
        provider=str(envelope.receiver),
        header_id=envelope.header_id or "",
        received_at=received_at,
        request=envelope.request_identifier,
        outcome=envelope.outcome,
        adjudication=adjudication_of(said),
        authorization=text_at(said, "preAuthRef"),
        created=text_at(said, "created"),
        amount=_amount(said),
        by_gateway=envelope.sender == GATEWAY or written_by_gateway(envelope.bundle, said),
        message=envelope,
    )


def licences_in(messages: Iterable[Envelope]) -> dict[Licence, str]:
    """All licences of providers and payers that the messages hold, as if each were registered."""
    found = [
        licence
        for message in messages
        for licence in (
            message.sender,
            message.receiver,
            *(
                Licence.of(one)
                for entry in message.entries
                if entry.type == "Organization"
                for _, one in objects_at(entry.resource, "identifier")
            ),
        )
    ]
    return {one: _REGISTERED[one.kind] for one in found if one and one.kind in _REGISTERED}


class _Record:
    """What has come so far: requests by header id, and all that was said to the provider."""

    def __init__(self) -> None:
        self.requests: dict[str, Request] = {}
        self.statements: list[Statement] = []

    def take(self, envelope: Envelope) -> None:
        at = _received(envelope)
        if envelope.event is None or envelope.event.leg is Leg.REQUEST:
            request = request_of(envelope, at)
            self.requests[request.header_id] = request
            return
        statement = statement_of(envelope, at)
        if envelope.event.leg is Leg.RESPONSE and (request_ := self.answered_by(envelope)):
            self._keep(
                replace(
                    request_, answers=(*request_.answers, statement), standing=_standing(envelope, request_)
                )
            )
            self._withdraw(envelope)
        if "cancel" in _reissued_for(envelope):
            self.statements = [
                replace(one, withdrawn_by=LicenceKind.PAYER)
                if one.authorization == statement.authorization
                else one
                for one in self.statements
            ]
        self.statements.append(statement)

    def answered_by(self, envelope: Envelope) -> Request | None:
        if envelope.event is None or envelope.event.leg is not Leg.RESPONSE:
            return None
        if (named := self.requests.get(envelope.responds_to or "")) is not None:
            return named
        if (same := self._by_identifier(envelope.request_identifier)) or not envelope.responds_to:
            return same
        return next((one for one in reversed(self.requests.values()) if not one.answers), None)

    def is_being_cancelled(self, about: Envelope) -> bool:
        target = _target(about)
        return target is not None and any(
            one.event == "cancel-request"
            and not one.answers
            and one.message
            and _target(one.message) == target
            for one in self.requests.values()
        )

    def _by_identifier(self, identifier: Identifier | None) -> Request | None:
        same = (one for one in self.requests.values() if one.key and one.key[1:] == _parts(identifier))
        return next(same, None)

    def _keep(self, request: Request) -> None:
        self.requests[request.header_id] = request

    def _withdraw(self, envelope: Envelope) -> None:
        """A cancellation that is done: of the claim it names, or of an advanced authorization."""
        task, target = envelope.focal, _target(envelope)
        if task is None or target is None or task.resource.get("status") != "completed":
            return
        codes = {code for _, code in codes_at(task.resource, "code")}
        standing = Standing.NULLIFIED if "nullify" in codes else Standing.CANCELLED
        if not codes & {"cancel", "nullify"}:
            return
        for request in [one for one in self.requests.values() if one.key == target]:
            self._keep(replace(request, standing=standing))
        self.statements = [
            replace(one, withdrawn_by=LicenceKind.PROVIDER) if one.key == target else one
            for one in self.statements
        ]


def _reissued_for(envelope: Envelope) -> set[str | None]:
    """Why an advanced authorization is given again; the insurer cancels it so, too."""
    if envelope.event is None or envelope.event.code != "advanced-authorization":
        return set()
    said = envelope.focal.resource if envelope.focal else {}
    reasons = extensions_at(said, "adjudication-reissue")
    return {code for _, reason in reasons for _, code in codes_at(reason, "valueCodeableConcept")}


def _standing(answer: Envelope, request: Request) -> Standing:
    if request.standing in _FINAL:
        return request.standing
    if answer.focal is not None and answer.focal.type == "Task":
        return Standing.ANSWERED
    return _STANDING.get(answer.outcome or "", request.standing)


def _target(envelope: Envelope) -> Key | None:
    task = envelope.focal
    return target_of(envelope, task.resource.get("focus"), task) if task and task.type == "Task" else None


def _parts(identifier: Identifier | None) -> tuple[str, str] | None:
    return (identifier.system, identifier.value) if identifier else None


def _key(envelope: Envelope) -> Key | None:
    identifier = envelope.focal_identifier
    return Key.of(envelope.focal.type, identifier) if envelope.focal and identifier else None


def _amount(said: Any) -> Decimal | None:
    """The total of `benefit`; of a reconciliation, what is paid."""
    totals = (
        object_at(total, "amount")
        for _, total in objects_at(said, "total")
        if "benefit" in {code for _, code in codes_at(total, "category")}
    )
    amount = (object_at(said, "paymentAmount") or next(totals, None) or {}).get("value")
    return Decimal(amount) if isinstance(amount, int | Decimal) else None


def _received(envelope: Envelope) -> datetime:
    stamp = span(envelope.bundle.get("timestamp"))
    return stamp.first if stamp else _UNDATED


def _grouped(pairs: Iterator[tuple[Any, Any]]) -> dict[Any, tuple[Any, ...]]:
    found: dict[Any, tuple[Any, ...]] = {}
    for key, one in pairs:
        found[key] = (*found.get(key, ()), one)
    return found
