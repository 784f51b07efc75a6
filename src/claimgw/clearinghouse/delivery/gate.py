"""Does the lane of an insurer stand still, and why? What it holds waits together, and keeps its order."""

from dataclasses import dataclass
from datetime import datetime

from claimgw.access.registry import Snapshot
from claimgw.clearinghouse.delivery.breakers import Breakers
from claimgw.clearinghouse.delivery.hours import Closed, is_open, sentence, standing
from claimgw.store.breakers import Circuit


@dataclass(frozen=True, slots=True)
class Shut:
    """`reason`: for people, why nothing is sent there now. `hours`: the sentence on them, if these are why."""

    reason: str
    hours: str = ""


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
    hours = known.settings.hours if known else None
    if hours is None or is_open(hours, now):
        return None
    told, held = sentence(hours, now), standing(hours, now)
    why = held.reason if isinstance(held, Closed) else ""
    return Shut(f"{told} ({why})" if why else told, told)


def taken_for_down(circuit: Circuit) -> str:
    return f"taken for down since {circuit.since:%Y-%m-%d %H:%M} UTC: {circuit.reason}"
