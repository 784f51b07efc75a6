"""What does the gateway say of an exchange: where does it stand, and what has become of it?"""

from datetime import datetime
from decimal import Decimal

import msgspec

from claimgw.client.faults import NotAnAnswer
from claimgw.messages.identifiers import Identifier


class AttemptState(msgspec.Struct, frozen=True):
    """One try to deliver; without `ended` it is open, and it is unknown whether it arrived."""

    number: int
    began: datetime
    ended: datetime | None = None
    outcome: str | None = None


class OtherState(msgspec.Struct, frozen=True):
    """Another request of the same case."""

    id: str
    event: str
    state: str
    received: datetime
    identifier: Identifier | None = None


class AnswerState(msgspec.Struct, frozen=True):
    """One answer. `amount` is what the insurer pays, in SAR; `reissue` the code of why it was given again.

    `by` is insurer or gateway; `given` session, waiting or fetched, None to an insurer.
    """

    event: str
    header: str
    by: str
    received: datetime
    identifier: Identifier | None = None
    created: str | None = None
    outcome: str | None = None
    adjudication: str | None = None
    authorization: str | None = None
    amount: Decimal | None = None
    reissue: str | None = None
    given: str | None = None


class QuestionState(msgspec.Struct, frozen=True):
    """What the insurer asked, and no communication has answered."""

    header: str
    asked: datetime
    identifier: Identifier | None = None


class RepeatedState(msgspec.Struct, frozen=True):
    """A service that another live claim has too, under the same patient invoice. `item` counts from 0."""

    item: int
    service: Identifier
    invoice: Identifier
    claim: Identifier
    header: str


class ExchangeState(msgspec.Struct, frozen=True):
    """One request and what became of it. `next_attempt` is when it is tried again, if known.

    `meaning` says the state in words. `about` is the earlier request it is about, `followed_by` those about
    it, `cancelled_by` the id of the one that took it back, `batch` the header of the batch it came in;
    `relations` are the identifiers it names, by kind: episode, invoice, prior and so on.
    """

    id: str
    event: str
    provider: str
    insurer: str
    identifier: str | None
    state: str
    reason: str
    received: datetime
    changed: datetime
    next_attempt: datetime | None = None
    answered_by: str | None = None
    attempts: tuple[AttemptState, ...] = ()
    header: str = ""
    system: str | None = None
    meaning: str = ""
    about: OtherState | None = None
    followed_by: tuple[OtherState, ...] = ()
    cancelled_by: str | None = None
    batch: str | None = None
    relations: dict[str, tuple[Identifier, ...]] = {}
    answers: tuple[AnswerState, ...] = ()
    open_questions: tuple[QuestionState, ...] = ()
    repeated_services: tuple[RepeatedState, ...] = ()


def read_exchanges(raw: bytes) -> tuple[ExchangeState, ...]:
    """From the JSON of GET /exchanges. Raises NotAnAnswer if it is something else."""
    try:
        return msgspec.json.decode(raw, type=tuple[ExchangeState, ...])
    except msgspec.DecodeError as fault:
        raise NotAnAnswer(f"what the gateway says of its exchanges cannot be read: {fault}") from fault
