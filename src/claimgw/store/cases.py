"""Which requests does somebody look for, and what belongs to each of them? Read-only."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, assert_never

from sqlalchemy import ColumnElement, CompoundSelect, Select, and_, exists, func, or_, select, union

from claimgw.store.database import Unit
from claimgw.store.exchanges import as_exchange
from claimgw.store.records import Attempt, Author, Exchange
from claimgw.store.statements import Stated, read_stated, stated
from claimgw.store.tables import attempt, exchange, mailbox, message, relation, statement

# A digest of a person's number: never a name to look under.
_PERSONAL = "patient"


class By(StrEnum):
    """What a request is looked for by."""

    IDENTIFIER = "identifier"  # its own, or the id of a Bundle or header
    HEADER = "header"  # MessageHeader.id of a message of it, or of the batch it came in
    INVOICE = "invoice"
    EPISODE = "episode"


@dataclass(frozen=True, slots=True)
class Eyes:
    """Who looks: at what these licences have sent, and at what they have been sent and may have.

    `nowhere` are the endings of attempts after which an insurer cannot have the request.
    """

    licences: Collection[str]
    nowhere: Collection[str]


async def search(
    unit: Unit, by: By, system: str | None, value: str, eyes: Eyes, *, before: str | None, most: int
) -> list[Exchange]:
    """Those found under that value, of that system or of any, newest first; only ids less than `before`."""
    query = select(exchange).where(exchange.c.id.in_(_named(by, system, value)), _seen(eyes))
    if before is not None:
        query = query.where(exchange.c.id < before)
    rows = await unit.execute(query.order_by(exchange.c.id.desc()).limit(most))
    return [as_exchange(row) for row in rows]


async def seen(unit: Unit, exchange_ids: Sequence[str], eyes: Eyes) -> set[str]:
    """Those of them that may be seen."""
    rows = await unit.execute(select(exchange.c.id).where(exchange.c.id.in_(exchange_ids), _seen(eyes)))
    return {exchange_id for (exchange_id,) in rows}


def anything(value: str) -> CompoundSelect[Any]:
    """The ids of all requests that have to do with that value, whatever it names; a person excepted."""
    said = or_(statement.c.value == value, statement.c.authorization == value)
    return union(
        _under(None, value),
        _of_message(or_(message.c.bundle_id == value, message.c.header_id == value)),
        _of_batch(or_(message.c.bundle_id == value, message.c.header_id == value)),
        select(relation.c.exchange_id).where(relation.c.value == value, relation.c.kind != _PERSONAL),
        select(message.c.exchange_id)
        .join(statement, statement.c.message_id == message.c.id)
        .where(said, message.c.exchange_id.is_not(None)),
    )


async def followers(unit: Unit, exchange_ids: Sequence[str]) -> dict[str, list[Exchange]]:
    """What is about each of these: its cancellations, communications, resubmissions; oldest first."""
    query = select(exchange).where(exchange.c.about_id.in_(exchange_ids)).order_by(exchange.c.id)
    found: defaultdict[str, list[Exchange]] = defaultdict(list)
    for row in await unit.execute(query):
        found[row.about_id].append(as_exchange(row))
    return found


async def attempts(unit: Unit, exchange_ids: Sequence[str]) -> dict[str, list[Attempt]]:
    """The tries to deliver each of these, first to last."""
    query = select(attempt).where(attempt.c.exchange_id.in_(exchange_ids)).order_by(attempt.c.number)
    found: defaultdict[str, list[Attempt]] = defaultdict(list)
    for row in await unit.execute(query):
        found[row.exchange_id].append(Attempt(**row._mapping))
    return found


async def questions(unit: Unit, exchange_ids: Sequence[str]) -> dict[str, list[Stated]]:
    """What insurers asked about each of these, in messages of their own and inside answers; oldest first."""
    query = stated().where(
        message.c.exchange_id.in_(exchange_ids), statement.c.type == "CommunicationRequest"
    )
    found: defaultdict[str, list[Stated]] = defaultdict(list)
    for one in await read_stated(unit, query.order_by(statement.c.message_id, statement.c.position)):
        found[one.message.exchange_id or ""].append(one)
    return found


async def mailed(unit: Unit, message_ids: Sequence[str]) -> Mapping[str, datetime | None]:
    """Those of these messages that a mailbox has or had, with the moment they were fetched."""
    query = select(mailbox.c.message_id, mailbox.c.delivered_at).where(mailbox.c.message_id.in_(message_ids))
    return {row.message_id: row.delivered_at for row in await unit.execute(query)}


def _named(by: By, system: str | None, value: str) -> CompoundSelect[Any]:
    match by:
        case By.IDENTIFIER:
            wire = or_(message.c.bundle_id == value, message.c.header_id == value)
            own = _under(system, value)
            return union(own, _of_message(wire)) if system is None else union(own)
        case By.HEADER:
            return union(_of_message(message.c.header_id == value), _of_batch(message.c.header_id == value))
        case By.INVOICE | By.EPISODE:
            named = select(relation.c.exchange_id).where(
                relation.c.value == value, relation.c.kind == by.value
            )
            return union(named if system is None else named.where(relation.c.system == system))
    assert_never(by)


def _under(system: str | None, value: str) -> Select[Any]:
    query = select(exchange.c.id).where(exchange.c.focal_value == value)
    return query if system is None else query.where(exchange.c.focal_system == system)


def _of_message(wire: ColumnElement[bool]) -> Select[Any]:
    return select(func.coalesce(message.c.exchange_id, message.c.id)).where(wire)


def _of_batch(wire: ColumnElement[bool]) -> Select[Any]:
    return select(exchange.c.id).join(message, message.c.id == exchange.c.batch_id).where(wire)


def _seen(eyes: Eyes) -> ColumnElement[bool]:
    """An insurer sees what it has, or may have; what waits for it, or was taken back before, it does not."""
    arrived = exists().where(
        attempt.c.exchange_id == exchange.c.id,
        or_(attempt.c.outcome.is_(None), attempt.c.outcome.not_in(eyes.nowhere)),
    )
    has = or_(exchange.c.answered_by == Author.INSURER.value, arrived)
    return or_(exchange.c.provider.in_(eyes.licences), and_(exchange.c.insurer.in_(eyes.licences), has))
