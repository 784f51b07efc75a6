"""What does the gateway say of an exchange: where does it stand, why does it wait?"""

from datetime import datetime

import msgspec

from claimgw.client.faults import NotAnAnswer


class AttemptState(msgspec.Struct, frozen=True):
    """One try to deliver; without `ended` it is open, and it is unknown whether it arrived."""

    number: int
    began: datetime
    ended: datetime | None = None
    outcome: str | None = None


class ExchangeState(msgspec.Struct, frozen=True):
    """One request and what became of it. `next_attempt` is when it is tried again."""

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


def read_exchanges(raw: bytes) -> tuple[ExchangeState, ...]:
    """From the JSON of GET /exchanges. Raises NotAnAnswer if it is something else."""
    try:
        return msgspec.json.decode(raw, type=tuple[ExchangeState, ...])
    except msgspec.DecodeError as fault:
        raise NotAnAnswer(f"what the gateway says of its exchanges cannot be read: {fault}") from fault
