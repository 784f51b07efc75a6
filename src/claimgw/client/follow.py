"""What happens to one claim, from its first answer to its end?"""

from dataclasses import dataclass
from enum import StrEnum

from claimgw.client.answers import Answer
from claimgw.client.cases import case_of
from claimgw.client.views import Decision, Done, Eligibility, Payment, Question
from claimgw.messages.identifiers import Identifier


class Happening(StrEnum):
    """What can happen to a claim or authorization."""

    QUEUED = "queued"  # it is there, nobody has looked at it
    PARTIAL = "partial"  # some of it is decided
    COMPLETE = "complete"  # all of it is decided
    REISSUED = "reissued"  # it was decided before, and is now decided otherwise
    REFUSED = "refused"  # it has no standing: faults of its own, or of the way it was sent
    QUESTION = "question"  # the insurer wants to know something
    CANCELLED = "cancelled"
    PAYMENT = "payment"
    OTHER = "other"  # a status, an acknowledgement, a failed cancellation; something about another claim


class End(StrEnum):
    """How far a claim is followed."""

    DECIDED = "decided"
    PAID = "paid"


_ENDS = {
    End.DECIDED: {Happening.COMPLETE, Happening.REISSUED, Happening.REFUSED, Happening.CANCELLED},
    End.PAID: {Happening.PAYMENT, Happening.REFUSED, Happening.CANCELLED},
}
_OUTCOMES = {"queued": Happening.QUEUED, "partial": Happening.PARTIAL, "complete": Happening.COMPLETE}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened, and the message that tells it."""

    happening: Happening
    message: Answer

    def ends(self, end: End) -> bool:
        """Whether nothing more is waited for after this."""
        return self.happening in _ENDS[end]


def step(message: Answer, claim: Identifier | None = None) -> Step:
    """What a message says has happened, to that claim if one is named."""
    stray = claim is not None and claim not in _claims(message)
    return Step(Happening.OTHER if stray else _happening(message), message)


def _claims(message: Answer) -> tuple[Identifier | None, ...]:
    """Which claims a message is about: a payment is about many."""
    if isinstance(message.view, Payment):
        return tuple(paid.request for paid in message.view.details)
    case = case_of(message.envelope) if message.envelope else None
    return (case.identifier,) if case else ()


def _happening(message: Answer) -> Happening:
    told = message.view
    match told:
        case Decision():
            if message.refused:
                return Happening.REFUSED
            return Happening.REISSUED if told.reissue else _OUTCOMES.get(told.outcome or "", Happening.OTHER)
        case Question():
            return Happening.QUESTION
        case Payment():
            return Happening.PAYMENT
        case Done():
            stopped = told.task in ("cancel", "nullify") and told.status == "completed"
            return Happening.CANCELLED if stopped else Happening.OTHER
        case Eligibility() | None:
            return Happening.REFUSED if message.refused else Happening.OTHER
