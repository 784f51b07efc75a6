"""Is a cancellation or a status check about a resource of a type that it may be about (spec §6.5, §6.6)?"""

from collections.abc import Iterator
from dataclasses import dataclass

from claimgw.conformance.case import Case, codes_at, object_at, place, text_at
from claimgw.messages.events import Leg
from claimgw.messages.findings import Finding


@dataclass(frozen=True, slots=True)
class _Aim:
    """The types that may be meant, and the code of another one in the request and in its answer."""

    types: frozenset[str]
    request: str
    answer: str


_CLAIM = frozenset({"Claim"})
_AIMS = {
    # A ClaimResponse is an advanced authorization, a ServiceRequest a referral.
    "cancel": _Aim(frozenset({"Claim", "ClaimResponse", "ServiceRequest"}), "BV-00131", "BV-00132"),
    "status": _Aim(_CLAIM, "BV-00134", "BV-00135"),
    "nullify": _Aim(_CLAIM, "BV-00178", "BV-00179"),
}
_EVENTS = frozenset(f"{name}-{leg}" for name in ("cancel", "nullify") for leg in ("request", "response")) | {
    "status-check",
    "status-response",
}


def aims(case: Case) -> Iterator[Finding]:
    """BV-00131, BV-00132, BV-00134, BV-00135, BV-00178, BV-00179: Task.focus names a type that goes."""
    task, event = case.envelope.focal, case.envelope.event
    if task is None or task.type != "Task" or event is None or event.code not in _EVENTS:
        return
    aim = next((_AIMS[code] for _, code in codes_at(task.resource, "code") if code in _AIMS), None)
    focus = object_at(task.resource, "focus")
    if aim is None or focus is None:
        return
    target = case.envelope.find(focus.get("reference"), task)
    type_ = target.type if target else text_at(focus, "type")
    if type_ is not None and type_.rpartition("/")[2] not in aim.types:
        yield Finding(
            aim.answer if event.leg is Leg.RESPONSE else aim.request,
            f"{place(task)}.focus",
            "The task is about a resource of a type that it cannot be about",
            f"Refer to {' or '.join(sorted(aim.types))}",
        )
