"""Has a message been sent before, and what is on record of what it mentions? At first by one glance."""

from datetime import datetime

from claimgw.access.registry import Snapshot
from claimgw.clearinghouse.admit import Collision, Repeat, seen_before
from claimgw.clearinghouse.recall import Recollection, asked_of, recall
from claimgw.conformance.history.mentions import mentions
from claimgw.messages.envelope import Envelope
from claimgw.messages.events import Event
from claimgw.store import Unit
from claimgw.store.glance import glance


async def look_up(
    unit: Unit, envelope: Envelope, event: Event, registry: Snapshot, now: datetime, *, complete: bool
) -> Repeat | Collision | Recollection:
    """What it repeats or collides with; otherwise the record, read only where the glance saw something.

    `complete`: what is not on record does not exist.
    """
    seen = await glance(unit, asked_of(envelope, event, mentions(envelope)))
    if seen.used or seen.requests:
        known = await seen_before(unit, envelope)
        if known is not None:
            return known
    return await recall(unit, envelope, event, registry, now, complete=complete, seen=seen)
