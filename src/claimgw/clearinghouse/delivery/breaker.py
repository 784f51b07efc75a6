"""When is an insurer taken for down, and when for there again? A state machine; pure, save that it counts.

closed ──enough failures──► open ──time to probe──► half-open ──it went well──► closed
                             ▲                          │
                             └──────it did not──────────┘
"""

from collections import deque
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from claimgw.access.lanes import Breaker
from claimgw.clearinghouse.delivery.outcomes import MEANING, Arrived, Outcome
from claimgw.store.breakers import Circuit, Position


def failed(outcome: Outcome) -> bool | None:
    """Whether that ending speaks against the insurer; None: it says nothing about it."""
    meaning = MEANING[outcome]
    if meaning.breaker:
        return True
    return False if meaning.arrived is Arrived.YES else None


@dataclass(slots=True)
class Samples:
    """The endings of late, of one insurer and in one process; times are those when they were noted."""

    _endings: deque[tuple[datetime, bool, str]] = field(default_factory=deque)
    _counted: set[str] = field(default_factory=set)
    _failures: int = 0

    def add(self, attempt: str, at: datetime, settings: Breaker, *, failure: bool) -> bool:
        """Note how that attempt ended; whether the breaker opens by it.

        It counts once, however often it is told: what comes after is done again if the database was away.
        """
        if attempt not in self._counted:
            self._endings.append((at, failure, attempt))
            self._counted.add(attempt)
            self._failures += failure
        oldest = at - timedelta(seconds=settings.window_seconds)
        while self._endings and self._endings[0][0] < oldest:
            _, failed_then, gone = self._endings.popleft()
            self._failures -= failed_then
            self._counted.discard(gone)
        many = self._failures >= settings.least_failures
        return failure and many and self._failures >= settings.share * len(self._endings)


def may_probe(circuit: Circuit, now: datetime) -> bool:
    """Whether it is time, and nobody is at it whose node may still live."""
    return circuit.state is not Position.CLOSED and circuit.probe_at is not None and circuit.probe_at <= now


def opened(before: Circuit, now: datetime, reason: str, settings: Breaker) -> Circuit:
    """The insurer is taken for down from now on."""
    return replace(
        before,
        state=Position.OPEN,
        since=now,
        reason=reason,
        opened=before.opened + 1,
        probe_at=now + timedelta(seconds=settings.probe_seconds),
        prober=None,
        revision=before.revision + 1,
    )


def probing(before: Circuit, now: datetime, node: str, seconds: float) -> Circuit:
    """That node probes; after so many seconds it counts as dead, and another may."""
    return replace(
        before,
        state=Position.HALF_OPEN,
        probe_at=now + timedelta(seconds=seconds),
        prober=node,
        revision=before.revision + 1,
    )


def still_open(before: Circuit, now: datetime, reason: str, settings: Breaker) -> Circuit:
    """The probe has shown that the insurer is down; it has been since `since`."""
    return replace(
        before,
        state=Position.OPEN,
        reason=reason,
        probe_at=now + timedelta(seconds=settings.probe_seconds),
        prober=None,
        revision=before.revision + 1,
    )


def closed(before: Circuit, now: datetime) -> Circuit:
    """The insurer is there again."""
    return replace(
        before,
        state=Position.CLOSED,
        since=now,
        reason="",
        probe_at=None,
        prober=None,
        revision=before.revision + 1,
    )
