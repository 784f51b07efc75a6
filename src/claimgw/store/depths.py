"""How much is on its way, waits to be polled, or is unknown? Counts for the figures."""

from datetime import datetime

from sqlalchemy import func, select, union_all

from claimgw.store.database import Unit
from claimgw.store.mailbox import UNCONFIRMED, WAITING, due
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


async def mailboxes(unit: Unit, now: datetime) -> list[tuple[str, int, datetime]]:
    """Provider, number and time of the oldest of the messages that wait to be polled, or to be once more."""
    of_state = [
        select(mailbox.c.provider, mailbox.c.queued_at).where(*state)
        for state in ((WAITING,), (UNCONFIRMED, due(now)))
    ]
    waits = union_all(*of_state).subquery()
    rows = await unit.execute(
        select(waits.c.provider, func.count(), func.min(waits.c.queued_at)).group_by(waits.c.provider)
    )
    return [(provider, count, since) for provider, count, since in rows]


async def unconfirmed(unit: Unit) -> list[tuple[str, int]]:
    """Provider and number of the messages that were delivered, and that nobody has confirmed."""
    rows = await unit.execute(
        select(mailbox.c.provider, func.count())
        .where(UNCONFIRMED, mailbox.c.reserved_until.is_not(None))
        .group_by(mailbox.c.provider)
    )
    return [(provider, count) for provider, count in rows]


async def open_attempts(unit: Unit) -> list[tuple[str, int]]:
    """Insurer and number of the attempts that nobody has closed."""
    rows = await unit.execute(
        select(exchange.c.insurer, func.count())
        .join(attempt, attempt.c.exchange_id == exchange.c.id)
        .where(attempt.c.closed_at.is_(None))
        .group_by(exchange.c.insurer)
    )
    return [(insurer, count) for insurer, count in rows]
