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


class Again(StrEnum):
    """Whether and when the request is sent once more, always the same bytes."""

    LATER = "later"  # after a growing delay
    SLOWLY = "slowly"  # after a long delay: somebody has to mend something first
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


def _row(when: str, arrived: Arrived, heard: Heard, again: Again, *, notice: bool, breaker: bool) -> Meaning:
    return Meaning(when, arrived, heard, again, notice, breaker)


_NO, _YES, _UNKNOWN = Arrived.NO, Arrived.YES, Arrived.UNKNOWN
_PENDED, _ANSWER, _LATER, _SLOWLY, _GRACE, _NEVER = (
    Heard.PENDED,
    Heard.ANSWER,
    Again.LATER,
    Again.SLOWLY,
    Again.AFTER_GRACE,
    Again.NEVER,
)

MEANING: dict[Outcome, Meaning] = {
    Outcome.REFUSED: _row(
        "nobody listens at the insurer's address", _NO, _PENDED, _LATER, notice=False, breaker=True
    ),
    Outcome.UNRESOLVED: _row(
        "the name of the insurer's host leads nowhere", _NO, _PENDED, _LATER, notice=False, breaker=True
    ),
    Outcome.CONNECT_TIMEOUT: _row(
        "no connection within the connect limit", _NO, _PENDED, _LATER, notice=False, breaker=True
    ),
    Outcome.TLS_FAULT: _row(
        "certificate expired, of another host or of an unknown authority, or the handshake broke",
        _NO,
        _PENDED,
        _LATER,
        notice=False,
        breaker=True,
    ),
    Outcome.PAUSED: _row(
        "delivery to the insurer is paused, or it has no connection yet",
        _NO,
        _PENDED,
        _LATER,
        notice=False,
        breaker=False,
    ),
    Outcome.RESET: _row(
        "the connection was reset after it stood", _UNKNOWN, _PENDED, _GRACE, notice=False, breaker=True
    ),
    Outcome.SILENT: _row(
        "no whole answer before the deadline", _UNKNOWN, _PENDED, _GRACE, notice=False, breaker=True
    ),
    Outcome.CLOSED: _row(
        "the insurer read and closed, before or inside its answer",
        _UNKNOWN,
        _PENDED,
        _GRACE,
        notice=False,
        breaker=True,
    ),
    Outcome.ABANDONED: _row(
        "the gateway's own process ended while the attempt was open",
        _UNKNOWN,
        _PENDED,
        _GRACE,
        notice=False,
        breaker=False,
    ),
    Outcome.MISCONFIGURED: _row(
        "HTTP 3xx, or a 4xx that blames the way the gateway calls: address, credential, method, size",
        _NO,
        _PENDED,
        _SLOWLY,
        notice=False,
        breaker=True,
    ),
    Outcome.BUSY: _row(
        "HTTP 408, 425 or 429, or 503 with Retry-After", _NO, _PENDED, _LATER, notice=False, breaker=True
    ),
    Outcome.TRANSIENT: _row(
        "a message with response code transient-error", _YES, _PENDED, _LATER, notice=False, breaker=False
    ),
    Outcome.SERVER_ERROR: _row(
        "HTTP 5xx without a promise, or 409", _UNKNOWN, _PENDED, _GRACE, notice=False, breaker=True
    ),
    Outcome.NOT_A_MESSAGE: _row(
        "HTTP 2xx, but the body is no message: not JSON, not a Bundle, empty",
        _YES,
        _PENDED,
        _NEVER,
        notice=True,
        breaker=True,
    ),
    Outcome.TOO_LARGE: _row("the answer is over 10 MB", _YES, _PENDED, _NEVER, notice=True, breaker=False),
    Outcome.FOREIGN_ANSWER: _row(
        "a valid message that answers another request", _YES, _PENDED, _NEVER, notice=True, breaker=False
    ),
    Outcome.INVALID_ANSWER: _row(
        "a message for this request that the provider could not use",
        _YES,
        _PENDED,
        _NEVER,
        notice=True,
        breaker=False,
    ),
    Outcome.DECLINED: _row(
        "response code fatal-error with an OperationOutcome, or HTTP 400 or 422 with one",
        _YES,
        Heard.ERROR,
        _NEVER,
        notice=False,
        breaker=False,
    ),
    Outcome.DUPLICATE: _row(
        "sent again, and the insurer says it has it already (1677, 1678, BV-00542)",
        _YES,
        _PENDED,
        _NEVER,
        notice=False,
        breaker=False,
    ),
    Outcome.ERROR: _row(
        "a valid answer with outcome error", _YES, _ANSWER, _NEVER, notice=False, breaker=False
    ),
    Outcome.QUEUED: _row(
        "a valid answer with outcome queued", _YES, _ANSWER, _NEVER, notice=False, breaker=False
    ),
    Outcome.PARTIAL: _row(
        "a valid answer with outcome partial", _YES, _ANSWER, _NEVER, notice=False, breaker=False
    ),
    Outcome.COMPLETE: _row(
        "a valid answer with outcome complete", _YES, _ANSWER, _NEVER, notice=False, breaker=False
    ),
    Outcome.ACKNOWLEDGED: _row(
        "the insurer acknowledged a communication, or a notice of the gateway's own",
        _YES,
        _ANSWER,
        _NEVER,
        notice=False,
        breaker=False,
    ),
}
