"""What is known of what came before? Handed to the rules that need it; nothing here looks anything up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from claimgw.messages.envelope import Envelope
from claimgw.messages.identifiers import Identifier, Licence, LicenceKind


class Key(NamedTuple):
    """A business identifier and the type of what it names: `Claim`, `ClaimResponse`, `Communication`."""

    type: str
    system: str
    value: str

    @classmethod
    def of(cls, kind: str, identifier: Identifier) -> "Key":
        return cls(kind, identifier.system, identifier.value)


class Standing(StrEnum):
    """How a provider's request stands."""

    REFUSED = "refused"  # by the gateway, or answered with outcome `error`: it never had any standing
    OPEN = "open"  # accepted, and not yet answered in full
    ANSWERED = "answered"  # answered in full
    CANCELLED = "cancelled"
    NULLIFIED = "nullified"


@dataclass(frozen=True, slots=True)
class Statement:
    """What an insurer, or the gateway in its place, has said to a provider. The parties are licence keys.

    `request` is what it answers. `withdrawn_by`: who cancelled an advanced authorization.
    `message` is the whole of it; None where only what stands here is known.
    """

    key: Key | None
    event: str
    insurer: str
    provider: str
    header_id: str
    received_at: datetime
    request: Identifier | None = None
    outcome: str | None = None
    adjudication: str | None = None  # code of extension-adjudication-outcome
    authorization: str | None = None  # ClaimResponse.preAuthRef
    created: str | None = None  # as it was written
    amount: Decimal | None = None  # total of `benefit`, or paymentAmount
    by_gateway: bool = False
    withdrawn_by: LicenceKind | None = None
    message: Envelope | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """What a provider has asked earlier, with all answers to it in the order they came.

    `message` is the whole of it; None where only what stands here is known. `relations`: see Mentions.
    """

    key: Key | None
    event: str
    provider: str
    insurer: str
    header_id: str
    received_at: datetime
    standing: Standing
    answers: Sequence[Statement] = ()
    message: Envelope | None = None
    relations: Sequence[tuple[str, str, str]] = ()


@dataclass(frozen=True, slots=True)
class Memory:
    """All that is on record of what one message mentions, between its sender and its receiver or beyond.

    `answered` is the request that the message answers, in the session or later. `since`: history of this
    pair begins on that day; None: nothing came before it. `oldest`: what is referred to without a date may be
    as old as that. `licences`: who is registered, by kind.
    """

    answered: Request | None = None
    requests: Mapping[Key, Request] = field(default_factory=dict)
    statements: Mapping[Key, Statement] = field(default_factory=dict)
    # By the number an insurer gave: all advanced authorizations and answers of this pair that carry it.
    authorizations: Mapping[str, Sequence[Statement]] = field(default_factory=dict)
    # By kind of relation ("service", "encounter", "batch", "patient") and what it names: other requests of
    # the same provider that name it too, live ones and others; without their messages.
    related: Mapping[tuple[str, str, str], Sequence[Request]] = field(default_factory=dict)
    open_cancellation: bool = False  # a cancellation of the same target is under way
    since: date | None = None
    oldest: date = date.min
    licences: Mapping[Licence, str] = field(default_factory=dict)  # licence to "provider", "insurer", "tpa"

    def request(self, kind: str, identifier: Identifier | None) -> Request | None:
        return self.requests.get(Key.of(kind, identifier)) if identifier else None

    def statement(self, kind: str, identifier: Identifier | None) -> Statement | None:
        return self.statements.get(Key.of(kind, identifier)) if identifier else None

    def reaches(self, day: date | None) -> bool:
        """Whether what happened on that day must be on record; None: nobody knows when it happened."""
        return self.since is None or (day or self.oldest) >= self.since
