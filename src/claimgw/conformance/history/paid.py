"""Is what a payment names on record, does it belong together, and is it told to whom it is for (spec §6.8)?

Each detail costs two look-ups, so a payment of many is judged in linear time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from claimgw.conformance.case import Case, codes_at, object_at, objects_at, place, text_at
from claimgw.conformance.history.beyond import unknown
from claimgw.conformance.history.mentions import named
from claimgw.conformance.memory import Request, Standing, Statement
from claimgw.conformance.rules.facts.moments import day, later
from claimgw.messages.envelope import Entry
from claimgw.messages.findings import Finding
from claimgw.messages.identifiers import Identifier

_ANSWERS = frozenset({"claim-response", "priorauth-response"})
_SEE = "Name the claim and the answer that are paid by system and value"


@dataclass(frozen=True, slots=True)
class _Detail:
    """A part of a payment, with what is on record of the claim and of the answer it names."""

    path: str
    given: dict[str, Any]
    asked: Identifier | None
    request: Request | None
    answered: Identifier | None
    answer: Statement | None

    @property
    def payment(self) -> bool:
        """Not an adjustment, which takes money back too, nor an advance."""
        return "payment" in {code for _, code in codes_at(self.given, "type")}


def on_record(case: Case) -> Iterator[Finding]:
    """BV-00024, BV-00362: the claim and the answer of a payment detail are on record."""
    for one in _details(case):
        if one.asked is not None and one.request is None:
            text = "There is no such claim of this provider on record"
            yield unknown(case, "BV-00024", f"{one.path}.request", text, _SEE)
        if one.answered is not None and one.answer is None:
            yield unknown(
                case,
                "BV-00362",
                f"{one.path}.response.identifier",
                "There is no such answer to this provider on record",
                _SEE,
                day(one.given.get("date")),
            )


def in_force(case: Case) -> Iterator[Finding]:
    """BV-00401, BV-00430, BV-00431: claims that stand are paid, by answers that are complete."""
    for one in _details(case):
        if one.request is not None and _void(one, one.request):
            yield Finding(
                "BV-00430",
                f"{one.path}.request",
                "The claim was refused, cancelled or nullified",
                "Tell payments of claims that stand; take money back as an adjustment",
            )
        if one.answer is not None and (one.answer.event not in _ANSWERS or one.answer.outcome == "error"):
            yield Finding(
                "BV-00431",
                f"{one.path}.response",
                "This is no answer that decides on a claim",
                "Name the answer that says what is paid",
            )
        elif one.answer is not None and one.answer.outcome in ("queued", "partial"):
            yield Finding(
                "BV-00401",
                f"{one.path}.response",
                "The answer is not complete",
                "Tell the payment when the answer is complete",
            )


def belonging(case: Case) -> Iterator[Finding]:
    """BV-00432: the answer of a payment detail is one to the claim beside it."""
    for one in _details(case):
        answered = one.answer.request if one.answer else None
        if one.asked is not None and answered not in (None, one.asked):
            yield Finding("BV-00432", one.path, "The answer is to another claim", _SEE)


def dated(case: Case) -> Iterator[Finding]:
    """BV-00236, BV-00363: a detail has the date of its answer, and the payment is no older than that."""
    payment = _payment(case)
    created = payment.resource.get("created") if payment else None
    early = False
    for one in _details(case):
        answered = one.answer.created if one.answer else None
        paid, written = day(one.given.get("date")), day(answered)
        if paid is not None and written is not None and paid != written:
            yield Finding(
                "BV-00363",
                f"{one.path}.date",
                "The date is not that of the answer",
                "Repeat the day on which the answer was created",
            )
        early = early or later(answered, created)
    if payment is not None and early:
        yield Finding(
            "BV-00236",
            f"{place(payment)}.created",
            "The payment is dated before an answer that it pays",
            "Date it when it was made",
        )


def directed(case: Case) -> Iterator[Finding]:
    """BV-00476, BV-00495, BV-00496: who claimed is paid and told so, or whom the claim named instead."""
    told: set[str] = set()
    for one in _details(case):
        due, code = _due(one)
        if due is None:
            continue
        payee = case.envelope.party(one.given.get("payee"), case.envelope.focal)
        if payee is not None and str(payee) != due:
            yield Finding(
                "BV-00476",
                f"{one.path}.payee",
                "The claim names another party to be paid",
                "Pay the provider that claimed, or the party that its claim names",
            )
        if case.envelope.receiver is not None and str(case.envelope.receiver) != due and code not in told:
            told.add(code)
            yield Finding(
                code,
                "bundle.entry[0].resource.destination[0].receiver",
                "The payment is told to another party than the one that is to be paid",
                "Send each party the payments that are for it",
            )


def _due(one: _Detail) -> tuple[str | None, str]:
    """The licence of whom the money is for, None if nobody can tell; and the code for telling another.

    The answer says whether it is the provider or another; where it does not, the claim.
    """
    if one.request is None:
        return None, ""
    claim, answer = _focal(one.request), _focal(one.answer)
    kinds = codes_at(answer and answer.resource, "payeeType")
    kinds = kinds or codes_at(claim and claim.resource, "payee", "type")
    if "other" not in {kind for _, kind in kinds}:
        return one.request.provider, "BV-00495"
    message = one.request.message
    named_instead = object_at(claim and claim.resource, "payee", "party")
    party = message.party(named_instead, claim) if message else None
    return str(party) if party else None, "BV-00496"


def _focal(one: Request | Statement | None) -> Entry | None:
    return one.message.focal if one and one.message else None


def _void(one: _Detail, request: Request) -> bool:
    ended = request.standing in (Standing.CANCELLED, Standing.NULLIFIED)
    return request.standing is Standing.REFUSED or (one.payment and ended)


def _details(case: Case) -> Iterator[_Detail]:
    payment, memory = _payment(case), case.memory
    if payment is None or memory is None:
        return
    for index, detail in objects_at(payment.resource, "detail"):
        asked = named(case.envelope, detail.get("request"), payment)
        answered = named(case.envelope, detail.get("response"), payment)
        yield _Detail(
            f"{place(payment)}.detail[{index}]",
            detail,
            asked,
            memory.request("Claim", asked),
            answered,
            memory.statement("ClaimResponse", answered),
        )


def _payment(case: Case) -> Entry | None:
    focal = case.envelope.focal
    return focal if focal is not None and focal.type == "PaymentReconciliation" else None


def notice(case: Case) -> Iterator[Finding]:
    """BV-00193, BV-00357, BV-00510: a notice names a payment that was told to its sender, and is no older."""
    focal, memory = case.envelope.focal, case.memory
    if focal is None or memory is None or focal.type != "PaymentNotice":
        return
    given = named(case.envelope, focal.resource.get("payment"), focal)
    if given is None:
        return
    told = memory.statement("PaymentReconciliation", given)
    if told is None:
        yield unknown(
            case,
            "BV-00193",
            f"{place(focal)}.payment",
            "There is no such payment reconciliation on record",
            "Name the reconciliation by the system and value of its identifier",
        )
        return
    if case.envelope.sender is not None and str(case.envelope.sender) != told.provider:
        yield Finding(
            "BV-00357",
            place(focal),
            "The reconciliation went to another party than the sender",
            "Let the party that was told of the payment send the notice",
        )
    if later(_payment_date(told), focal.resource.get("paymentDate")):
        yield Finding(
            "BV-00510",
            f"{place(focal)}.paymentDate",
            "The payment is dated before the day that the reconciliation gives",
            "Give the day on which the money came",
        )


def _payment_date(told: Statement) -> str | None:
    payment = _focal(told)
    return text_at(payment.resource, "paymentDate") if payment else None
