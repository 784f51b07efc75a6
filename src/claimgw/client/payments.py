"""How does an insurer tell what it pays (spec §6.8)? Sums are made here, so that they are exact."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from claimgw.client.faults import ClientFault
from claimgw.client.parties import Insurer, Provider
from claimgw.client.writing import concept, entry, message, reference
from claimgw.ids import new_id
from claimgw.messages.frame import instant, profile
from claimgw.messages.identifiers import CODES, DEFINITIONS, Identifier

_ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Settled:
    """What is paid for one claim, in SAR. `kind` is payment or adjustment; fees are negative in a payment.

    `claim` and `response` are the identifiers of the claim and of the answer it is paid by, `answered` is
    the day of that answer (BV-00363).
    """

    claim: Identifier
    response: Identifier
    answered: date
    component: Decimal
    early_fee: Decimal = _ZERO
    nphies_fee: Decimal = _ZERO
    kind: str = "payment"

    @property
    def amount(self) -> Decimal:
        """What is left of it after fees (BV-00479)."""
        return self.component + self.early_fee + self.nphies_fee


def payment_reconciliation(
    insurer: Insurer,
    provider: Provider,
    settled: Sequence[Settled],
    now: datetime,
    *,
    period: tuple[date, date],
    paid: date,
    transfer: Identifier,
    method: str = "eft",
) -> bytes:
    """The message, to send through GatewayClient. `transfer` is the bank's reference, `method` eft or check.

    Raises ClientFault if nothing is settled.
    """
    if not settled:
        raise ClientFault("a reconciliation settles one claim at least")
    own, home, payer = (new_id(now) for _ in range(3))
    system = f"{insurer.licence.system}/{insurer.licence.value}"
    start, end = period
    resource = {
        "resourceType": "PaymentReconciliation",
        "id": own,
        "meta": profile("payment-reconciliation"),
        "identifier": [{"system": system + "/payment-reconciliation", "value": own}],
        "status": "active",
        "period": {"start": start.isoformat(), "end": end.isoformat()},
        "created": instant(now),
        "paymentIssuer": reference(payer),
        "requestor": reference(home),
        "outcome": "complete",
        "paymentDate": paid.isoformat(),
        "paymentAmount": _money(sum((one.amount for one in settled), Decimal(0))),
        "paymentIdentifier": {
            "type": concept(CODES + "payment-method", method),
            **transfer.on_the_wire(),
        },
        "detail": [
            _detail(one, number, system, payee=reference(home)) for number, one in enumerate(settled, 1)
        ],
    }
    entries = [resource, insurer.organization(payer), provider.organization(home)]
    return message(
        "payment-reconciliation",
        insurer.licence,
        provider.licence,
        [entry(one) for one in entries],
        now,
    )


def _detail(one: Settled, number: int, system: str, payee: dict[str, str]) -> dict[str, Any]:
    components = {
        "component-payment": one.component,
        "component-early-fee": one.early_fee,
        "component-nphies-fee": one.nphies_fee,
    }
    return {
        "extension": [
            {"url": f"{DEFINITIONS}extension-{name}", "valueMoney": _money(value)}
            for name, value in components.items()
        ],
        "identifier": {"system": system + "/payment-detail", "value": str(number)},
        "type": concept("http://terminology.hl7.org/CodeSystem/payment-type", one.kind),
        "request": {"type": "Claim", "identifier": one.claim.on_the_wire()},
        "submitter": payee,
        "response": {"type": "ClaimResponse", "identifier": one.response.on_the_wire()},
        "date": one.answered.isoformat(),
        "payee": payee,
        "amount": _money(one.amount),
    }


def _money(value: Decimal) -> dict[str, Any]:
    return {"value": value, "currency": "SAR"}
