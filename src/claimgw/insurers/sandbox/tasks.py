"""What does the insurer say to a cancellation and to a status check? A Task, from what it knows."""

from dataclasses import dataclass

from claimgw.insurers.sandbox.adjudicate import Judgement
from claimgw.insurers.sandbox.cases import CANCELLED, Case, Kind
from claimgw.insurers.sandbox.claim_response import PayerError, Stamp, local
from claimgw.insurers.sandbox.reading import Request, record
from claimgw.insurers.sandbox.terms import (
    CS,
    REMITTANCE_OUTCOME,
    Json,
    concept,
    meta,
    own_identifier,
    payer_error,
)

_STATUS_REASON = CS + "task-status-reason"
_OUTPUT = CS + "task-output-type"
_ECHOED = ("focus", "code", "reasonCode", "description")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a cancellation is refused: a code of CS/task-status-reason, an error, or both (BV-00876)."""

    reason: str = ""
    error: PayerError | None = None


UNKNOWN_CLAIM = PayerError("BV-00222", "No claim of this identifier came from this provider", "focus")
UNKNOWN_TARGET = PayerError("BV-00459", "The target of the status check was not found", "focus")
CANCELLED_BEFORE = PayerError("BV-00143", "It is cancelled already", "focus")


def cancellation(request: Request, case: Case | None, judgement: Judgement, stamp: Stamp) -> Json:
    """Completed, or failed with the reason. A cancellation that is to be rejected is in process."""
    refusal = refusal_of(case)
    if refusal is None and judgement is Judgement.REJECT:
        refusal = Refusal("in-process")
    if refusal is None:
        return _answer(request, stamp, "completed")
    task = _answer(request, stamp, "failed")
    if refusal.reason:
        task["statusReason"] = concept(_STATUS_REASON, refusal.reason)
    if refusal.error is not None:
        task["output"] = [_error(request, refusal.error)]
    return task


def refusal_of(case: Case | None) -> Refusal | None:
    """Why that case cannot be cancelled; `claimed` is said of authorizations only (BV-00464)."""
    if case is None:
        return Refusal("rejected", UNKNOWN_CLAIM)
    if case.cancelled:
        return Refusal("rejected", CANCELLED_BEFORE)
    if case.kind is not Kind.CLAIM and case.claimed:
        return Refusal("claimed")
    return Refusal("rejected") if case.paid else None


def status(request: Request, case: Case | None, stamp: Stamp) -> Json:
    """What became of the target so far, or that there is none."""
    if case is None:
        return refused(request, UNKNOWN_TARGET, stamp)
    state = case.state
    system = CS + "claim-response-outcome" if state == CANCELLED else REMITTANCE_OUTCOME
    output = {"type": concept(_OUTPUT, "status"), "valueCodeableConcept": concept(system, state)}
    return {**_answer(request, stamp, "completed"), "output": [output]}


def refused(request: Request, error: PayerError, stamp: Stamp) -> Json:
    """Failed, with one coded error (BV-00875)."""
    return {**_answer(request, stamp, "failed"), "output": [_error(request, error)]}


def _answer(request: Request, stamp: Stamp, state: str) -> Json:
    asked = request.focal
    return {
        "resourceType": "Task",
        "id": stamp.focal_id,
        "meta": meta("task"),
        "identifier": [own_identifier("Task", stamp.focal_id)],
        "status": state,
        "intent": "order",
        "priority": "routine",
        **{name: asked[name] for name in _ECHOED if name in asked},
        "authoredOn": local(stamp.at),
        "lastModified": local(stamp.at),
        "requester": request.absolute(record(asked.get("requester"))),
        "owner": request.absolute(record(asked.get("owner"))),
    }


def _error(request: Request, error: PayerError) -> Json:
    place = f"bundle.entry[{request.focal_place}].resource.{error.element}"
    return {
        "type": concept(_OUTPUT, "error"),
        "valueCodeableConcept": payer_error(error.code, error.display, place),
    }
