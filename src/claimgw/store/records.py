"""What does a row look like to the rest of the house? Frozen records and the closed set of states."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class State(StrEnum):
    """Where a request stands. REFUSED, ANSWERED, CANCELLED and NULLIFIED are ends; all else still moves,

    GIVEN_UP only by a late answer, a cancellation, or an operator.
    """

    REFUSED = "refused"  # by our own check; never forwarded
    UNCHECKED = "unchecked"  # a large claim: taken, and not yet looked into; `due_at` is when that happens
    IN_FLIGHT = "in-flight"  # an attempt is open; `due_at` is when its lease ends
    HELD = "held"  # the insurer does not have it; `due_at` is the next attempt
    UNCONFIRMED = "unconfirmed"  # sent, no answer: it may have arrived; `due_at` ends the insurer's grace
    AWAITING_CORRECTION = "awaiting-correction"  # the insurer's answer was unusable; not sent again by itself
    QUEUED = "queued"  # the insurer has it and has not adjudicated
    PARTIAL = "partial"  # the insurer adjudicated a part; more will come
    ANSWERED = "answered"
    CANCELLED = "cancelled"  # by its provider, before delivery or with the insurer's consent
    NULLIFIED = "nullified"  # the same, and it is kept for audit only
    GIVEN_UP = "given-up"  # nobody tries any more: a dead letter, for an operator to look into


# As far as we know the insurer may lack the request.
UNDELIVERED = frozenset({State.UNCHECKED, State.HELD, State.IN_FLIGHT, State.UNCONFIRMED})
# The provider has taken it back.
WITHDRAWN = frozenset({State.CANCELLED, State.NULLIFIED})


class Author(StrEnum):
    """Who wrote the answer the provider was given last."""

    INSURER = "insurer"
    GATEWAY = "gateway"


@dataclass(frozen=True, slots=True)
class Message:
    """A message as its row tells it; the bytes are fetched apart."""

    id: str
    sender: str
    receiver: str
    event: str
    bundle_id: str
    header_id: str
    size: int
    received_at: datetime
    exchange_id: str | None = None
    replies_to: str | None = None


@dataclass(frozen=True, slots=True)
class Arrival:
    """That this sender has used these ids, and for which bytes (SHA-256)."""

    sender: str
    bundle_id: str
    header_id: str
    digest: bytes
    message_id: str


@dataclass(frozen=True, slots=True)
class Focal:
    """The business identifier a request is known by, and the SHA-256 of its focal resource, canonical."""

    type: str
    system: str
    value: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and what has become of it."""

    id: str
    event: str
    provider: str
    insurer: str
    focal: Focal | None
    state: State
    reason: str
    created_at: datetime
    changed_at: datetime
    due_at: datetime | None
    waiting: bool
    answer_id: str | None
    answered_by: Author | None
    revision: int
    about_id: str | None = None
    batch_id: str | None = None
    tries: int | None = 0
    mailed: int | None = 0

    @property
    def mailed_once_more(self) -> int | None:
        """What `mailed` is after one more message for it."""
        return None if self.mailed is None else self.mailed + 1


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to deliver. Without `closed_at` it is open: unknown, not failed."""

    id: str
    exchange_id: str
    number: int
    node: str
    opened_at: datetime
    closed_at: datetime | None = None
    outcome: str | None = None
    detail: str = ""
    answer_id: str | None = None


@dataclass(frozen=True, slots=True)
class MailboxEntry:
    """One message that waits for, or was delivered to, a provider."""

    message_id: str
    provider: str
    event: str
    about_system: str | None
    about_value: str | None
    size: int
    queued_at: datetime
    poll_id: str | None = None
    reserved_until: datetime | None = None
    delivered_at: datetime | None = None
    client: str | None = None
    confirmed_at: datetime | None = None
    offers: int = 0


@dataclass(frozen=True, slots=True)
class Said:
    """What a message of an insurer, or of the gateway in its place, has stated. Parties are licence keys."""

    message_id: str
    position: int
    exchange_id: str | None
    provider: str
    insurer: str
    event: str
    type: str | None
    system: str | None
    value: str | None
    outcome: str | None = None
    adjudication: str | None = None
    authorization: str | None = None
    created: str | None = None
    amount: str | None = None
    by_gateway: bool = False
    withdrawn_by: str | None = None


@dataclass(frozen=True, slots=True)
class Imported:
    """An identifier from before the history of a pair begins."""

    provider: str
    insurer: str
    type: str
    system: str
    value: str
    event: str
    standing: str
