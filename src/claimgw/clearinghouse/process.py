"""What happens to a message, step by step. Read this first.

open ─► admit ─► recall ─► check ─► record ══commit 1══► forward ─► settle ══commit 2══► answer
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import assert_never

from claimgw.access.callers import Caller
from claimgw.access.registry import Snapshot
from claimgw.clearinghouse import answer
from claimgw.clearinghouse.admit import Collision, Repeat, admit, find_destination
from claimgw.clearinghouse.followup import cancel, late, notices
from claimgw.clearinghouse.judge import first_look, judge
from claimgw.clearinghouse.large import is_large, take_unchecked
from claimgw.clearinghouse.look_up import look_up
from claimgw.clearinghouse.open import Refusal, open_message
from claimgw.clearinghouse.own import batch, payment_notice, poll
from claimgw.clearinghouse.parts import Parts, Reply
from claimgw.clearinghouse.pass_on import pass_on
from claimgw.clearinghouse.recall import Recollection
from claimgw.clearinghouse.received import Received
from claimgw.clearinghouse.refuse import collide, refuse
from claimgw.clearinghouse.repeat import repeat
from claimgw.clearinghouse.session import Sessions
from claimgw.errors import Conflict, StoreUnavailable
from claimgw.messages.envelope import Envelope
from claimgw.messages.events import Event
from claimgw.messages.findings import Finding
from claimgw.telemetry import metrics

_RACES = 20

Route = Callable[[Parts, Sessions, Received], Awaitable[Reply]]

# What follows the check; the other events are passed on to their insurer.
_ROUTES: Mapping[str, Route] = {
    "poll-request": poll.receive,
    "payment-notice": payment_notice.receive,
    "batch-request": batch.receive,
    "cancel-request": cancel.receive,
    "cancel-response": cancel.receive_late,
    "claim-response": late.receive,
    "priorauth-response": late.receive,
    "communication-request": notices.receive,
    "payment-reconciliation": notices.receive,
    "advanced-authorization": notices.receive,
}


async def process(parts: Parts, sessions: Sessions, raw: bytes, caller: Caller) -> Reply:
    """One message in, one answer out. Raises StoreUnavailable if it could not be made safe."""
    began = parts.clock.monotonic()
    envelope = open_message(raw)
    if isinstance(envelope, Refusal):
        metrics.messages.labels("", "unreadable").inc()
        return answer.bare(envelope)
    registry = await parts.registry.current()
    event = admit(envelope, caller, registry)
    if isinstance(event, Refusal):
        metrics.messages.labels("", "forbidden").inc()
        return answer.bare(event)
    with _timed(parts, event, began):
        return await _without_races(parts, sessions, envelope, event, registry)


@contextmanager
def _timed(parts: Parts, event: Event, began: float) -> Iterator[None]:
    try:
        yield
    finally:
        metrics.session_seconds.labels(event.code).observe(parts.clock.monotonic() - began)


async def _without_races(
    parts: Parts, sessions: Sessions, envelope: Envelope, event: Event, registry: Snapshot
) -> Reply:
    for _ in range(_RACES):
        try:
            return await _once(parts, sessions, envelope, event, registry)
        except Conflict:
            # A copy, or another answer to the same request, was faster between our look and our commit.
            continue
    raise StoreUnavailable("the request changes faster than it can be read; send the same message again")


async def _once(
    parts: Parts, sessions: Sessions, envelope: Envelope, event: Event, registry: Snapshot
) -> Reply:
    now, complete = parts.clock.now(), parts.limits.complete_history
    async with parts.database.read() as unit:
        known = await look_up(unit, envelope, event, registry, now, complete=complete)
    match known:
        case Repeat(message_id):
            metrics.messages.labels(event.code, "repeated").inc()
            return await repeat(parts, envelope, message_id)
        case Collision(finding):
            metrics.messages.labels(event.code, "collided").inc()
            return await collide(parts, envelope, finding, now)
        case Recollection():
            return await _first_time(parts, sessions, envelope, event, registry, known, now)
    assert_never(known)


async def _first_time(
    parts: Parts,
    sessions: Sessions,
    envelope: Envelope,
    event: Event,
    registry: Snapshot,
    known: Recollection,
    now: datetime,
) -> Reply:
    destination = find_destination(envelope, event, registry)
    if isinstance(destination, Finding):
        metrics.messages.labels(event.code, "refused").inc()
        return await refuse(parts, envelope, [destination], now)
    if destination is not None and is_large(envelope, event, parts.limits):
        metrics.messages.labels(event.code, "large").inc()
        return await take_unchecked(parts, Received(envelope, event, destination, known, (), now))
    given = Received(envelope, event, destination, known, (), now)
    received = judge(parts, registry, given, part=first_look(event))
    metrics.messages.labels(event.code, "refused" if received.faults else "accepted").inc()
    return await _ROUTES.get(event.code, pass_on)(parts, sessions, received)
