"""Which tries to deliver have there been, and which of them are still open?"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from claimgw.store.database import Unit
from claimgw.store.records import Attempt, State
from claimgw.store.tables import attempt, exchange


async def open_attempt(unit: Unit, opened: Attempt) -> None:
    """Write an attempt down before it is made."""
    unit.put(attempt, [{name: getattr(opened, name) for name in Attempt.__slots__}])


async def open_attempts(unit: Unit, opened: Sequence[Attempt]) -> None:
    """Write several down before they are made."""
    unit.put(attempt, [{name: getattr(one, name) for name in Attempt.__slots__} for one in opened])


def close(
    unit: Unit, attempt_id: str, *, at: datetime, outcome: str, detail: str, answer_id: str | None
) -> None:
    """Note how an open attempt ended. The unit raises Conflict if it is closed already."""
    unit.amend(
        attempt,
        {"id": attempt_id, "closed_at": None},
        {"closed_at": at, "outcome": outcome, "detail": detail[:250], "answer_id": answer_id},
        otherwise="the attempt has been closed",
    )


async def is_open(unit: Unit, attempt_id: str) -> bool:
    """Whether nobody has noted yet how it ended."""
    open_one = select(attempt.c.id).where(attempt.c.id == attempt_id, attempt.c.closed_at.is_(None))
    return await unit.scalar(open_one) is not None


async def of_exchange(unit: Unit, exchange_id: str) -> list[Attempt]:
    """All attempts of one request, first to last."""
    rows = await unit.execute(
        select(attempt).where(attempt.c.exchange_id == exchange_id).order_by(attempt.c.number)
    )
    return [Attempt(**row._mapping) for row in rows]


async def of_exchanges(unit: Unit, exchange_ids: Sequence[str]) -> dict[str, list[Attempt]]:
    """All attempts of several requests, first to last; those without are missing."""
    found: dict[str, list[Attempt]] = {}
    if exchange_ids:
        chosen = attempt.c.exchange_id.in_(exchange_ids)
        for row in await unit.execute(select(attempt).where(chosen).order_by(attempt.c.number)):
            found.setdefault(row.exchange_id, []).append(Attempt(**row._mapping))
    return found


async def left_open(unit: Unit, before: datetime) -> list[Attempt]:
    """Attempts opened before then and never closed, though their exchange has gone on without them."""
    rows = await unit.execute(
        select(attempt)
        .join(exchange, exchange.c.id == attempt.c.exchange_id)
        .where(
            attempt.c.closed_at.is_(None),
            attempt.c.opened_at < before,
            exchange.c.state != State.IN_FLIGHT.value,
        )
    )
    return [Attempt(**row._mapping) for row in rows]


async def still_open(unit: Unit, most: int = 1000) -> list[tuple[Attempt, str]]:
    """Attempts nobody has closed, oldest first, each with its insurer: *unknown*, not failed."""
    rows = await unit.execute(
        select(attempt, exchange.c.insurer)
        .join(exchange, exchange.c.id == attempt.c.exchange_id)
        .where(attempt.c.closed_at.is_(None))
        .order_by(attempt.c.opened_at)
        .limit(most)
    )
    found = []
    for row in rows:
        values = dict(row._mapping)
        insurer = values.pop("insurer")
        found.append((Attempt(**values), insurer))
    return found
