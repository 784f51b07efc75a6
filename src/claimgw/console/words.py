"""How are states, times and sizes said to a person?"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from claimgw.clearinghouse.delivery.outcomes import MEANING, Arrived, Outcome
from claimgw.clearinghouse.words import STANDING
from claimgw.store.records import State
from claimgw.store.standing import Standing
from claimgw.store.waiting import MOST_WAITING, Depth


@dataclass(frozen=True, slots=True)
class Chip:
    """A word with a sign before it, so that nothing hangs on colour alone. `meaning` is its tooltip."""

    word: str
    icon: str
    tone: str
    meaning: str


_SIGNS = {
    State.REFUSED: ("Refused", "cross", "mute"),
    State.UNCHECKED: ("Large", "clock", "move"),
    State.IN_FLIGHT: ("In flight", "arrow", "move"),
    State.HELD: ("Held", "clock", "warn"),
    State.UNCONFIRMED: ("Unknown", "question", "bad"),
    State.AWAITING_CORRECTION: ("To correct", "alert", "bad"),
    State.QUEUED: ("At insurer", "inbox", "move"),
    State.PARTIAL: ("Partial", "half", "move"),
    State.ANSWERED: ("Answered", "check", "good"),
    State.CANCELLED: ("Cancelled", "ban", "mute"),
    State.NULLIFIED: ("Nullified", "ban", "mute"),
    State.GIVEN_UP: ("Given up", "alert", "bad"),
}
STATES = {state: Chip(*sign, STANDING[state]) for state, sign in _SIGNS.items()}

STANDINGS = {
    Standing.DELIVERING: Chip("Delivering", "check", "good", "Messages go out as they come"),
    Standing.HELD_BACK: Chip(
        "Held back", "clock", "warn", "Messages wait; delivery is tried again by itself"
    ),
    Standing.PAUSED: Chip("Paused", "pause", "stop", "Delivery stands still because somebody said so"),
    Standing.DOWN: Chip(
        "Down", "cross", "bad", "Nothing is sent until a probe has shown that the insurer is there again"
    ),
    Standing.DRAINED: Chip("Drained", "arrow", "stop", "What is held is delivered, nothing new is taken"),
    Standing.BLOCKED: Chip("Blocked", "ban", "bad", "Nothing is accepted for this insurer"),
}
# Of one that would be sent its messages, were it not for the time of day.
CLOSED = Chip("Closed", "clock", "stop", "What comes is held until the insurer opens")

# What a request names, and refers to; by the kinds of its relations.
RELATIONS = {
    "episode": "Episode of care",
    "encounter": "Encounter",
    "invoice": "Patient invoice",
    "batch": "Batch identifier",
    "prior": "Resubmits",
    "related": "Related claim",
    "authorization": "Authorization",
    "answers": "Answers question",
}

# How an insurer's answer, or ours, decided.
VERDICTS = {
    "approved": ("check", "good"),
    "complete": ("check", "good"),
    "partial": ("half", "move"),
    "queued": ("inbox", "move"),
    "pended": ("clock", "move"),
    "rejected": ("cross", "bad"),
    "error": ("alert", "bad"),
    "failed": ("alert", "bad"),
}

_WENT_WELL = {Outcome.QUEUED, Outcome.PARTIAL, Outcome.COMPLETE, Outcome.ACKNOWLEDGED}
_ARRIVED = {
    Arrived.NO: ("cross", "warn", "it cannot have arrived"),
    Arrived.UNKNOWN: ("question", "bad", "it may have arrived"),
    Arrived.YES: ("inbox", "move", "the insurer has it"),
}
_OPEN = Chip("Open", "question", "move", "not closed yet: it may have arrived")


def ending(outcome: str | None) -> Chip:
    """An attempt's ending, as docs/outcomes.md tells it; None: it is open."""
    if outcome is None:
        return _OPEN
    kind = Outcome(outcome)
    meaning = MEANING[kind]
    icon, tone, arrived = _ARRIVED[meaning.arrived]
    if kind in _WENT_WELL:
        icon, tone = "check", "good"
    return Chip(kind.replace("-", " ").capitalize(), icon, tone, f"{meaning.when}: {arrived}")


def verdict(code: str) -> Chip:
    """The outcome of an answer, or what was adjudicated."""
    icon, tone = VERDICTS.get(code, ("question", "mute"))
    return Chip(code.replace("-", " ").capitalize(), icon, tone, "")


def number(value: int) -> str:
    return f"{value:,}"


def depth(value: Depth) -> str:
    return f"{MOST_WAITING:,}+" if value.capped else number(value.count)


def size(octets: int) -> str:
    """In the units of file managers: 1 kB is 1,000 bytes."""
    if octets < 1000:
        return f"{octets} B"
    return f"{octets / 1000:.1f} kB" if octets < 1_000_000 else f"{octets / 1_000_000:.1f} MB"


def exact(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def span(length: timedelta) -> str:
    """The two largest units: "48 s", "12 min", "3 h 5 min", "2 d 4 h". console.js says it the same way."""
    seconds = max(0, int(length.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min"
    large, small, names = (seconds // 3600, seconds % 3600 // 60, ("h", "min"))
    if large >= 48:
        large, small, names = (seconds // 86_400, seconds % 86_400 // 3600, ("d", "h"))
    return f"{large} {names[0]} {small} {names[1]}" if small else f"{large} {names[0]}"


def ago(at: datetime, now: datetime) -> str:
    return "just now" if now - at < timedelta(seconds=1) else f"{span(now - at)} ago"


def ahead(at: datetime, now: datetime) -> str:
    return "due now" if at - now < timedelta(seconds=1) else f"in {span(at - now)}"


def age(at: datetime, now: datetime) -> str:
    return span(now - at)


def bare(licence: str) -> str:
    """Without its kind, which the column says: "payer:INS-2001" is INS-2001."""
    return licence.partition(":")[2]
