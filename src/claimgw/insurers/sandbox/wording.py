"""What does the insurer say to each event: a business answer, or that the message came?"""

from dataclasses import dataclass
from typing import Any, assert_never

from claimgw.insurers.sandbox import answers, eligibility, tasks
from claimgw.insurers.sandbox.adjudicate import Judgement, adjudicate
from claimgw.insurers.sandbox.answers import DECLINED, NOT_SUPPORTED, Fault
from claimgw.insurers.sandbox.cases import Case
from claimgw.insurers.sandbox.claim_response import PayerError, Stage, Stamp, decided
from claimgw.insurers.sandbox.claim_response import refused as refused_claim
from claimgw.insurers.sandbox.reading import Request
from claimgw.insurers.sandbox.terms import Json


@dataclass(frozen=True, slots=True)
class Turn:
    """A message that came, and the case that it is or is about."""

    request: Request
    case: Case | None = None

    @property
    def earlier(self) -> tuple[str, ...]:
        """The outcomes said of the case so far."""
        return self.case.outcomes if self.case else ()


@dataclass(frozen=True, slots=True)
class Business:
    """An answer of the event's own kind: its focus, then what is said beside it."""

    resources: tuple[Json, ...]


@dataclass(frozen=True, slots=True)
class Receipt:
    """An acknowledgement, with the fault where the message was not taken."""

    fault: Fault | None = None


Said = Business | Receipt

# What has to be in focus for an event to be answered.
_FOCUS = {
    "eligibility-request": "CoverageEligibilityRequest",
    "cancel-request": "Task",
    "status-check": "Task",
}


def said(turn: Turn, judgement: Judgement, stamp: Stamp) -> Said:
    """The honest answer, when the insurer is so disposed."""
    request = turn.request
    if request.claim is not None:
        return Business((decision(request, judgement, stamp, Stage.COMPLETE, turn.earlier),))
    if request.event in {"communication", "error-notice"}:
        return Receipt()
    if not answerable(request):
        return Receipt(NOT_SUPPORTED)
    match request.event:
        case "eligibility-request":
            return Business(eligibility.response(request, judgement, stamp))
        case "cancel-request":
            return Business((tasks.cancellation(request, turn.case, judgement, stamp),))
        case _:
            return Business((tasks.status(request, turn.case, stamp),))


def refused(turn: Turn, error: PayerError, stamp: Stamp) -> Said:
    """The answer that the request has no standing, with one coded error."""
    request = turn.request
    if request.claim is not None:
        return Business((refused_claim(request, error, stamp),))
    if not answerable(request):
        return Receipt(DECLINED)
    if request.event == "eligibility-request":
        return Business((eligibility.refused(request, error, stamp),))
    return Business((tasks.refused(request, error, stamp),))


def decision(
    request: Request, judgement: Judgement, stamp: Stamp, stage: Stage, earlier: tuple[str, ...]
) -> Json:
    """The ClaimResponse that judges every item of a Claim."""
    return decided(request, adjudicate(request.claim or {}, judgement), stamp, stage=stage, earlier=earlier)


def spoken(request: Request, what: Said, stamp: Stamp, **wrong: Any) -> bytes:
    """The answer as a message of the same session; `wrong` as in `answers.in_session`."""
    match what:
        case Business(resources=(focus, *beside)):
            return answers.in_session(request, focus, stamp, beside=tuple(beside), **wrong)
        case Business():
            raise AssertionError("a business answer has a focus")
        case Receipt(fault=fault):
            return answers.acknowledgement(request, stamp, fault, **wrong)
        case _:
            assert_never(what)


def answerable(request: Request) -> bool:
    """Whether there is what an event other than a claim's is answered about."""
    expected = _FOCUS.get(request.event)
    return expected is not None and request.focal.get("resourceType") == expected
