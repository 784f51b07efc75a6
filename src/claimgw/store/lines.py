"""Which exchanges does a list show, and what belongs to one of them? Read-only, for people who look."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal_column, or_, select

from claimgw.store.cases import anything
from claimgw.store.database import Unit
from claimgw.store.records import Author, Message, State
from claimgw.store.tables import attempt, body_gone, credential, exchange, mailbox, message, participant

RECENT = 50
UNRESOLVED = 20
_DOUBTFUL = (State.UNCONFIRMED, State.AWAITING_CORRECTION)
_MESSAGES = 200  # also as many as a batch may hold (spec C-02)

# Word for word the condition of the partial index: SQLite uses it only if these words stand in the query.
_WAITING = (
    "exchange.state IN ('unchecked', 'held', 'unconfirmed', 'awaiting-correction', 'queued', 'partial')"
)


@dataclass(frozen=True, slots=True)
class Line:
    """One exchange, as a list shows it. The names are empty for a licence that is not registered."""

    id: str
    event: str
    provider: str
    provider_name: str
    insurer: str
    insurer_name: str
    identifier: str
    state: State
    reason: str
    created_at: datetime
    changed_at: datetime
    due_at: datetime | None
    answered_by: Author | None


@dataclass(frozen=True, slots=True)
class Belonging:
    """A message of an exchange. `polled_at`: when its provider fetched it; `deposited`: a mailbox has it.

    `offers`: how many polls were given it; `client`: what the credential is called that fetched it last;
    `confirmed`: nobody will be given it again; `gone_at`: when its bytes were deleted.
    """

    message: Message
    deposited: bool
    polled_at: datetime | None
    offers: int = 0
    client: str | None = None
    confirmed: bool = True
    gone_at: datetime | None = None


def standing_at(state: State) -> tuple[ColumnElement[bool], ...]:
    """The condition for a state that waits, or was given up, in words a partial index understands."""
    stands: ColumnElement[bool] = literal_column(f"exchange.state = '{state}'")
    return (stands,) if state is State.GIVEN_UP else (stands, literal_column(_WAITING))


async def line(unit: Unit, exchange_id: str) -> Line | None:
    """One exchange, with the names of its parties."""
    found = await _lines(unit, _line().where(exchange.c.id == exchange_id))
    return found[0] if found else None


async def recent(unit: Unit) -> list[Line]:
    """What changed last, newest first."""
    return await _lines(unit, _line().order_by(exchange.c.changed_at.desc(), exchange.c.id).limit(RECENT))


async def some(unit: Unit, exchange_ids: Sequence[str]) -> list[Line]:
    """Those of them that are there, oldest first."""
    return await _lines(unit, _line().where(exchange.c.id.in_(exchange_ids)).order_by(exchange.c.id))


async def about_anything(unit: Unit, value: str) -> list[Line]:
    """What has to do with that value, whatever it names, newest first."""
    query = _line().where(exchange.c.id.in_(anything(value))).order_by(exchange.c.id.desc())
    return await _lines(unit, query.limit(RECENT))


async def of_batch(unit: Unit, batch_id: str) -> list[Line]:
    """The claims that came in one batch, in their order."""
    query = _line().where(exchange.c.batch_id == batch_id).order_by(exchange.c.id)
    return await _lines(unit, query.limit(_MESSAGES))


async def unresolved(unit: Unit, insurers: Iterable[str], now: datetime) -> list[Line]:
    """The oldest cases whose arrival is unknown, or that got an unusable answer, and what was given up last.

    Of these insurers.
    """
    overdue = (
        _line()
        .join(attempt, attempt.c.exchange_id == exchange.c.id)
        .where(
            attempt.c.closed_at.is_(None),
            exchange.c.state == State.IN_FLIGHT.value,
            or_(exchange.c.due_at.is_(None), exchange.c.due_at <= now),
        )
        .order_by(attempt.c.opened_at)
    )
    queries = [overdue]
    for insurer in insurers:
        here = _line().where(exchange.c.insurer == insurer)
        queries += [here.where(*standing_at(s)).order_by(exchange.c.created_at) for s in _DOUBTFUL]
        given_up = here.where(*standing_at(State.GIVEN_UP))
        queries.append(given_up.order_by(exchange.c.changed_at.desc()))
    found = [held for query in queries for held in await _lines(unit, query.limit(UNRESOLVED))]
    return sorted(found, key=lambda held: (held.created_at, held.id))[:UNRESOLVED]


async def messages_of(unit: Unit, exchange_id: str) -> list[Belonging]:
    """The messages of an exchange, oldest first."""
    rows = await unit.execute(
        select(
            message,
            mailbox.c.message_id.label("deposited"),
            mailbox.c.delivered_at,
            mailbox.c.offers,
            mailbox.c.reserved_until,
            credential.c.label.label("client"),
            body_gone.c.gone_at,
        )
        .outerjoin(mailbox, mailbox.c.message_id == message.c.id)
        .outerjoin(credential, credential.c.id == mailbox.c.client)
        .outerjoin(body_gone, body_gone.c.message_id == message.c.id)
        .where(or_(message.c.id == exchange_id, message.c.exchange_id == exchange_id))
        .order_by(message.c.received_at, message.c.id)
        .limit(_MESSAGES)
    )
    return [
        Belonging(
            message=Message(**{name: row._mapping[name] for name in Message.__slots__}),
            deposited=row.deposited is not None,
            polled_at=row.delivered_at,
            offers=row.offers or 0,
            client=row.client,
            confirmed=row.reserved_until is None,
            gone_at=row.gone_at,
        )
        for row in rows
    ]


async def _lines(unit: Unit, query: Select[Any]) -> list[Line]:
    rows = await unit.execute(query)
    return [
        Line(
            **{
                **row._mapping,
                "state": State(row.state),
                "answered_by": row.answered_by and Author(row.answered_by),
            }
        )
        for row in rows
    ]


def _line() -> Select[Any]:
    provider, insurer = participant.alias("provider"), participant.alias("insurer")
    return (
        select(
            exchange.c.id,
            exchange.c.event,
            exchange.c.provider,
            func.coalesce(provider.c.name, "").label("provider_name"),
            exchange.c.insurer,
            func.coalesce(insurer.c.name, "").label("insurer_name"),
            func.coalesce(exchange.c.focal_value, "").label("identifier"),
            exchange.c.state,
            exchange.c.reason,
            exchange.c.created_at,
            exchange.c.changed_at,
            exchange.c.due_at,
            exchange.c.answered_by,
        )
        .select_from(exchange)
        .outerjoin(provider, provider.c.licence == exchange.c.provider)
        .outerjoin(insurer, insurer.c.licence == exchange.c.insurer)
    )
