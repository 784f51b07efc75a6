"""What becomes of an attempt whose node is gone? It may have arrived: it is sent again after a grace."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import structlog

from claimgw.clearinghouse.answer import own
from claimgw.clearinghouse.delivery.outcomes import MEANING, Arrived, Outcome
from claimgw.clearinghouse.parts import Parts
from claimgw.clearinghouse.record import keep_own
from claimgw.clearinghouse.unreachable import unreachable
from claimgw.errors import Conflict
from claimgw.messages.envelope import Envelope, read
from claimgw.messages.events import EVENTS
from claimgw.store import Unit, attempts, exchanges, messages
from claimgw.store.records import Attempt, Author, Exchange, State

_log = structlog.get_logger(__name__)


async def abandon(parts: Parts, exchange: Exchange, grace: float) -> None:
    """Close what its node left open: it may have arrived. Nothing is done if somebody else was faster."""
    now = parts.clock.now()
    meaning = MEANING[Outcome.ABANDONED]
    assert meaning.arrived is Arrived.UNKNOWN
    try:
        async with parts.database.write() as unit:
            close_left(unit, await attempts.of_exchange(unit, exchange.id), now)
            await _leave(parts, unit, exchange, now + timedelta(seconds=grace))
    except Conflict:
        return
    _log.warning(
        "an attempt was left open by its node",
        action="abandon",
        exchange=exchange.id,
        insurer=exchange.insurer,
    )


def close_left(unit: Unit, left: Iterable[Attempt], now: datetime) -> None:
    """Note of attempts that nobody will hear the end of those that are open."""
    for made in left:
        if made.closed_at is None:
            attempts.close(
                unit,
                made.id,
                at=now,
                outcome=Outcome.ABANDONED.value,
                detail=f"node {made.node}",
                answer_id=None,
            )


async def _leave(parts: Parts, unit: Unit, exchange: Exchange, due_at: datetime) -> None:
    """It is sent again after the grace; what may not wait is answered once and for all."""
    now, reason = parts.clock.now(), f"{MEANING[Outcome.ABANDONED].when}; it may have arrived"
    if EVENTS[exchange.event].queueable:
        await exchanges.change(
            unit,
            exchange,
            state=State.UNCONFIRMED,
            reason=reason,
            due_at=due_at,
            changed_at=now,
            waiting=False,
        )
        return
    answer_id, author = exchange.answer_id, exchange.answered_by
    if answer_id is None:
        request = read(await messages.content(unit, exchange.id) or b"")
        assert isinstance(request, Envelope), "a request on record is no message any more"
        raw = await unreachable(parts, unit, request, exchange, exchange.insurer, parts.stamp(now))
        answer_id, author = (await keep_own(unit, own(raw), exchange, now)).id, Author.GATEWAY
    await exchanges.change(
        unit,
        exchange,
        state=State.ANSWERED,
        reason=reason,
        due_at=None,
        changed_at=now,
        waiting=False,
        answer_id=answer_id,
        answered_by=author,
    )
