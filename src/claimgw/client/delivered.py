"""What does the gateway say it has delivered, and is that confirmed?"""

from datetime import datetime

import msgspec

from claimgw.client.faults import NotAnAnswer
from claimgw.messages.identifiers import Identifier


class DeliveredState(msgspec.Struct, frozen=True):
    """A message as it was delivered last. `id` is the gateway's own name of it, `place` that of the delivery.

    `header` and `bundle` are its ids on the wire, `poll` the MessageHeader.id of the poll that was given it;
    `offers`: how many polls were. Without `confirmed` it is offered again.
    """

    id: str
    event: str
    header: str
    bundle: str
    queued: datetime
    delivered: datetime
    poll: str
    offers: int
    place: str
    about: Identifier | None = None
    confirmed: datetime | None = None


class _Confirmed(msgspec.Struct):
    confirms: bool


def read_delivered(raw: bytes) -> tuple[DeliveredState, ...]:
    """From the JSON of GET /mailbox/delivered. Raises NotAnAnswer if it is something else."""
    try:
        return msgspec.json.decode(raw, type=tuple[DeliveredState, ...])
    except msgspec.DecodeError as fault:
        raise NotAnAnswer(f"what the gateway has delivered cannot be read: {fault}") from fault


def read_confirms(raw: bytes) -> bool:
    """From the JSON of POST /mailbox/confirmed: whether to confirm makes a difference."""
    try:
        return msgspec.json.decode(raw, type=_Confirmed).confirms
    except msgspec.DecodeError:
        return False
