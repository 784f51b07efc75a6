"""What does the insurer pay, to whom? One reconciliation for each provider that is owed something.

Of each complete claim with a benefit, in SAR to two decimals:

    component-payment    = its benefit
    component-nphies-fee = − 1 % of it, rounded half up
    component-early-fee  = 0.00
    amount               = the sum of the three (BV-00479)

`paymentAmount` is the sum of the amounts (BV-00354). A claim is paid once: what is decided anew
after the payment is not adjusted.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from claimgw.insurers.sandbox import answers
from claimgw.insurers.sandbox.adjudicate import ZERO, rounded
from claimgw.insurers.sandbox.answers import Way
from claimgw.insurers.sandbox.cases import Case, Kind
from claimgw.insurers.sandbox.claim_response import RIYADH, Stage, Stamp, local, riyadh_day
from claimgw.insurers.sandbox.members import organization
from claimgw.insurers.sandbox.reading import Party, Request, code_of, record
from claimgw.insurers.sandbox.terms import (
    BASE,
    CS,
    HL7,
    PROVIDER,
    Json,
    concept,
    extension,
    meta,
    money,
    own_identifier,
    url_of,
)

FEE_RATE = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Debt:
    """A claim to be paid. `payee` is who submitted it, or whom it names to be paid instead (BV-00496)."""

    case: Case
    request: Request
    payee: Party


def debts(cases: Iterable[Case]) -> list[list[Debt]]:
    """The claims to pay now, together where insurer and payee are the same."""
    together: dict[tuple[str, Party], list[Debt]] = {}
    for case in cases:
        if _due(case):
            request = case.request
            debt = Debt(case, request, _payee(request))
            together.setdefault((case.insurer, debt.payee), []).append(debt)
    return list(together.values())


def reconciliation(owed: list[Debt], stamp: Stamp) -> bytes:
    """The message that pays debts to one payee by one insurer."""
    asked = owed[0].request
    insurer, payee = organization(asked.receiver), organization(owed[0].payee)
    submitters = {one.request.sender: organization(one.request.sender) for one in owed}
    details = [_detail(one, payee, submitters[one.request.sender]) for one in owed]
    days = [_day(one.case.answers[-1].created, stamp.at) for one in owed]
    payment: Json = {
        "resourceType": "PaymentReconciliation",
        "id": stamp.focal_id,
        "meta": meta("payment-reconciliation"),
        "identifier": [own_identifier("PaymentReconciliation", stamp.focal_id)],
        "status": "active",
        "period": {"start": min(days), "end": max(days)},
        "created": local(stamp.at),
        "paymentIssuer": {"reference": url_of(insurer)},
        "requestor": {"reference": url_of(payee)},
        "outcome": "complete",
        "disposition": "Paid.",
        "paymentDate": riyadh_day(stamp.at).isoformat(),
        "paymentAmount": money(sum((one["amount"]["value"] for one in details), ZERO)),
        "paymentIdentifier": {
            "type": concept(CS + "payment-method", "eft"),
            "system": f"{BASE}/transfer",
            "value": stamp.focal_id,
        },
        "detail": details,
    }
    others = {one["id"]: one for one in (insurer, payee, *submitters.values())}
    way = Way(asked.receiver, owed[0].payee, asked.destination_endpoint, asked.source_endpoint)
    return answers.started("payment-reconciliation", way, [payment, *others.values()], stamp)


def _due(case: Case) -> bool:
    if case.kind is not Kind.CLAIM or case.cancelled or case.paid or not case.answers:
        return False
    said = case.answers[-1]
    return said.outcome == Stage.COMPLETE and said.benefit > 0


def _payee(request: Request) -> Party:
    """The sender, unless the claim says that another is to be paid and who (BV-00476)."""
    payee = record(request.focal.get("payee"))
    if code_of(payee.get("type")) == "other":
        party = request.party(record(payee.get("party")))
        if party.system == PROVIDER and party.value:
            return party
    return request.sender


def _detail(debt: Debt, payee: Json, submitter: Json) -> Json:
    said = debt.case.answers[-1]
    fee = -rounded(said.benefit * FEE_RATE)
    components = {"payment": said.benefit, "early-fee": ZERO, "nphies-fee": fee}
    return {
        "extension": [
            extension(f"component-{name}", valueMoney=money(amount)) for name, amount in components.items()
        ],
        "type": concept(HL7 + "payment-type", "payment"),
        "request": {"type": "Claim", "identifier": debt.request.identifier},
        "submitter": {"reference": url_of(submitter)},
        "response": {"type": "ClaimResponse", "identifier": said.identifier},
        "date": said.created[:10],  # BV-00363
        "payee": {"reference": url_of(payee)},
        "amount": money(sum(components.values(), ZERO)),
    }


def _day(created: str, now: datetime) -> str:
    """The day of a response; the period ends by the time of payment whatever was said (BV-00053)."""
    return min(created[:10], now.astimezone(RIYADH).date().isoformat())
