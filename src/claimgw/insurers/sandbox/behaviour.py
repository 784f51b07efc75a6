"""What can be asked of the sandbox, by the ending of a claim's identifier? This table is all of it."""

import re
from dataclasses import dataclass
from enum import StrEnum

from claimgw.insurers.sandbox import plan
from claimgw.insurers.sandbox.plan import Plan, Planner
from claimgw.insurers.sandbox.reading import Request


class Number(StrEnum):
    """What the number after an ending counts."""

    NONE = ""
    SECONDS = "N"
    ATTEMPTS = "K"


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One row. `without_number` is what the ending means when no number follows; None: for ever."""

    name: str
    effect: str
    sentence: str
    planner: Planner
    number: Number = Number.NONE
    without_number: int | None = 0

    @property
    def ending(self) -> str:
        """As written after a dash at the end of the identifier; the part in brackets may be left out."""
        return f"{self.name}[-<{self.number}>]" if self.number else self.name


@dataclass(frozen=True, slots=True)
class Wish:
    """What one claim asks for. `number` is seconds or attempts as its row says; None: for ever."""

    behaviour: Behaviour
    number: int | None = 0

    def plan(self, request: Request) -> Plan:
        return self.behaviour.planner(request, self.number)


TABLE: tuple[Behaviour, ...] = (
    Behaviour(
        "APPROVE",
        "complete, approved",
        "Approves every item; this is what a claim without any of these endings gets.",
        plan.approve,
    ),
    Behaviour(
        "PARTIAL",
        "complete, partial",
        "Approves the first item in half, with a reason, and the others in full.",
        plan.approve_in_part,
    ),
    Behaviour("REJECT", "complete, rejected", "Rejects every item, with a reason.", plan.reject),
    Behaviour(
        "QUEUE",
        "queued, then complete",
        "Answers queued now and posts its approval by itself after N seconds (5 without a number).",
        plan.queue,
        Number.SECONDS,
        5,
    ),
    Behaviour(
        "STEPS",
        "queued, then partial, then complete",
        "Answers queued now, posts a partial answer after N seconds and the complete one after twice that"
        " (5 without a number).",
        plan.steps,
        Number.SECONDS,
        5,
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
        "Refuses the claim with the payer's code 1658, unknown member.",
        plan.refuse,
    ),
    Behaviour(
        "DECLINE",
        "fatal-error with an OperationOutcome",
        "Answers with an acknowledgement that says fatal-error and GE-00026, and no ClaimResponse.",
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
    ),
    Behaviour(
        "TWICE",
        "complete, and complete again",
        "Approves in session and posts the same decision by itself one second later, under new ids.",
        plan.approve_twice,
    ),
    Behaviour(
        "OTHER",
        "answer to another request",
        "Answers with a valid message whose header names another request's MessageHeader.id.",
        plan.answer_other,
    ),
    Behaviour(
        "INVALID",
        "invalid message",
        "Answers with a ClaimResponse that lacks its outcome and has items beside errors.",
        plan.break_rules,
    ),
    Behaviour("GARBAGE", "200 with HTML", "Answers with a web page.", plan.answer_garbage),
    Behaviour("HUGE", "over 10 MB", "Approves in a message of more than 10 MB.", plan.answer_hugely),
)

_BY_NAME = {row.name: row for row in TABLE}
_ENDING = re.compile(rf"-({'|'.join(_BY_NAME)})(?:-(\d{{1,4}}))?\Z", re.IGNORECASE | re.ASCII)
_USUAL = Wish(TABLE[0])


def wish_of(identifier: str) -> Wish:
    """What a claim's business identifier asks for; an ending that is not in the table asks for approval."""
    found = _ENDING.search(identifier)
    if found is None:
        return _USUAL
    row = _BY_NAME[found[1].upper()]
    if found[2] is None:
        return Wish(row, row.without_number)
    return Wish(row, int(found[2])) if row.number else _USUAL
