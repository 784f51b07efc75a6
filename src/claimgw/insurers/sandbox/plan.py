"""What will the insurer do about this message? A plan is made once per message; it does nothing itself."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from claimgw.ids import derived_id
from claimgw.insurers.sandbox import answers, authorizations
from claimgw.insurers.sandbox.adjudicate import Judgement
from claimgw.insurers.sandbox.cases import Case, Kind, names_question
from claimgw.insurers.sandbox.claim_response import (
    DUPLICATE,
    UNKNOWN_MEMBER,
    PayerError,
    Stage,
    Stamp,
    queued,
)
from claimgw.insurers.sandbox.questions import question
from claimgw.insurers.sandbox.reading import Request
from claimgw.insurers.sandbox.terms import url_of
from claimgw.insurers.sandbox.wording import (
    Business,
    Receipt,
    Turn,
    decision,
    refused,
    said,
    spoken,
)

# Bytes of a message, given the ids and the time it is written with.
Compose = Callable[[Stamp], bytes]
# A row of the table of behaviours makes its plan from the message and the number after the ending.
Planner = Callable[[Turn, int | None], "Plan"]

FHIR_JSON = "application/fhir+json"
AGAIN_AFTER = 1.0
RESOLVED_AFTER = 2.0


@dataclass(frozen=True, slots=True)
class Later:
    """A message the insurer starts by itself, so many seconds after it first answered.

    It is not sent once the case that it is about has been cancelled.
    """

    seconds: float
    compose: Compose
    about: Case | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """How a message is met.

    `silent` and `busy` count the first attempts that are met that way; None: all of them. `seconds` is how
    long after the first attempt the answer is ready. `later` is in the order of its seconds.
    """

    answer: Compose
    content_type: str = FHIR_JSON
    silent: int | None = 0
    busy: int | None = 0
    seconds: float = 0.0
    later: tuple[Later, ...] = ()


def approve(turn: Turn, _number: int | None = None) -> Plan:
    return _usual(turn, Judgement.APPROVE)


def approve_in_part(turn: Turn, _number: int | None) -> Plan:
    return _usual(turn, Judgement.PARTIAL)


def reject(turn: Turn, _number: int | None) -> Plan:
    return _usual(turn, Judgement.REJECT)


def queue(turn: Turn, number: int | None) -> Plan:
    return Plan(_queued(turn), later=(posted(turn, float(number or 0)),))


def queue_despite(turn: Turn, number: int | None) -> Plan:
    later = replace(posted(turn, float(number or 0)), about=None)
    return Plan(_queued(turn), later=(later,))


def steps(turn: Turn, number: int | None) -> Plan:
    seconds = float(number or 0)
    half = posted(turn, seconds, Judgement.PARTIAL, Stage.PARTIAL)
    return Plan(_queued(turn), later=(half, posted(turn, 2 * seconds)))


def ask(turn: Turn, number: int | None) -> Plan:
    """The decision follows when the communication has come."""
    asked = Later(float(number or 0), lambda stamp: questioning(turn.request, stamp), turn.case)
    return Plan(_queued(turn), later=(asked,))


def ask_in_session(turn: Turn, _number: int | None) -> Plan:
    """The question stands in the Bundle of the answer (0.3 item 13)."""

    def compose(stamp: Stamp) -> bytes:
        request = turn.request
        other = replace(stamp, focal_id=derived_id("question", stamp.focal_id))
        asked = question(request, other)
        response = decision(request, Judgement.PARTIAL, stamp, Stage.PARTIAL, turn.earlier)
        response["communicationRequest"] = [{"reference": url_of(asked)}]
        return spoken(request, Business((response, asked)), stamp)

    return Plan(compose)


def review(turn: Turn, _number: int | None) -> Plan:
    """What came unasked counts where the claim was not granted in full."""
    usual = approve(turn)
    if usual.later or turn.case is None or turn.case.decision not in {"partial", "rejected"}:
        return usual
    return replace(usual, later=(_decided_anew(turn.case, Judgement.APPROVE),))


def keep_silent(turn: Turn, number: int | None) -> Plan:
    return replace(approve(turn), silent=number)


def be_busy(turn: Turn, number: int | None) -> Plan:
    return replace(approve(turn), busy=number)


def be_slow(turn: Turn, number: int | None) -> Plan:
    return replace(approve(turn), seconds=float(number or 0))


def call_duplicate(turn: Turn, number: int | None) -> Plan:
    """With a number the first attempts did arrive, so a real answer to them follows."""
    refusal = _refused(turn, DUPLICATE)
    if not number:
        return Plan(refusal)
    return Plan(refusal, silent=number, later=(posted(turn, RESOLVED_AFTER),))


def refuse(turn: Turn, _number: int | None) -> Plan:
    return Plan(_refused(turn, UNKNOWN_MEMBER))


def decline(turn: Turn, _number: int | None) -> Plan:
    return Plan(lambda stamp: spoken(turn.request, Receipt(answers.DECLINED), stamp))


def questioning(request: Request, stamp: Stamp, **wanted: str) -> bytes:
    """A communication-request about the Claim of that request, as a message of its own."""
    asked = question(request, stamp, **wanted)
    return answers.started("communication-request", answers.Way.back(request), [asked], stamp, request)


def deciding(case: Case, judgement: Judgement, stamp: Stamp) -> bytes:
    """The complete answer to a case, now, as a message of its own; an advanced one is restated."""
    if case.kind is Kind.ADVANCED:
        return authorizations.granted(authorizations.grant_of(case, judgement), stamp, again=True)
    request = case.request
    response = decision(request, judgement, stamp, Stage.COMPLETE, case.outcomes)
    return answers.deferred(request, response, stamp)


def _usual(turn: Turn, judgement: Judgement) -> Plan:
    """A communication that answers a question of ours has the claim decided anew."""
    later: tuple[Later, ...] = ()
    request, case = turn.request, turn.case
    if request.event == "communication" and case is not None and names_question(case, request.focal):
        later = (_decided_anew(case, judgement),)
    return Plan(lambda stamp: spoken(request, said(turn, judgement, stamp), stamp), later=later)


def _decided_anew(case: Case, judgement: Judgement) -> Later:
    return Later(AGAIN_AFTER, lambda stamp: deciding(case, judgement, stamp), case)


def posted(
    turn: Turn, seconds: float, judgement: Judgement = Judgement.APPROVE, stage: Stage = Stage.COMPLETE
) -> Later:
    """The decision on a claim, in a message of its own, so many seconds after the first answer."""

    def compose(stamp: Stamp) -> bytes:
        # It may have been completed on order meanwhile; then only complete answers follow (BV-00513).
        now = Stage.COMPLETE if Stage.COMPLETE in turn.earlier else stage
        response = decision(turn.request, judgement, stamp, now, turn.earlier)
        return answers.deferred(turn.request, response, stamp)

    return Later(seconds, compose, turn.case)


def _queued(turn: Turn) -> Compose:
    return lambda stamp: answers.in_session(turn.request, queued(turn.request, stamp), stamp)


def _refused(turn: Turn, error: PayerError) -> Compose:
    return lambda stamp: spoken(turn.request, refused(turn, error, stamp), stamp)
