"""Where does each request stand? Every change of state is conditional on what was read."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import select, tuple_

from claimgw.store.between import between
from claimgw.store.database import Unit
from claimgw.store.records import Author, Exchange, Focal, State
from claimgw.store.tables import exchange

# As many of a payment's claims are looked up with one query; SQLite takes 32,766 parameters.
_AT_ONCE = 500


async def open_exchange(unit: Unit, opened: Exchange) -> None:
    """Keep a new request.

    The unit raises Conflict if its business identifier was taken meanwhile, or what it cancels is being
    cancelled.
    """
    focal = opened.focal
    row = {
        "id": opened.id,
        "event": opened.event,
        "provider": opened.provider,
        "insurer": opened.insurer,
        "focal_type": focal.type if focal else None,
        "focal_system": focal.system if focal else None,
        "focal_value": focal.value if focal else None,
        "focal_digest": focal.digest if focal else None,
        "created_at": opened.created_at,
        "about_id": opened.about_id,
        "batch_id": opened.batch_id,
        **_state(opened),
    }
    unit.put(exchange, [row], otherwise="the business identifier has been used before")


async def find(unit: Unit, exchange_id: str) -> Exchange | None:
    rows = await unit.execute(select(exchange).where(exchange.c.id == exchange_id))
    row = rows.one_or_none()
    return as_exchange(row) if row else None


async def find_all(unit: Unit, exchange_ids: Sequence[str]) -> list[Exchange]:
    """Those of them that are there, in no order."""
    found: list[Exchange] = []
    for at in range(0, len(exchange_ids), _AT_ONCE):
        rows = await unit.execute(select(exchange).where(exchange.c.id.in_(exchange_ids[at : at + _AT_ONCE])))
        found += map(as_exchange, rows)
    return found


async def by_focal(unit: Unit, provider: str, kind: str, system: str, value: str) -> Exchange | None:
    """The request this provider has sent under that business identifier, if it was not refused."""
    rows = await unit.execute(
        select(exchange).where(
            exchange.c.provider == provider,
            exchange.c.focal_type == kind,
            exchange.c.focal_system == system,
            exchange.c.focal_value == value,
            exchange.c.state != State.REFUSED.value,
        )
    )
    row = rows.one_or_none()
    return as_exchange(row) if row else None


async def by_focals(
    unit: Unit, focals: Sequence[tuple[str, str, str]], *, provider: str | None, insurer: str | None
) -> list[Exchange]:
    """The requests sent under these: type, system and value of a business identifier.

    Of this provider and to this insurer; None: whoever's. The refused ones come first, of several the oldest.
    """
    parties = between(exchange, provider, insurer)
    found: list[Exchange] = []
    for at in range(0, len(focals), _AT_ONCE):
        some = focals[at : at + _AT_ONCE]
        query = select(exchange).where(
            # The values alone first: they are what the index has.
            exchange.c.focal_value.in_({value for _, _, value in some}),
            tuple_(exchange.c.focal_type, exchange.c.focal_system, exchange.c.focal_value).in_(some),
            *parties,
        )
        found += map(as_exchange, await unit.execute(query.order_by(exchange.c.id)))
    return sorted(found, key=lambda held: held.state is not State.REFUSED)


async def change(unit: Unit, read: Exchange, **changes: Any) -> Exchange:
    """The exchange with these changes, written only if nobody has changed it since `read` was read.

    The unit raises Conflict otherwise; the caller reads again and decides anew.
    """
    changed = replace(read, revision=read.revision + 1, **changes)
    unit.amend(
        exchange,
        {"id": read.id, "revision": read.revision},
        _state(changed),
        otherwise="the exchange was changed by another hand",
    )
    return changed


def stands(unit: Unit, read: Exchange) -> None:
    """See to it that the exchange is in the state it was read in; the unit raises Conflict otherwise."""
    state = {"state": read.state.value}
    unit.amend(exchange, {"id": read.id} | state, state, otherwise="the state of the exchange has changed")


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
        "tries": kept.tries,
        "mailed": kept.mailed,
    }


def as_exchange(row: Iterable[Any]) -> Exchange:
    """The record of a row that holds all columns of the table, in their order."""
    values = dict(zip(exchange.c.keys(), row, strict=True))
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
