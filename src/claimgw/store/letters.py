"""Which requests wait for a person: given up, of unknown arrival, answered unusably, or held?"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, select

from claimgw.messages.identifiers import LicenceKind
from claimgw.store.database import Unit
from claimgw.store.exchanges import as_exchange, find_all
from claimgw.store.lines import standing_at
from claimgw.store.records import Attempt, Exchange, State
from claimgw.store.tables import attempt, body, exchange, participant

# In the order in which a person looks at them.
QUEUE = (State.GIVEN_UP, State.UNCONFIRMED, State.AWAITING_CORRECTION, State.HELD)
_PAGE = 200


@dataclass(frozen=True, slots=True)
class Selection:
    """What of the queue; None or empty: whatever. `since` and `until` are of the acceptance, both included.

    `outcome`: how its last attempt ended.
    """

    insurer: str | None = None
    states: Sequence[State] = ()
    event: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    outcome: str | None = None


async def oldest(unit: Unit, chosen: Selection, most: int) -> list[Exchange]:
    """The first of them that were accepted."""
    found: list[Exchange] = []
    # One insurer after the other, by its index: of all at once everything that is held would be sorted.
    for insurer in [chosen.insurer] if chosen.insurer else await _insurers(unit):
        for state in chosen.states or QUEUE:
            found += await _read(unit, _of(replace(chosen, insurer=insurer), state).limit(most))
    return sorted(found, key=lambda one: (one.created_at, one.id))[:most]


async def all_of(unit: Unit, chosen: Selection) -> AsyncIterator[list[Exchange]]:
    """All of them in pages, state by state, the oldest first."""
    for state in chosen.states or QUEUE:
        # The ids at once: what is in order by a sort is not sorted anew for every page.
        in_order = _of(chosen, state).with_only_columns(exchange.c.id)
        ids = [exchange_id for (exchange_id,) in await unit.execute(in_order)]
        for at in range(0, len(ids), _PAGE):
            some = ids[at : at + _PAGE]
            found = {one.id: one for one in await find_all(unit, some)}
            yield [found[one] for one in some]


async def refused_by(
    unit: Unit, insurer: str, outcome: str, code: str, most: int
) -> list[tuple[Exchange, Attempt]]:
    """Requests whose answer could not be used, the oldest first, with the attempt that has that answer.

    `outcome`: the ending that says so; `code` stands in its detail.
    """
    query = (
        select(exchange, attempt)
        .join(attempt, attempt.c.exchange_id == exchange.c.id)
        .where(
            exchange.c.insurer == insurer,
            *standing_at(State.AWAITING_CORRECTION),
            attempt.c.outcome == outcome,
            attempt.c.answer_id.is_not(None),
            attempt.c.detail.contains(code, autoescape=True),
        )
        .order_by(exchange.c.created_at, exchange.c.id, attempt.c.number)
        .limit(most)
    )
    width, names = len(exchange.c), attempt.c.keys()
    return [
        (as_exchange(row[:width]), Attempt(**dict(zip(names, row[width:], strict=True))))
        for row in await unit.execute(query)
    ]


async def with_bytes(unit: Unit, message_ids: Sequence[str]) -> set[str]:
    """Those of them whose bytes are kept."""
    rows = await unit.execute(select(body.c.message_id).where(body.c.message_id.in_(message_ids)))
    return {message_id for (message_id,) in rows}


def _of(chosen: Selection, state: State) -> Select[Any]:
    wanted: list[ColumnElement[bool]] = [*standing_at(state)]
    if chosen.insurer is not None:
        wanted.append(exchange.c.insurer == chosen.insurer)
    if chosen.event is not None:
        wanted.append(exchange.c.event == chosen.event)
    if chosen.since is not None:
        wanted.append(exchange.c.created_at >= chosen.since)
    if chosen.until is not None:
        wanted.append(exchange.c.created_at <= chosen.until)
    if chosen.outcome is not None:
        wanted.append(_last_outcome() == chosen.outcome)
    return select(exchange).where(*wanted).order_by(exchange.c.created_at, exchange.c.id)


def _last_outcome() -> ColumnElement[str | None]:
    last = select(attempt.c.outcome).where(attempt.c.exchange_id == exchange.c.id)
    return last.order_by(attempt.c.number.desc()).limit(1).scalar_subquery()


async def _insurers(unit: Unit) -> list[str]:
    payers = participant.c.licence.like(f"{LicenceKind.PAYER}:%")
    rows = await unit.execute(select(participant.c.licence).where(payers))
    return [licence for (licence,) in rows]


async def _read(unit: Unit, query: Select[Any]) -> list[Exchange]:
    return [as_exchange(row) for row in await unit.execute(query)]
