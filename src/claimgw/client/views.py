"""What does a message tell a provider: a decision, a question, a payment, an outcome of a task, cover?"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from claimgw.client.reading import amount, code, coded, day, extension, moment, objects, part, text
from claimgw.messages.envelope import Envelope
from claimgw.messages.identifiers import Identifier


@dataclass(frozen=True, slots=True)
class Question:
    """What the insurer wants to know about a case, and until when."""

    identifier: Identifier | None
    about: Identifier | None
    texts: tuple[str, ...]
    reasons: tuple[str, ...]
    needed_by: datetime | None


@dataclass(frozen=True, slots=True)
class Decision:
    """A ClaimResponse. `outcome` is queued, partial, complete or error; `totals` are SAR by category.

    `request` is the claim's identifier, None if the insurer decided unasked. `reissue` says why a decision
    comes again. `authorization` is the preAuthRef; `questions` came inside the answer.
    """

    identifier: Identifier | None
    request: Identifier | None
    outcome: str | None
    adjudication: str | None
    disposition: str | None
    reissue: str | None
    authorization: str | None
    totals: Mapping[str, Decimal]
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class Paid:
    """One line of a payment: for which claim, by which answer, how much in SAR after fees."""

    kind: str | None
    request: Identifier | None
    response: Identifier | None
    amount: Decimal | None


@dataclass(frozen=True, slots=True)
class Payment:
    """A PaymentReconciliation: money on its way, in SAR, and what it is for."""

    identifier: Identifier | None
    amount: Decimal | None
    date: date | None
    details: tuple[Paid, ...]


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a cancellation, a status check or a poll. `says` are the codes of its outputs.

    `task` is cancel, nullify, status or poll; `status` is completed or failed, `reason` why it failed.
    """

    task: str | None
    status: str | None
    about: Identifier | None
    says: tuple[str, ...]
    reason: str | None


@dataclass(frozen=True, slots=True)
class Eligibility:
    """A CoverageEligibilityResponse. `site` is eligible, not-active, …; `in_force` one for each coverage."""

    request: Identifier | None
    outcome: str | None
    site: str | None
    in_force: tuple[bool | None, ...]
    disposition: str | None


View = Decision | Question | Payment | Done | Eligibility


def view(envelope: Envelope) -> View | None:
    """What the message tells; None for one that tells nothing but that it came, or carries others."""
    # A poll-response has no focus.
    focal = envelope.focal or next((entry for entry in envelope.entries if entry.type == "Task"), None)
    read = _VIEWS.get(focal.type) if focal else None
    return read(envelope, focal.resource) if read and focal else None


def totals(response: Mapping[str, Any]) -> dict[str, Decimal]:
    """SAR by category, in small letters: systems write `copay` and `coPay` (spec §7.3)."""
    return dict(_amounts(response.get("total")))


def lines(element: Any) -> dict[str, Decimal]:
    """SAR by category of one item's adjudication, in small letters."""
    return dict(_amounts(part(element, "adjudication")))


def adjudication(element: Any) -> str | None:
    """The outcome of a whole claim or of an item: approved, partial, rejected, pended, not-required."""
    return code(extension(element, "extension-adjudication-outcome").get("valueCodeableConcept"))


def _amounts(rows: Any) -> Iterator[tuple[str, Decimal]]:
    for row in objects(rows):
        category, value = code(row.get("category")), amount(row.get("amount"))
        if category is not None and value is not None:
            yield category.lower(), value


def _decision(envelope: Envelope, response: dict[str, Any]) -> Decision:
    inside = [
        envelope.find(one.get("reference"), envelope.focal)
        for one in objects(response.get("communicationRequest"))
    ]
    return Decision(
        identifier=Identifier.first(response.get("identifier")),
        request=Identifier.of(part(response, "request", "identifier")),
        outcome=text(response.get("outcome")),
        adjudication=adjudication(response),
        disposition=text(response.get("disposition")),
        reissue=code(extension(response, "extension-adjudication-reissue").get("valueCodeableConcept")),
        authorization=text(response.get("preAuthRef")),
        totals=totals(response),
        questions=tuple(_question(found.resource) for found in inside if found is not None),
    )


def _question(request: dict[str, Any]) -> Question:
    payload = objects(request.get("payload"))
    return Question(
        identifier=Identifier.first(request.get("identifier")),
        about=Identifier.of(part(next(objects(request.get("about")), {}), "identifier")),
        texts=tuple(said for row in payload if (said := text(row.get("contentString")))),
        reasons=tuple(found for one in objects(request.get("reasonCode")) for found, _ in coded(one)),
        needed_by=moment(request.get("occurrenceDateTime")),
    )


def _payment(_envelope: Envelope, reconciliation: dict[str, Any]) -> Payment:
    return Payment(
        identifier=Identifier.first(reconciliation.get("identifier")),
        amount=amount(reconciliation.get("paymentAmount")),
        date=day(reconciliation.get("paymentDate")),
        details=tuple(
            Paid(
                kind=code(row.get("type")),
                request=Identifier.of(part(row, "request", "identifier")),
                response=Identifier.of(part(row, "response", "identifier")),
                amount=amount(row.get("amount")),
            )
            for row in objects(reconciliation.get("detail"))
        ),
    )


def _done(_envelope: Envelope, task: dict[str, Any]) -> Done:
    says = (_said(row) for row in objects(task.get("output")))
    return Done(
        task=code(task.get("code")),
        status=text(task.get("status")),
        about=Identifier.of(part(task, "focus", "identifier")),
        says=tuple(filter(None, says)),
        reason=code(task.get("statusReason")),
    )


def _said(output: dict[str, Any]) -> str | None:
    # Some write a bare code (spec §0.3 item 12).
    return code(output.get("valueCodeableConcept")) or text(output.get("valueCode"))


def _eligibility(_envelope: Envelope, response: dict[str, Any]) -> Eligibility:
    in_force = (row.get("inforce") for row in objects(response.get("insurance")))
    return Eligibility(
        request=Identifier.of(part(response, "request", "identifier")),
        outcome=text(response.get("outcome")),
        site=code(extension(response, "extension-siteEligibility").get("valueCodeableConcept")),
        in_force=tuple(one if isinstance(one, bool) else None for one in in_force),
        disposition=text(response.get("disposition")),
    )


_VIEWS: Mapping[str, Callable[[Envelope, dict[str, Any]], View]] = {
    "ClaimResponse": _decision,
    "CommunicationRequest": lambda _envelope, resource: _question(resource),
    "PaymentReconciliation": _payment,
    "Task": _done,
    "CoverageEligibilityResponse": _eligibility,
}
