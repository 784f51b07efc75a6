"""How can an attempt end, and what does each ending mean? One table; docs/outcomes.md shows it to people."""

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """The closed set of endings of an attempt."""

    REFUSED = "refused"
    UNRESOLVED = "unresolved"
    CONNECT_TIMEOUT = "connect-timeout"
    TLS_FAULT = "tls-fault"
    PAUSED = "paused"
    RESET = "reset"
    SILENT = "silent"
    CLOSED = "closed"
    ABANDONED = "abandoned"
    MISCONFIGURED = "misconfigured"
    BUSY = "busy"
    TRANSIENT = "transient"
    SERVER_ERROR = "server-error"
    NOT_A_MESSAGE = "not-a-message"
    TOO_LARGE = "too-large"
    FOREIGN_ANSWER = "foreign-answer"
    INVALID_ANSWER = "invalid-answer"
    DECLINED = "declined"
    DUPLICATE = "duplicate"
    ERROR = "error"
    QUEUED = "queued"
    PARTIAL = "partial"
    COMPLETE = "complete"
    ACKNOWLEDGED = "acknowledged"


class Arrived(StrEnum):
    """Can the insurer have the request?"""

    NO = "no"
    YES = "yes"
    UNKNOWN = "unknown"


class Heard(StrEnum):
    """What the provider hears while it waits."""

    PENDED = "pended"  # a queued answer written by the gateway
    ANSWER = "answer"  # the insurer's own answer
    ERROR = "error"  # an error answer written by the gateway
    NOTHING = "nothing"  # the message was not a provider's


class Again(StrEnum):
    """Whether and when the request is sent once more, always the same bytes."""

    LATER = "later"  # after a growing delay
    AFTER_GRACE = "after-grace"  # once the time for a deferred answer has passed
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Meaning:
    """One row of the table. `when` is the sentence a person reads."""

    when: str
    arrived: Arrived
    heard: Heard
    again: Again
    notice: bool  # an error-notice goes to the insurer
    breaker: bool  # counts as a failure for the circuit breaker
