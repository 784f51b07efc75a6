"""Is there anything on record of what a message mentions? One question, asked of every message."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, bindparam, exists, or_, select

from claimgw.store.database import Unit
from claimgw.store.prepared import Prepared, among
from claimgw.store.tables import exchange, history_start, imported, message, relation, statement
from claimgw.store.tables.columns import Licence


@dataclass(frozen=True, slots=True)
class Glance:
    """What there may be more to read of. Of most messages that begin something it is nothing.

    `used`: the sender has used the ids. `since`: the day from which the history of the pair is on record.
    """

    used: bool
    requests: bool
    relations: bool
    statements: bool
    authorizations: bool
    imported: bool
    since: date | None


@dataclass(frozen=True, slots=True)
class Mentioned:
    """Whose message it is, its ids, and the values of all that it mentions.

    `provider` and `insurer` are its parties; `among`: whose record is looked at, None: whoever's.
    """

    sender: str
    bundle_id: str
    header_id: str
    provider: str | None
    insurer: str | None
    among: str | None
    requests: Collection[str]
    relations: Collection[str]
    statements: Collection[str]
    authorizations: Collection[str]


async def glance(unit: Unit, mentioned: Mentioned) -> Glance:
    """As of now, whatever the unit has read before."""
    values = {name: getattr(mentioned, name) for name in Mentioned.__slots__}
    values["before"] = [*mentioned.requests, *mentioned.statements]
    [row] = await unit.ask(_GLANCE, **values)
    return Glance(*row)


def _of_provider(column: ColumnElement[str]) -> ColumnElement[bool]:
    whose = bindparam("among", type_=Licence)
    return or_(whose.is_(None), column == whose)


# Each part has one index to go by, and no choice. PostgreSQL plans the question once, perhaps on empty
# tables; there it chooses by chance, and goes on reading all that a sender has sent (`arrival` has both ids
# after the sender), or every request to see what it names: 7.6 ms of its time for a claim instead of 1.5.
_SENDER = message.c.sender == bindparam("sender")
_USED = or_(
    exists().where(message.c.bundle_id == bindparam("bundle_id"), _SENDER),
    exists().where(message.c.header_id == bindparam("header_id"), _SENDER),
)
_NAMED_BY = select(exchange.c.provider).where(exchange.c.id == relation.c.exchange_id).scalar_subquery()
_GLANCE = Prepared(
    select(
        _USED,
        exists().where(among(exchange.c.focal_value, "requests"), _of_provider(exchange.c.provider)),
        exists().where(among(relation.c.value, "relations"), _of_provider(_NAMED_BY)),
        exists().where(among(statement.c.value, "statements"), _of_provider(statement.c.provider)),
        exists().where(
            among(statement.c.authorization, "authorizations"), _of_provider(statement.c.provider)
        ),
        exists().where(among(imported.c.value, "before"), _of_provider(imported.c.provider)),
        select(history_start.c.since)
        .where(
            history_start.c.provider == bindparam("provider", type_=Licence),
            history_start.c.insurer == bindparam("insurer", type_=Licence),
        )
        .scalar_subquery(),
    )
)
