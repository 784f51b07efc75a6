"""What does the insurer grant, line by line?

The arithmetic, all in SAR, each amount rounded half up to two decimals:

    submitted = item.net, or quantity × unitPrice × factor + tax where net is absent
    eligible  = submitted × share          share: approved 1, partial ½, rejected 0
    copay     = 20 % of eligible, at most 75.00
    benefit   = eligible − copay
    tax       = the tax inside eligible: tax of the item × share, at most eligible
    approved-quantity = quantity; 0 when rejected (a partial approval cuts the price, not the number)

An item with details that is no package is the sum of its details (BV-00224 makes them its net), so its
copay is capped detail by detail. A package is judged by its own net and its details go unanswered:
BV-00026 asks for them only outside packages. Totals are the plain sums over the items.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from functools import reduce
from typing import assert_never

from claimgw.insurers.sandbox.reading import first, number, record, records
from claimgw.insurers.sandbox.terms import Json, extensions_named

CENT = Decimal("0.01")
ZERO = Decimal("0.00")
COPAY_RATE = Decimal("0.20")
COPAY_CAP = Decimal("75.00")


class Judgement(StrEnum):
    """What the insurer sets out to do with the claim as a whole."""

    APPROVE = "approve"
    PARTIAL = "partial"  # the first item in half, the others in full
    REJECT = "reject"


class Outcome(StrEnum):
    """Codes of CS/adjudication-outcome that a judged item or answer can bear."""

    APPROVED = "approved"
    PARTIAL = "partial"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Reason:
    """A code of CS/adjudication-reason, valid for claims and authorizations alike."""

    code: str
    display: str = ""


# Not clinically justified. Its display is longer than the 100 characters a display may have (BV-00279).
NOT_JUSTIFIED = Reason("MN-1-1")
LIMIT_REACHED = Reason("CV-3-1", "Benefit maximum for this time period or occurrence has been reached")


@dataclass(frozen=True, slots=True)
class Amounts:
    """What is granted of one item, or of all. SAR, two decimals."""

    eligible: Decimal = ZERO
    copay: Decimal = ZERO
    tax: Decimal = ZERO

    @property
    def benefit(self) -> Decimal:
        return self.eligible - self.copay

    def __add__(self, other: "Amounts") -> "Amounts":
        return Amounts(self.eligible + other.eligible, self.copay + other.copay, self.tax + other.tax)


@dataclass(frozen=True, slots=True)
class Line:
    """The verdict on one item or detail, known by its sequence in the request."""

    sequence: int
    outcome: Outcome
    amounts: Amounts
    quantity: Decimal
    invoice: Json | None = None
    details: tuple["Line", ...] = ()

    @property
    def reason(self) -> Reason | None:
        """Why not everything was granted (BV-00392)."""
        match self.outcome:
            case Outcome.APPROVED:
                return None
            case Outcome.PARTIAL:
                return LIMIT_REACHED
            case Outcome.REJECTED:
                return NOT_JUSTIFIED
            case _:
                assert_never(self.outcome)


@dataclass(frozen=True, slots=True)
class Adjudication:
    """The verdict on every item of a claim, with its roll-up and totals."""

    items: tuple[Line, ...]

    @property
    def outcome(self) -> Outcome:
        """All approved → approved, all rejected → rejected, otherwise partial (BV-00393, 394, 397)."""
        outcomes = {item.outcome for item in self.items}
        return outcomes.pop() if len(outcomes) == 1 else Outcome.PARTIAL

    @property
    def totals(self) -> Amounts:
        return _sum(self.items)


def adjudicate(claim: Json, judgement: Judgement) -> Adjudication:
    """The verdict on a Claim with at least one item."""
    items = records(claim.get("item"))
    return Adjudication(
        tuple(_item(item, place, _outcome(judgement, place)) for place, item in enumerate(items, start=1))
    )


def _outcome(judgement: Judgement, place: int) -> Outcome:
    match judgement:
        case Judgement.APPROVE:
            return Outcome.APPROVED
        case Judgement.PARTIAL:
            return Outcome.PARTIAL if place == 1 else Outcome.APPROVED
        case Judgement.REJECT:
            return Outcome.REJECTED
        case _:
            assert_never(judgement)


def _item(item: Json, place: int, outcome: Outcome) -> Line:
    held = records(item.get("extension"))
    package = first(extensions_named(["package"], held)).get("valueBoolean") is True
    invoice = record(first(extensions_named(["patientInvoice"], held)).get("valueIdentifier"))
    parts = [] if package else records(item.get("detail"))
    details = tuple(
        Line(_sequence(part, at), outcome, _amounts(part, outcome), _quantity(part, outcome))
        for at, part in enumerate(parts, start=1)
    )
    return Line(
        sequence=_sequence(item, place),
        outcome=outcome,
        amounts=_sum(details) if details else _amounts(item, outcome),
        quantity=_quantity(item, outcome),
        invoice=invoice or None,
        details=details,
    )


def _amounts(line: Json, outcome: Outcome) -> Amounts:
    share = _share(outcome)
    eligible = rounded(submitted(line) * share)
    copay = min(rounded(eligible * COPAY_RATE), COPAY_CAP)
    return Amounts(eligible, copay, min(rounded(_tax(line) * share), eligible))


def _share(outcome: Outcome) -> Decimal:
    match outcome:
        case Outcome.APPROVED:
            return Decimal(1)
        case Outcome.PARTIAL:
            return Decimal("0.5")
        case Outcome.REJECTED:
            return Decimal(0)
        case _:
            assert_never(outcome)


def submitted(line: Json) -> Decimal:
    """What was asked for an item or detail, never below zero."""
    net = number(record(line.get("net")).get("value"))
    if net is None:
        price = number(record(line.get("unitPrice")).get("value")) or ZERO
        factor = number(line.get("factor"))
        net = _asked_quantity(line) * price * (Decimal(1) if factor is None else factor) + _tax(line)
    return max(net, ZERO)


def _tax(line: Json) -> Decimal:
    held = first(extensions_named(["tax"], records(line.get("extension"))))
    return max(number(record(held.get("valueMoney")).get("value")) or ZERO, ZERO)


def _asked_quantity(line: Json) -> Decimal:
    quantity = number(record(line.get("quantity")).get("value"))
    return Decimal(1) if quantity is None else max(quantity, Decimal(0))


def _quantity(line: Json, outcome: Outcome) -> Decimal:
    return Decimal(0) if outcome is Outcome.REJECTED else _asked_quantity(line)


def _sequence(line: Json, place: int) -> int:
    sequence = line.get("sequence")
    return sequence if isinstance(sequence, int) else place


def _sum(lines: Sequence[Line]) -> Amounts:
    return reduce(Amounts.__add__, (line.amounts for line in lines), Amounts())


def rounded(amount: Decimal) -> Decimal:
    """Half up to two decimals, as money is written."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)
