"""Which exchanges did an operator have sent or judged again, and how did they stand before?"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select

from claimgw.store.database import Unit
from claimgw.store.exchanges import as_exchange
from claimgw.store.records import Exchange, State
from claimgw.store.tables import exchange, redrive, redriven

_WAITING = [State.HELD.value, State.UNCONFIRMED.value]


class Kind(StrEnum):
    """What was done again."""

    RESEND = "resend"
    REJUDGE = "rejudge"


@dataclass(frozen=True, slots=True)
class Redrive:
    """One order of an operator, to one insurer. `chosen` says in words by what the exchanges were chosen."""

    id: str
    kind: Kind
    insurer: str
    chosen: str
    made_at: datetime
    made_by: str
    reason: str
    stopped_at: datetime | None = None
    stopped_by: str | None = None


@dataclass(frozen=True, slots=True)
class Redriven:
    """One exchange of an order; `state`, `reason`, `due_at` and the number of `tries` are those of before."""

    redrive_id: str
    exchange_id: str
    at: datetime
    state: State
    reason: str
    due_at: datetime | None
    tries: int


def begin(unit: Unit, order: Redrive) -> None:
    """Keep an order, before the first of its exchanges."""
    row = {name: getattr(order, name) for name in Redrive.__slots__}
    unit.put(redrive, [row | {"kind": order.kind.value, "chosen": order.chosen[:250]}])


def add(unit: Unit, order: Redrive, members: Sequence[Redriven]) -> None:
    """Note exchanges of an order; a stop waits for them. The unit raises Conflict if it came first."""
    goes_on = {"id": order.id, "stopped_at": None}
    unit.amend(redrive, goes_on, {"made_at": order.made_at}, otherwise="the order was stopped")
    rows = [
        {name: getattr(one, name) for name in Redriven.__slots__} | {"state": one.state.value}
        for one in members
    ]
    unit.put(redriven, rows)


def stop(unit: Unit, order: Redrive, at: datetime, by: str) -> None:
    """No more of it. The unit raises Conflict if somebody was faster."""
    going = {"id": order.id, "stopped_at": None}
    unit.amend(redrive, going, {"stopped_at": at, "stopped_by": by}, otherwise="it was stopped")


async def is_stopped(unit: Unit, redrive_id: str) -> bool:
    """Whether somebody has stopped it."""
    return await unit.scalar(select(redrive.c.stopped_at).where(redrive.c.id == redrive_id)) is not None


async def going(unit: Unit, insurer: str) -> list[Redrive]:
    """What is being sent again there: orders of which something still waits, the newest first."""
    waits = (
        select(redriven.c.redrive_id)
        .join(exchange, exchange.c.id == redriven.c.exchange_id)
        .where(exchange.c.state.in_(_WAITING))
    )
    query = select(redrive).where(
        redrive.c.insurer == insurer, redrive.c.stopped_at.is_(None), redrive.c.id.in_(waits)
    )
    return [_order(row) for row in await unit.execute(query.order_by(redrive.c.id.desc()))]


async def waiting(unit: Unit, redrive_id: str, most: int, after: str = "") -> list[tuple[Redriven, Exchange]]:
    """What of it waits to be sent, in the order of their ids, which are greater than `after`."""
    query = (
        select(redriven, exchange)
        .join(exchange, exchange.c.id == redriven.c.exchange_id)
        .where(redriven.c.redrive_id == redrive_id, exchange.c.state.in_(_WAITING))
        .order_by(redriven.c.exchange_id)
        .limit(most)
    )
    if after:
        query = query.where(redriven.c.exchange_id > after)
    width = len(redriven.c)
    return [(_member(row[:width]), as_exchange(row[width:])) for row in await unit.execute(query)]


async def of_exchange(unit: Unit, exchange_id: str) -> list[tuple[Redriven, Redrive]]:
    """How often one exchange was sent or judged again, first to last."""
    query = (
        select(redriven, redrive)
        .join(redrive, redrive.c.id == redriven.c.redrive_id)
        .where(redriven.c.exchange_id == exchange_id)
        .order_by(redriven.c.at, redriven.c.redrive_id)
    )
    width = len(redriven.c)
    return [(_member(row[:width]), _order(row[width:])) for row in await unit.execute(query)]


async def last_of(unit: Unit, exchange_id: str) -> datetime | None:
    """When it was sent or judged again last."""
    found = await of_exchange(unit, exchange_id)
    return found[-1][0].at if found else None


async def listed(unit: Unit, insurer: str | None, most: int) -> list[tuple[Redrive, int]]:
    """The newest orders first, each with the number of its exchanges."""
    from_there = [] if insurer is None else [redrive.c.insurer == insurer]
    rows = await unit.execute(select(redrive).where(*from_there).order_by(redrive.c.id.desc()).limit(most))
    orders = [_order(row) for row in rows]
    return [(order, await _size(unit, order.id)) for order in orders]


async def _size(unit: Unit, redrive_id: str) -> int:
    rows = await unit.execute(select(redriven.c.exchange_id).where(redriven.c.redrive_id == redrive_id))
    return len(rows.all())


def _order(row: Iterable[Any]) -> Redrive:
    values = dict(zip(redrive.c.keys(), row, strict=True))
    return Redrive(**{**values, "kind": Kind(values["kind"])})


def _member(row: Iterable[Any]) -> Redriven:
    values = dict(zip(redriven.c.keys(), row, strict=True))
    return Redriven(**{**values, "state": State(values["state"])})
