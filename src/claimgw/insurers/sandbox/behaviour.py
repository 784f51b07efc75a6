"""What can be asked of the sandbox, by the ending of a message's identifier? This table is all of it.

The identifier is that of the focus: of the Claim, the eligibility check, the Task, the Communication.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from claimgw.insurers.sandbox import plan, spoilt
from claimgw.insurers.sandbox.plan import Plan, Planner
from claimgw.insurers.sandbox.reading import Request
from claimgw.insurers.sandbox.wording import Turn


class Number(StrEnum):
    """What the number after an ending counts."""

    NONE = ""
    SECONDS = "N"
    ATTEMPTS = "K"


class Scope(StrEnum):
    """Which messages can ask for it; on others the ending asks for approval."""

    ANY = "any"
    CLAIMS = "claims"
    COMMUNICATIONS = "communications"

    def fits(self, request: Request) -> bool:
        match self:
            case Scope.ANY:
                return True
            case Scope.CLAIMS:
                return request.claim is not None
            case Scope.COMMUNICATIONS:
                return request.event == "communication"
            case _:
                assert_never(self)


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One row. `without_number` is what the ending means when no number follows; None: for ever."""

    name: str
    effect: str
    sentence: str
    planner: Planner
    number: Number = Number.NONE
    without_number: int | None = 0
    scope: Scope = Scope.ANY

    @property
    def ending(self) -> str:
        """As written after a dash at the end of the identifier; the part in brackets may be left out."""
        return f"{self.name}[-<{self.number}>]" if self.number else self.name


@dataclass(frozen=True, slots=True)
class Wish:
    """What one message asks for. `number` is seconds or attempts as its row says; None: for ever."""

    behaviour: Behaviour
    number: int | None = 0

    def plan(self, turn: Turn) -> Plan:
        if not self.behaviour.scope.fits(turn.request):
            return plan.approve(turn)
        return self.behaviour.planner(turn, self.number)


TABLE: tuple[Behaviour, ...] = (
    Behaviour(
        "APPROVE",
        "complete, approved",
        "Grants what is asked; this is what a message without any of these endings gets.",
        plan.approve,
    ),
    Behaviour(
        "PARTIAL",
        "complete, partial",
        "Approves the first item in half, with a reason, and the others in full; of an eligibility check,"
        " finds the limit exhausted.",
        plan.approve_in_part,
    ),
    Behaviour(
        "REJECT",
        "complete, rejected",
        "Rejects every item, with a reason; finds a policy not active; lets nothing be cancelled.",
        plan.reject,
    ),
    Behaviour(
        "QUEUE",
        "queued, then complete",
        "Answers queued now and posts its approval by itself after N seconds (5 without a number).",
        plan.queue,
        Number.SECONDS,
        5,
        Scope.CLAIMS,
    ),
    Behaviour(
        "STEPS",
        "queued, then partial, then complete",
        "Answers queued now, posts a partial answer after N seconds and the complete one after twice that"
        " (5 without a number).",
        plan.steps,
        Number.SECONDS,
        5,
        Scope.CLAIMS,
    ),
    Behaviour(
        "ASK",
        "queued, then a question",
        "Answers queued now, posts a communication-request after N seconds (1 without a number), and approves"
        " one second after the communication that answers it.",
        plan.ask,
        Number.SECONDS,
        1,
        Scope.CLAIMS,
    ),
    Behaviour(
        "ASKNOW",
        "partial, with a question",
        "Answers partial now with a communication-request in the same message, and approves one second after"
        " the communication that answers it.",
        plan.ask_in_session,
        scope=Scope.CLAIMS,
    ),
    Behaviour(
        "REVIEW",
        "acknowledged, then decided anew",
        "On a communication that nobody asked for: where the claim was not approved in full, it is one second"
        " later.",
        plan.review,
        scope=Scope.COMMUNICATIONS,
    ),
    Behaviour(
        "SILENT",
        "no answer",
        "Takes the message and never answers, or is silent for the first K attempts and then approves.",
        plan.keep_silent,
        Number.ATTEMPTS,
        None,
    ),
    Behaviour(
        "BUSY",
        "503 with Retry-After: 1",
        "Says 503 to every attempt, or to the first K attempts and then approves.",
        plan.be_busy,
        Number.ATTEMPTS,
        None,
    ),
    Behaviour(
        "SLOW",
        "complete, late",
        "Approves, but only N seconds after the message first came (5 without a number).",
        plan.be_slow,
        Number.SECONDS,
        5,
    ),
    Behaviour(
        "ERROR",
        "outcome=error, 1658",
        "Refuses the message with the payer's code 1658, unknown member.",
        plan.refuse,
    ),
    Behaviour(
        "DECLINE",
        "fatal-error with an OperationOutcome",
        "Answers with an acknowledgement that says fatal-error and GE-00026, and nothing of its own kind.",
        plan.decline,
    ),
    Behaviour(
        "DUPLICATE",
        "outcome=error, 1677",
        "Refuses the claim as a duplicate; with a number it takes the first K attempts in silence, calls the"
        " repeat a duplicate, and posts its approval by itself two seconds later.",
        plan.call_duplicate,
        Number.ATTEMPTS,
        0,
        Scope.CLAIMS,
    ),
    Behaviour(
        "TWICE",
        "complete, and complete again",
        "Approves in session and posts the same by itself one second later, under new ids.",
        spoilt.approve_twice,
    ),
    Behaviour(
        "OTHER",
        "answer to another request",
        "Answers with a valid message whose header names another request's MessageHeader.id.",
        spoilt.answer_other,
    ),
    Behaviour(
        "STRANGER",
        "answer of another insurer",
        f"Answers with a valid message whose header names {spoilt.STRANGER} as its sender.",
        spoilt.answer_as_stranger,
    ),
    Behaviour(
        "FOREIGN",
        "answer about something else",
        "Answers about a claim, check or target that was not asked, under the right header.",
        spoilt.answer_foreign,
    ),
    Behaviour(
        "NOTHING",
        "complete, and an answer to nothing",
        "Approves in session and posts, one second later, an answer to a claim that never was.",
        spoilt.answer_nothing,
        scope=Scope.CLAIMS,
    ),
    Behaviour(
        "DESPITE",
        "queued, then complete",
        "Answers queued now and posts its approval after N seconds (5 without a number) even if the claim was"
        " cancelled in the meantime; all others keep still then.",
        plan.queue_despite,
        Number.SECONDS,
        5,
        Scope.CLAIMS,
    ),
    Behaviour(
        "BARE",
        "complete, without its batch",
        "Approves a claim of a batch without the batch extensions, which are echoed otherwise.",
        spoilt.leave_batch_out,
        scope=Scope.CLAIMS,
    ),
    Behaviour(
        "INVALID",
        "invalid message",
        "Answers without the outcome or status, with errors beside items; an acknowledgement does not say of"
        " what.",
        spoilt.break_rules,
    ),
    Behaviour("GARBAGE", "200 with HTML", "Answers with a web page.", spoilt.answer_garbage),
    Behaviour("HUGE", "over 10 MB", "Approves in a message of more than 10 MB.", spoilt.answer_hugely),
)

_BY_NAME = {row.name: row for row in TABLE}
_ENDING = re.compile(rf"-({'|'.join(_BY_NAME)})(?:-(\d{{1,4}}))?\Z", re.IGNORECASE | re.ASCII)
USUAL = Wish(TABLE[0])


def wish_of(identifier: str) -> Wish:
    """What a business identifier asks for; an ending that is not in the table asks for approval."""
    found = _ENDING.search(identifier)
    if found is None:
        return USUAL
    wish = wish_named(found[1], None if found[2] is None else int(found[2]))
    return wish or USUAL


def wish_named(name: str, number: int | None = None) -> Wish | None:
    """The row of that name in either case; None where there is none, or where it takes no number."""
    row = _BY_NAME.get(name.upper())
    if row is None or (number is not None and not row.number):
        return None
    return Wish(row, row.without_number if number is None else number)
