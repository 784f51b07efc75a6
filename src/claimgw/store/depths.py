"""How much is on its way, waits to be polled, or is unknown? Counts for the figures."""

from datetime import datetime

from sqlalchemy import func, select

from claimgw.store.database import Unit
from claimgw.store.records import State
from claimgw.store.tables import attempt, exchange, mailbox

_ENDED = [state.value for state in (State.REFUSED, State.ANSWERED, State.CANCELLED, State.NULLIFIED)]


async def moving(unit: Unit) -> list[tuple[str, str, int]]:
    """Insurer, state and number of the exchanges that have not ended."""
    rows = await unit.execute(
        select(exchange.c.insurer, exchange.c.state, func.count())
        .where(exchange.c.state.not_in(_ENDED))
        .group_by(exchange.c.insurer, exchange.c.state)
    )
    return [(insurer, state, count) for insurer, state, count in rows]


async def mailboxes(unit: Unit) -> list[tuple[str, int, datetime]]:
    """Provider, number and time of the oldest of the messages that wait to be polled."""
    rows = await unit.execute(
        select(mailbox.c.provider, func.count(), func.min(mailbox.c.queued_at))
        .where(mailbox.c.delivered_at.is_(None))
        .group_by(mailbox.c.provider)
    )
    return [(provider, count, since) for provider, count, since in rows]


async def open_attempts(unit: Unit) -> list[tuple[str, int]]:
    """Insurer and number of the attempts that nobody has closed."""
    rows = await unit.execute(
        select(exchange.c.insurer, func.count())
        .join(attempt, attempt.c.exchange_id == exchange.c.id)
        .where(attempt.c.closed_at.is_(None))
        .group_by(exchange.c.insurer)
    )
    return [(insurer, count) for insurer, count in rows]
