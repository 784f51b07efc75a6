"""What will the insurer do about this request? A plan is made once per message; it does nothing itself."""

from collections.abc import Callable
from dataclasses import dataclass

from claimgw.ids import derived_id
from claimgw.insurers.sandbox import answers
from claimgw.insurers.sandbox.adjudicate import Judgement, adjudicate
from claimgw.insurers.sandbox.claim_response import (
    DUPLICATE,
    UNKNOWN_MEMBER,
    PayerError,
    Stage,
    Stamp,
    decided,
    queued,
    refused,
)
from claimgw.insurers.sandbox.reading import Request

# Bytes of a message, given the ids and the time it is written with.
Compose = Callable[[Stamp], bytes]
# A row of the table of behaviours makes its plan from the request and the number after the ending.
Planner = Callable[[Request, int | None], "Plan"]

FHIR_JSON = "application/fhir+json"
HUGE_BYTES = 10 * 1024 * 1024
AGAIN_AFTER = 1.0
RESOLVED_AFTER = 2.0
_PAGE = b"<!DOCTYPE html><html><body><h1>It works!</h1></body></html>\n"


@dataclass(frozen=True, slots=True)
class Later:
    """A message the insurer starts by itself, so many seconds after it first answered."""

    seconds: float
    compose: Compose


@dataclass(frozen=True, slots=True)
class Plan:
    """How a request is met.

    `silent` and `busy` count the first attempts that are met that way; None: all of them. `seconds` is how
    long after the first attempt the answer is ready. `later` is in the order of its seconds.
    """

    answer: Compose
    content_type: str = FHIR_JSON
    silent: int | None = 0
    busy: int | None = 0
    seconds: float = 0.0
    later: tuple[Later, ...] = ()


def approve(request: Request, _number: int | None = None) -> Plan:
    return Plan(_final(request, Judgement.APPROVE))


def approve_in_part(request: Request, _number: int | None) -> Plan:
    return Plan(_final(request, Judgement.PARTIAL))


def reject(request: Request, _number: int | None) -> Plan:
    return Plan(_final(request, Judgement.REJECT))


def queue(request: Request, number: int | None) -> Plan:
    decision = _posted(request, Judgement.APPROVE, Stage.COMPLETE, ("queued",))
    return Plan(_queued(request), later=(Later(float(number or 0), decision),))


def steps(request: Request, number: int | None) -> Plan:
    seconds = float(number or 0)
    half = _posted(request, Judgement.PARTIAL, Stage.PARTIAL, ("queued",))
    whole = _posted(request, Judgement.APPROVE, Stage.COMPLETE, ("queued", "partial"))
    return Plan(_queued(request), later=(Later(seconds, half), Later(2 * seconds, whole)))


def keep_silent(request: Request, number: int | None) -> Plan:
    return Plan(_final(request, Judgement.APPROVE), silent=number)


def be_busy(request: Request, number: int | None) -> Plan:
    return Plan(_final(request, Judgement.APPROVE), busy=number)


def be_slow(request: Request, number: int | None) -> Plan:
    return Plan(_final(request, Judgement.APPROVE), seconds=float(number or 0))


def approve_twice(request: Request, _number: int | None) -> Plan:
    again = _posted(request, Judgement.APPROVE, Stage.COMPLETE, ("complete",))
    return Plan(_final(request, Judgement.APPROVE), later=(Later(AGAIN_AFTER, again),))


def call_duplicate(request: Request, number: int | None) -> Plan:
    """With a number the first attempts did arrive, so a real answer to them follows."""
    if not number:
        return Plan(_refused(request, DUPLICATE))
    real = _posted(request, Judgement.APPROVE, Stage.COMPLETE, ("error",))
    return Plan(_refused(request, DUPLICATE), silent=number, later=(Later(RESOLVED_AFTER, real),))


def refuse(request: Request, _number: int | None) -> Plan:
    return Plan(_refused(request, UNKNOWN_MEMBER))


def decline(request: Request, _number: int | None) -> Plan:
    return Plan(lambda stamp: answers.acknowledgement(request, stamp, answers.DECLINED))


def answer_garbage(_request: Request, _number: int | None) -> Plan:
    return Plan(lambda _stamp: _PAGE, content_type="text/html")


def break_rules(request: Request, _number: int | None) -> Plan:
    def compose(stamp: Stamp) -> bytes:
        errors = refused(request, UNKNOWN_MEMBER, stamp)
        return answers.broken(request, _decided(request, Judgement.APPROVE, stamp), errors, stamp)

    return Plan(compose)


def answer_other(request: Request, _number: int | None) -> Plan:
    other = derived_id("another request", request.header_id)
    return Plan(
        lambda stamp: answers.in_session(
            request, _decided(request, Judgement.APPROVE, stamp), stamp, answers_id=other
        )
    )


def answer_hugely(request: Request, _number: int | None) -> Plan:
    final = _final(request, Judgement.APPROVE)
    return Plan(lambda stamp: answers.padded(final(stamp), HUGE_BYTES))


def acknowledge(request: Request) -> Plan:
    """The plan for what needs no adjudication: an error notice is heard, anything else is not supported."""
    fault = None if request.event == "error-notice" else answers.NOT_SUPPORTED
    return Plan(lambda stamp: answers.acknowledgement(request, stamp, fault))


def _final(request: Request, judgement: Judgement) -> Compose:
    return lambda stamp: answers.in_session(request, _decided(request, judgement, stamp), stamp)


def _decided(request: Request, judgement: Judgement, stamp: Stamp) -> dict[str, object]:
    return decided(request, adjudicate(request.claim or {}, judgement), stamp, stage=Stage.COMPLETE)


def _posted(request: Request, judgement: Judgement, stage: Stage, earlier: tuple[str, ...]) -> Compose:
    def compose(stamp: Stamp) -> bytes:
        adjudication = adjudicate(request.claim or {}, judgement)
        response = decided(request, adjudication, stamp, stage=stage, earlier=earlier)
        return answers.deferred(request, response, stamp)

    return compose


def _queued(request: Request) -> Compose:
    return lambda stamp: answers.in_session(request, queued(request, stamp), stamp)


def _refused(request: Request, error: PayerError) -> Compose:
    return lambda stamp: answers.in_session(request, refused(request, error, stamp), stamp)
