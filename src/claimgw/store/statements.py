"""What has been said to a provider: every answer in order, every question, every payment?"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, literal_column, select, tuple_, update

from claimgw.store.between import between
from claimgw.store.database import Unit
from claimgw.store.messages import as_message
from claimgw.store.prepared import Prepared
from claimgw.store.records import Message, Said
from claimgw.store.tables import message, statement

# As many of a payment's answers are looked up with one query.
_AT_ONCE = 500


class Stated(NamedTuple):
    """A statement with the row of its message."""

    said: Said
    message: Message


async def keep(unit: Unit, said: Sequence[Said]) -> None:
    """Keep what a message states."""
    unit.put(statement, [{name: getattr(one, name) for name in Said.__slots__} for one in said])


async def of_exchanges(unit: Unit, exchange_ids: Sequence[str]) -> dict[str, list[Stated]]:
    """The answers to each request, in the order they came; a request without any is missing."""
    found: dict[str, list[Stated]] = {}
    for at in range(0, len(exchange_ids), _AT_ONCE):
        query = stated().where(
            statement.c.exchange_id.in_(exchange_ids[at : at + _AT_ONCE]), statement.c.position == 0
        )
        for one in await read_stated(unit, query.order_by(statement.c.message_id)):
            assert one.said.exchange_id is not None
            found.setdefault(one.said.exchange_id, []).append(one)
    return found


async def answers_to(unit: Unit, exchange_id: str) -> list[Stated]:
    """The answers to one request as of now, in the order they came."""
    return [_stated(row) for row in await unit.ask(_ANSWERS_TO, exchange_id=exchange_id)]


async def by_identifiers(
    unit: Unit, keys: Sequence[tuple[str, str, str]], *, provider: str | None, insurer: str | None
) -> list[Stated]:
    """What was said under these: type, system and value; oldest first.

    To this provider and by this insurer; None: whoever's.
    """
    parties = between(statement, provider, insurer)
    found: list[Stated] = []
    for at in range(0, len(keys), _AT_ONCE):
        some = keys[at : at + _AT_ONCE]
        query = stated().where(
            statement.c.value.in_({value for _, _, value in some}),
            tuple_(statement.c.type, statement.c.system, statement.c.value).in_(some),
            *parties,
        )
        found += await read_stated(unit, query.order_by(statement.c.message_id))
    return found


async def by_authorizations(unit: Unit, provider: str, insurer: str, numbers: Sequence[str]) -> list[Stated]:
    """What this insurer said to this provider under these numbers of authorizations; oldest first."""
    if not numbers:
        return []
    query = stated().where(
        statement.c.provider == provider,
        statement.c.insurer == insurer,
        statement.c.authorization.in_(numbers),
    )
    return await read_stated(unit, query.order_by(statement.c.message_id))


async def withdraw(unit: Unit, provider: str, insurer: str, number: str, by: str) -> None:
    """Note that the advanced authorizations under that number were cancelled, and by whom."""
    await unit.execute(
        update(statement)
        .where(
            statement.c.provider == provider,
            statement.c.insurer == insurer,
            statement.c.authorization == number,
            statement.c.event == "advanced-authorization",
            statement.c.withdrawn_by.is_(None),
        )
        .values(withdrawn_by=by)
    )


def stated() -> Select[Any]:
    """All statements, each with the row of its message; to be narrowed, and read with `read_stated`."""
    return select(statement, message).join(message, message.c.id == statement.c.message_id)


async def read_stated(unit: Unit, query: Select[Any]) -> list[Stated]:
    """The records that a query made from `stated` finds."""
    return [_stated(row) for row in await unit.execute(query)]


def _stated(row: Sequence[Any]) -> Stated:
    width = len(statement.c)
    return Stated(Said(**dict(zip(statement.c.keys(), row[:width], strict=True))), as_message(row[width:]))


_ANSWERS_TO = Prepared(
    stated()
    .where(
        statement.c.exchange_id == bindparam("exchange_id", type_=statement.c.exchange_id.type),
        statement.c.position == literal_column("0"),
    )
    .order_by(statement.c.message_id)
)
