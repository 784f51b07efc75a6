"""How does an insurer's decision on a claim or authorization become a ClaimResponse?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from claimgw.client.reading import objects
from claimgw.client.writing import concept
from claimgw.ids import new_id
from claimgw.messages.echo import Echo
from claimgw.messages.envelope import Entry
from claimgw.messages.findings import Finding, business_errors
from claimgw.messages.frame import instant, profile, without_none
from claimgw.messages.identifiers import CODES, DEFINITIONS, Identifier

_HL7 = "http://terminology.hl7.org/CodeSystem/adjudication"
_KSA = CODES + "ksa-adjudication"
_KSA_CATEGORIES = frozenset({"rejected", "patientShare", "discount"})
_PROFILES = {"claim": "claim-response", "preauthorization": "prior-auth-response"}
_BATCH = tuple(f"{DEFINITIONS}extension-batch-{name}" for name in ("identifier", "number", "period"))
_INVOICE = DEFINITIONS + "extension-patientInvoice"


@dataclass(frozen=True, slots=True)
class Line:
    """What the insurer decided of one item, or of one detail of it, by its sequence in the claim.

    `outcome` is approved, partial, rejected or not-required; `amounts` are SAR by category: submitted,
    eligible, copay, deductible, tax, benefit, patientShare, … `quantity` is the approved one, `reason` of
    CodeSystem adjudication-reason, needed where something is not paid (BV-00392).
    """

    sequence: int
    outcome: str
    amounts: Mapping[str, Decimal]
    quantity: Decimal | int | None = None
    reason: str | None = None
    details: tuple["Line", ...] = ()


@dataclass(frozen=True, slots=True)
class Ruling:
    """A decision: `outcome` complete or partial, and its lines. Totals are their sums (BV-00374).

    `authorization` is the preAuthRef and `valid` its period, both for authorizations; `reissue` is of
    CodeSystem reissue-reason, needed after the first complete answer (BV-00055).
    """

    lines: tuple[Line, ...]
    outcome: str = "complete"
    disposition: str | None = None
    authorization: str | None = None
    valid: tuple[date, date] | None = None
    reissue: str | None = None

    @property
    def adjudication(self) -> str:
        """The outcome of the whole: that of all lines if it is one, else partial (BV-00393 … 397)."""
        outcomes = {line.outcome for line in self.lines}
        return outcomes.pop() if len(outcomes) == 1 else "partial"


def ruled(ruling: Ruling, claim: Entry) -> dict[str, Any]:
    """The elements of a ClaimResponse that hold a decision."""
    said = [extension("adjudication-outcome", concept(CODES + "adjudication-outcome", ruling.adjudication))]
    if ruling.reissue:
        said.append(extension("adjudication-reissue", concept(CODES + "reissue-reason", ruling.reissue)))
    start, end = ruling.valid or (None, None)
    return {
        "extension": said,
        "outcome": ruling.outcome,
        "disposition": ruling.disposition,
        "preAuthRef": ruling.authorization,
        "preAuthPeriod": {"start": start.isoformat(), "end": end.isoformat()} if start and end else None,
        "item": [_item(line, _invoices(claim).get(line.sequence)) for line in ruling.lines],
        "total": [_amount(category, value) for category, value in _totals(ruling.lines).items()],
    }


def pended(disposition: str | None) -> dict[str, Any]:
    """The elements of one that says: received, and not looked at yet (spec §7.1)."""
    return {
        "extension": [extension("adjudication-outcome", concept(CODES + "adjudication-outcome", "pended"))],
        "outcome": "queued",
        "disposition": disposition,
    }


def rejected(findings: Sequence[Finding]) -> dict[str, Any]:
    """The elements of one that gives the request no standing: errors, and nothing decided (spec §7.1)."""
    return {"outcome": "error", "error": business_errors(findings)}


def claim_response(
    claim: Entry, identifier: Identifier, echo: Echo, system: str, now: datetime, content: dict[str, Any]
) -> dict[str, Any]:
    """A ClaimResponse with that content; what is said of the claim, the parties included, is the claim's.

    `system` is the insurer's for its own identifiers.
    """
    given = claim.resource
    own = new_id(now)
    batch = [row for row in objects(given.get("extension")) if row.get("url") in _BATCH]
    response = {
        "resourceType": "ClaimResponse",
        "id": own,
        "meta": profile(_PROFILES.get(str(given.get("use")), "claim-response")),
        "extension": [*content.get("extension", ()), *batch] or None,
        "identifier": [{"system": system, "value": own}],
        "status": "active",
        **{name: given.get(name) for name in ("type", "subType", "use")},
        "patient": echo.reference(given.get("patient"), claim),
        "created": instant(now),
        "insurer": echo.reference(given.get("insurer"), claim),
        "requestor": echo.reference(given.get("provider"), claim),
        "request": {"type": "Claim", "identifier": identifier.on_the_wire()},
        "insurance": [
            {"sequence": row.get("sequence"), "focal": row.get("focal"), "coverage": coverage}
            for row in objects(given.get("insurance"))
            if (coverage := echo.reference(row.get("coverage"), claim))
        ]
        or None,
    }
    return without_none(response | {key: value for key, value in content.items() if key != "extension"})


def extension(name: str, value: dict[str, Any]) -> dict[str, Any]:
    """An extension of the guide whose value is a CodeableConcept."""
    return {"url": f"{DEFINITIONS}extension-{name}", "valueCodeableConcept": value}


def _item(line: Line, invoice: Any) -> dict[str, Any]:
    said = [extension("adjudication-outcome", concept(CODES + "adjudication-outcome", line.outcome))]
    if invoice is not None:  # BV-00534, BV-00537
        said.append({"url": _INVOICE, "valueIdentifier": invoice})
    details = [
        {"detailSequence": part.sequence, "adjudication": list(_adjudication(part))} for part in line.details
    ]
    item = {
        "extension": said,
        "itemSequence": line.sequence,
        "adjudication": list(_adjudication(line)),
        "detail": details or None,
    }
    return without_none(item)


def _adjudication(line: Line) -> Iterator[dict[str, Any]]:
    for category, value in line.amounts.items():
        row = _amount(category, value)
        if line.reason and category == "benefit":
            row["reason"] = concept(CODES + "adjudication-reason", line.reason)
        yield row
    if line.quantity is not None:
        yield {"category": concept(_KSA, "approved-quantity"), "value": line.quantity}


def _invoices(claim: Entry) -> dict[int, Any]:
    return {
        row["sequence"]: said["valueIdentifier"]
        for row in objects(claim.resource.get("item"))
        for said in objects(row.get("extension"))
        if said.get("url") == _INVOICE and "valueIdentifier" in said and isinstance(row.get("sequence"), int)
    }


def _totals(lines: Sequence[Line]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for line in lines:
        for category, value in line.amounts.items():
            sums[category] = sums.get(category, Decimal(0)) + value
    return sums


def _amount(category: str, value: Decimal) -> dict[str, Any]:
    system = _KSA if category in _KSA_CATEGORIES else _HL7
    return {"category": concept(system, category), "amount": {"value": value, "currency": "SAR"}}
