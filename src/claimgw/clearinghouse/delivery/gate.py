"""Does the lane of an insurer stand still, and why? What it holds waits together, and keeps its order."""

from dataclasses import dataclass
from datetime import datetime

from claimgw.access.registry import Snapshot
from claimgw.clearinghouse.delivery.breakers import Breakers
from claimgw.clearinghouse.delivery.hours import Closed, is_open, sentence, standing
from claimgw.store.breakers import Circuit
from claimgw.store.records import Exchange, State

_WAITING = frozenset({State.HELD, State.UNCONFIRMED})


@dataclass(frozen=True, slots=True)
class Shut:
    """`reason`: for people, why nothing is sent there now. `hours`: the sentence on them, if these are why.

    `opens`: when it goes on, if that is known.
    """

    reason: str
    hours: str = ""
    opens: datetime | None = None


def shut(breakers: Breakers, registry: Snapshot, insurer: str, now: datetime) -> Shut | None:
    """Why the lane stands still; None if messages may go."""
    if (pause := registry.paused(insurer)) is not None:
        return Shut(f"delivery is paused: {pause.reason}")
    if (closed := _outside_hours(registry, insurer, now)) is not None:
        return closed
    if (circuit := breakers.open(insurer, registry)) is not None:
        return Shut(taken_for_down(circuit))
    return None


def _outside_hours(registry: Snapshot, insurer: str, now: datetime) -> Shut | None:
    known = registry.participant(insurer)
    if known is None or is_open(hours := known.settings.hours, now):
        return None
    told, held = sentence(hours, now), standing(hours, now)
    assert isinstance(held, Closed)
    return Shut(f"{told} ({held.reason})" if held.reason else told, told, held.opens)


def next_attempt(
    breakers: Breakers, registry: Snapshot, exchange: Exchange, now: datetime
) -> datetime | None:
    """When it is tried next; None: never, or nobody knows when its lane goes on."""
    if exchange.due_at is None or exchange.state not in _WAITING:
        return exchange.due_at
    held = shut(breakers, registry, exchange.insurer, now)
    if held is None:
        return exchange.due_at
    return None if held.opens is None else max(exchange.due_at, held.opens)


def taken_for_down(circuit: Circuit) -> str:
    return f"taken for down since {circuit.since:%Y-%m-%d %H:%M} UTC: {circuit.reason}"
