"""Where does each request stand? Every change of state is conditional on what was read."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.exc import IntegrityError

from claimgw.errors import Conflict
from claimgw.store.database import Unit
from claimgw.store.records import Author, Exchange, Focal, State
from claimgw.store.tables import exchange


async def open_exchange(unit: Unit, opened: Exchange) -> None:
    """Keep a new request.

    Raises Conflict if its business identifier was taken meanwhile, or what it cancels is being cancelled.
    """
    focal = opened.focal
    try:
        await unit.execute(
            insert(exchange).values(
                id=opened.id,
                event=opened.event,
                provider=opened.provider,
                insurer=opened.insurer,
                focal_type=focal.type if focal else None,
                focal_system=focal.system if focal else None,
                focal_value=focal.value if focal else None,
                focal_digest=focal.digest if focal else None,
                created_at=opened.created_at,
                about_id=opened.about_id,
                batch_id=opened.batch_id,
                **_state(opened),
            )
        )
    except IntegrityError as fault:
        raise Conflict("the business identifier has been used before") from fault


async def find(unit: Unit, exchange_id: str) -> Exchange | None:
    rows = await unit.execute(select(exchange).where(exchange.c.id == exchange_id))
    row = rows.one_or_none()
    return _read(row) if row else None


async def by_focal(unit: Unit, provider: str, kind: str, system: str, value: str) -> Exchange | None:
    """The request this provider has sent under that business identifier."""
    rows = await unit.execute(
        select(exchange).where(
            exchange.c.provider == provider,
            exchange.c.focal_type == kind,
            exchange.c.focal_system == system,
            exchange.c.focal_value == value,
        )
    )
    row = rows.one_or_none()
    return _read(row) if row else None


async def by_value(unit: Unit, value: str) -> list[Exchange]:
    """Requests with that business identifier, in whatever system, newest first; at most ten."""
    query = (
        select(exchange)
        .where(exchange.c.focal_value == value)
        .order_by(exchange.c.created_at.desc())
        .limit(10)
    )
    return [_read(row) for row in await unit.execute(query)]


async def change(unit: Unit, read: Exchange, **changes: Any) -> Exchange:
    """The exchange with these changes, written only if nobody has changed it since `read` was read.

    Raises Conflict otherwise; the caller reads again and decides anew.
    """
    changed = replace(read, revision=read.revision + 1, **changes)
    done = await unit.execute(
        update(exchange)
        .where(exchange.c.id == read.id, exchange.c.revision == read.revision)
        .values(**_state(changed))
    )
    if done.rowcount != 1:
        raise Conflict("the exchange was changed by another hand")
    return changed


async def lanes_due(unit: Unit, now: datetime) -> list[str]:
    """The insurers for which something is due."""
    query = select(exchange.c.insurer).where(exchange.c.due_at <= now).distinct()
    return [insurer for (insurer,) in await unit.execute(query)]


async def due(unit: Unit, insurer: str, now: datetime, most: int) -> list[Exchange]:
    """What is due in one lane, oldest request first."""
    query = (
        select(exchange)
        .where(exchange.c.insurer == insurer, exchange.c.due_at <= now)
        .order_by(exchange.c.due_at, exchange.c.id)
        .limit(most)
    )
    return [_read(row) for row in await unit.execute(query)]


def _state(kept: Exchange) -> dict[str, Any]:
    return {
        "state": kept.state.value,
        "reason": kept.reason[:250],
        "changed_at": kept.changed_at,
        "due_at": kept.due_at,
        "waiting": kept.waiting,
        "answer_id": kept.answer_id,
        "answered_by": kept.answered_by.value if kept.answered_by else None,
        "revision": kept.revision,
    }


def _read(row: Row[Any]) -> Exchange:
    values = dict(row._mapping)
    kind, system = values.pop("focal_type"), values.pop("focal_system")
    value, digest = values.pop("focal_value"), values.pop("focal_digest")
    author = values.pop("answered_by")
    return Exchange(
        **{
            **values,
            "focal": Focal(kind, system, value, digest) if kind else None,
            "state": State(values["state"]),
            "answered_by": Author(author) if author else None,
        }
    )
