"""What happens to a message, step by step. Read this first.

open ─► admit ─► check ─► record ══commit 1══► forward ─► settle ══commit 2══► answer
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import assert_never

from claimgw.access.callers import Caller
from claimgw.access.participants import Participant
from claimgw.access.registry import Snapshot
from claimgw.clearinghouse import answer, record
from claimgw.clearinghouse.admit import Collision, Repeat, admit, find_destination, seen_before, served_by
from claimgw.clearinghouse.followup import deferred
from claimgw.clearinghouse.open import Refusal, open_message
from claimgw.clearinghouse.own import poll
from claimgw.clearinghouse.parts import Parts, Reply
from claimgw.clearinghouse.repeat import repeat
from claimgw.clearinghouse.session import Sessions
from claimgw.conformance import check, direction_of
from claimgw.errors import Conflict, StoreUnavailable
from claimgw.messages.envelope import Envelope
from claimgw.messages.events import Event, Leg, Way
from claimgw.messages.findings import Finding, errors
from claimgw.telemetry import metrics

_RACES = 20


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
    now = parts.clock.now()
    async with parts.database.read() as unit:
        known = await seen_before(unit, envelope, record.digest_of(envelope.raw))
    match known:
        case Repeat(message_id):
            metrics.messages.labels(event.code, "repeated").inc()
            return await repeat(parts, envelope, message_id)
        case Collision(finding):
            metrics.messages.labels(event.code, "collided").inc()
            return await _collided(parts, envelope, finding, now)
        case None:
            return await _first_time(parts, sessions, envelope, event, registry, now)
    assert_never(known)


async def _first_time(
    parts: Parts, sessions: Sessions, envelope: Envelope, event: Event, registry: Snapshot, now: datetime
) -> Reply:
    destination = find_destination(envelope, event, registry)
    if isinstance(destination, Finding):
        metrics.messages.labels(event.code, "refused").inc()
        return await _refuse(parts, envelope, [destination], now)
    faults = errors(_check(parts, envelope, event, destination, registry, now))
    metrics.messages.labels(event.code, "refused" if faults else "accepted").inc()
    if event.leg is not Leg.REQUEST:
        return await deferred.receive(parts, envelope, faults, now)
    if event.way is Way.GATEWAY:
        return await poll.answer_poll(parts, envelope, faults, now)
    if faults:
        return await _refuse(parts, envelope, faults, now)
    assert destination is not None
    exchange, attempt = await record.accept(parts, envelope, destination, now)
    told = await sessions.hold(parts, exchange, envelope, attempt, destination)
    return Reply(200, await answer.tagged(parts, told, exchange.provider))


def _check(
    parts: Parts,
    envelope: Envelope,
    event: Event,
    destination: Participant | None,
    registry: Snapshot,
    now: datetime,
) -> list[Finding]:
    served = served_by(destination, registry, now) if destination else frozenset()
    # What the gateway reads itself it must be able to read: operators' changes are for what it passes on.
    passed_on = event.way is Way.INSURER and answer.answerable(envelope)
    return check(
        envelope,
        now,
        direction=direction_of(event),
        served=served,
        schemas=parts.schemas,
        severities=registry.severities if passed_on else None,
    )


async def _refuse(parts: Parts, envelope: Envelope, faults: list[Finding], now: datetime) -> Reply:
    body = answer.refusing(envelope, faults, now)
    if body is None:
        return answer.bare(Refusal(400, tuple(faults)))
    await record.refuse(parts, envelope, answer.own(body), now)
    return Reply(200, await answer.tagged(parts, body, str(envelope.sender)))


async def _collided(parts: Parts, envelope: Envelope, finding: Finding, now: datetime) -> Reply:
    body = answer.refusing(envelope, [finding], now)
    if body is None:
        return answer.bare(Refusal(400, (finding,)))
    await record.keep_collision(parts, envelope, answer.own(body), now)
    return Reply(200, await answer.tagged(parts, body, str(envelope.sender)))
