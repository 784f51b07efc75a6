"""What do the steps of a message's way work with? Handed over once, by the place where all is joined."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from claimgw.access.participants import Participant
from claimgw.access.registry import Registry
from claimgw.clearinghouse.beside.process import Beside
from claimgw.clearinghouse.delivery.breakers import Breakers
from claimgw.clearinghouse.delivery.pace import Pace
from claimgw.clearinghouse.delivery.policy import Schedule
from claimgw.clearinghouse.lines import Lines
from claimgw.clearinghouse.places import Places
from claimgw.clock import Clock
from claimgw.conformance.validator.schemas import Schemas
from claimgw.ids import new_id
from claimgw.messages.dialect import Dialect
from claimgw.messages.frame import Stamp
from claimgw.store import Database


@dataclass(frozen=True, slots=True)
class Limits:
    """Times in seconds (spec §3.2), sizes in bytes; and what differs from gateway to gateway."""

    session: float = 60.0  # from the provider's request to our answer; the wire allows no more
    insurer: float = 50.0  # until then the insurer may answer in the session
    lease: float = 15.0  # beyond an attempt's own limit, before another node takes it up
    poll_lease: float = 60.0  # a polled message belongs to that poll for so long
    confirm: float = 300.0  # then what was delivered is offered again, to providers that confirm
    poll_answer: int = 10 * 1024 * 1024
    batch: int = 200  # claims in one batch (spec C-02)
    # From here on a claim is large: it is taken at once and checked afterwards (spec §3.5).
    large_bytes: int = 2 * 1024 * 1024
    large_items: int = 200
    complete_history: bool = False  # what is not on record does not exist
    own_status: bool = False  # a status check is answered from our own record while the insurer is away


@dataclass(frozen=True, slots=True)
class Parts:
    """`wake` tells all workers that something may be due, and `announce` all who wait for mail that some may
    have come, as `wake` does too; `jitter` is a number from 0 to 1; `under_way` holds the ids of the attempts
    that this process is making.
    """

    database: Database
    registry: Registry
    schemas: Schemas
    lines: Lines
    clock: Clock
    node: str
    limits: Limits
    schedule: Schedule
    jitter: Callable[[], float]
    wake: Callable[[], None]
    announce: Callable[[], None]
    breakers: Breakers
    pace: Pace
    dialect: Dialect = Dialect.NPHIES
    # What is too much for this event loop is done there; None: here all the same.
    beside: Beside | None = None
    under_way: set[str] = field(default_factory=set)
    places: Places = field(default_factory=Places)

    def schedule_of(self, insurer: Participant | None) -> Schedule:
        """How that insurer is tried again: the gateway's own way, but for what is set for it."""
        return self.schedule.of(insurer.settings.delivery) if insurer else self.schedule

    def stamp(self, now: datetime, notes: Sequence[str] = ()) -> Stamp:
        """For a message that is written now, with what is told beside it."""
        return Stamp(new_id(now), now, self.dialect, notes=tuple(notes))


@dataclass(frozen=True, slots=True)
class Given:
    """What a poll is given: its own id and the moment it was received, and the ids of the messages."""

    poll_id: str
    provider: str
    polled_at: datetime
    message_ids: Sequence[str]


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back over HTTP. `given`: to a poll; it counts as delivered once the body is written."""

    status: int
    body: bytes
    given: Given | None = None
