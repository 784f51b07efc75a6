"""What is one cell of the table, and in which situations is every event seen?"""

from dataclasses import dataclass
from enum import StrEnum


class Situation(StrEnum):
    ANSWERED = "answered in session"
    UNREACHABLE = "unreachable"
    SLOW = "too slow"
    INVALID = "invalid answer"
    DECLINED = "declined"
    LATE = "late answer"
    COPY = "copy, after the answer"
    IN_FLIGHT = "copy, while in flight"


@dataclass(frozen=True)
class Cell:
    """What comes of one message in one situation.

    `hears`: its sender. `gets`: the other side. `states`: of its exchange, in turn. `mailbox`: what the
    provider's next poll gives. `then`: what an insurer hears who sends its answer as a message of its own.
    """

    hears: str
    gets: str
    states: str
    mailbox: str = "–"
    then: str = ""


@dataclass(frozen=True)
class Never:
    """The situation cannot be, and why."""

    why: str
