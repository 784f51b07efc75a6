"""What is left for the patient to pay, once the insurer has decided?"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from claimgw.client.cases import focal
from claimgw.client.reading import amount, objects
from claimgw.client.views import lines, totals
from claimgw.messages.envelope import Envelope

_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Share:
    """SAR that were billed, and that the insurer pays; the patient's part is the rest."""

    net: Decimal
    benefit: Decimal

    @property
    def patient(self) -> Decimal:
        return self.net - self.benefit


@dataclass(frozen=True, slots=True)
class Gap:
    """The gap of a claim. `items` by sequence: of the claim's items only those that the answer judges."""

    total: Share
    items: Mapping[int, Share]

    @property
    def benefit(self) -> Decimal:
        return self.total.benefit

    @property
    def patient(self) -> Decimal:
        """Σ net of all items − benefit: real totals often lack a patient share."""
        return self.total.patient


def gap(claim: bytes | Envelope, response: bytes | Envelope) -> Gap:
    """The gap between a claim and a ClaimResponse to it.

    The benefit is the total of that category, else the sum over the items. Raises NotAMessage if one of
    the two is no such message.
    """
    asked, told = focal(claim, "Claim"), focal(response, "ClaimResponse")
    nets = _nets(asked)
    benefits = {
        sequence: lines(row).get("benefit", _NOTHING)
        for row in objects(told.get("item"))
        if isinstance(sequence := row.get("itemSequence"), int)
    }
    benefit = totals(told).get("benefit")
    return Gap(
        Share(sum(nets.values(), _NOTHING), sum(benefits.values(), _NOTHING) if benefit is None else benefit),
        {sequence: Share(nets[sequence], paid) for sequence, paid in benefits.items() if sequence in nets},
    )


def _nets(claim: Mapping[str, Any]) -> dict[int, Decimal]:
    return {
        sequence: amount(row.get("net")) or _NOTHING
        for row in objects(claim.get("item"))
        if isinstance(sequence := row.get("sequence"), int)
    }
