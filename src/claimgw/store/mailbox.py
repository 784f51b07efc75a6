"""What waits for a provider: never given to any poll, or to be offered again?"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, func, or_, select, union

from claimgw.store.database import Unit
from claimgw.store.prepared import Prepared
from claimgw.store.records import MailboxEntry
from claimgw.store.tables import mailbox, participant, topic
from claimgw.store.tables.columns import Instant, Licence

# A message that waits is free unless a poll has it. A delivered one is free again at a moment that is set
# for those that are to be confirmed; where none is set nobody need confirm it.
WAITING = mailbox.c.delivered_at.is_(None)
UNCONFIRMED = and_(mailbox.c.delivered_at.is_not(None), mailbox.c.confirmed_at.is_(None))


@dataclass(frozen=True, slots=True)
class Selection:
    """Which waiting messages a poll asks for (spec §5.2). `about` is the system and value of its focus."""

    count: int = 1
    include: frozenset[str] = field(default_factory=frozenset)
    exclude: frozenset[str] = field(default_factory=frozenset)
    received_from: datetime | None = None
    received_to: datetime | None = None
    about: tuple[str, str] | None = None


async def deposit(unit: Unit, entry: MailboxEntry, topics: Collection[tuple[str, str]] = ()) -> None:
    """Let a message wait for its provider. `topics`: system and value of what else it is about."""
    unit.put(mailbox, [{name: getattr(entry, name) for name in MailboxEntry.__slots__}])
    unit.put(
        topic,
        [
            {"message_id": entry.message_id, "system": system, "value": value}
            for system, value in sorted(topics)
        ],
    )


async def waiting(unit: Unit, provider: str, asked: Selection, now: datetime) -> list[MailboxEntry]:
    """What the poll may have, and no other has: first in, first out.

    What is to be offered again comes after what nobody has had, so that a client which never confirms gets
    ahead all the same. On PostgreSQL what is found is locked until the unit ends, and others pass it by.
    """
    mine = [mailbox.c.provider == provider, *_period(asked)]
    if asked.about is not None:
        # Looked up first: a join might walk all that waits to find the few.
        if not (about := await _about(unit, provider, *asked.about)):
            return []
        mine.append(mailbox.c.message_id.in_(about))
    found: list[MailboxEntry] = []
    for state, on_offer, by in (
        (WAITING, free(now), mailbox.c.queued_at),
        (UNCONFIRMED, due(now), mailbox.c.reserved_until),
    ):
        if left := asked.count - len(found):
            events = await _apart(unit, provider, asked, state)
            found += await _first(unit, [[*mine, state, on_offer, *event] for event in events], by, left)
    return found


async def any_waiting(unit: Unit, provider: str, now: datetime) -> bool:
    """Whether the tag `queued-messages` is due: something that a poll would be given now."""
    [(some,)] = await unit.ask(_ANY_WAITING, provider=provider, now=now)
    return bool(some)


async def newest_waiting(unit: Unit, providers: Collection[str], now: datetime) -> dict[str, str]:
    """The id of the newest message that a poll would be given, by provider; two looks into indexes for each.

    What is to be offered again counts where nothing else waits: it is no news as long as something does.
    """
    mine = mailbox.c.provider == participant.c.licence
    looks = [
        select(mailbox.c.message_id)
        .where(mine, *where)
        .order_by(at.desc(), mailbox.c.message_id.desc())
        .limit(1)
        .scalar_subquery()
        for where, at in (
            ((WAITING, free(now)), mailbox.c.queued_at),
            ((UNCONFIRMED, due(now)), mailbox.c.reserved_until),
        )
    ]
    rows = await unit.execute(
        select(participant.c.licence, func.coalesce(*looks)).where(participant.c.licence.in_(providers))
    )
    return {licence: str(message_id) for licence, message_id in rows if message_id is not None}


def free(now: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
    """Of what waits: no poll has it."""
    return or_(mailbox.c.reserved_until.is_(None), mailbox.c.reserved_until <= now)


def due(now: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
    """Of what is unconfirmed: it is to be offered again."""
    return mailbox.c.reserved_until <= now


_MINE = mailbox.c.provider == bindparam("provider", type_=Licence)
_NOW = bindparam("now", type_=Instant)


def _some(by: ColumnElement[Any], *where: ColumnElement[bool]) -> ColumnElement[bool]:
    # The first in an index, not EXISTS: where much waits PostgreSQL would answer that by reading the table
    # from its beginning, past all that was ever delivered.
    return select(func.min(by)).where(_MINE, *where).scalar_subquery().is_not(None)


_ANY_WAITING = Prepared(
    select(
        or_(
            _some(mailbox.c.queued_at, WAITING, free(_NOW)),
            _some(mailbox.c.reserved_until, UNCONFIRMED, due(_NOW)),
        )
    )
)


async def _first(
    unit: Unit, lines: Iterable[Sequence[ColumnElement[bool]]], by: ColumnElement[Any], count: int
) -> list[MailboxEntry]:
    """The first of several lines, each in the order of an index."""
    found = []
    for where in lines:
        query = select(mailbox, by.label("place")).where(*where).order_by(by, mailbox.c.message_id)
        rows = await unit.execute(query.limit(count).with_for_update(skip_locked=True))
        found += [(row.place, row.message_id, MailboxEntry(*row[:-1])) for row in rows]
    return [entry for _, _, entry in sorted(found, key=itemgetter(0, 1))[:count]]


async def _apart(
    unit: Unit, provider: str, asked: Selection, state: ColumnElement[bool]
) -> list[tuple[ColumnElement[bool], ...]]:
    """The events asked for, one by one: a million of another event must not be walked past."""
    if not (asked.include or asked.exclude):
        return [()]
    wanted = asked.include or set(await _present(unit, provider, state)) - asked.exclude
    return [(mailbox.c.event == event,) for event in sorted(wanted)]


async def _present(unit: Unit, provider: str, state: ColumnElement[bool]) -> list[str]:
    """The events of all in that state, by one look into the index for each."""
    least = select(func.min(mailbox.c.event).label("event")).where(mailbox.c.provider == provider, state)
    found = least.cte("present", recursive=True)
    following = least.where(mailbox.c.event > found.c.event).correlate(found).scalar_subquery()
    found = found.union_all(select(following).where(found.c.event.is_not(None)))
    rows = await unit.execute(select(found.c.event).where(found.c.event.is_not(None)))
    return [event for (event,) in rows]


async def _about(unit: Unit, provider: str, system: str, value: str) -> list[str]:
    own = select(mailbox.c.message_id).where(
        mailbox.c.provider == provider, mailbox.c.about_value == value, mailbox.c.about_system == system
    )
    among = select(topic.c.message_id).where(topic.c.value == value, topic.c.system == system)
    return [message_id for (message_id,) in await unit.execute(union(own, among))]


def _period(asked: Selection) -> list[ColumnElement[bool]]:
    ends: list[ColumnElement[bool]] = []
    if asked.received_from:
        ends.append(mailbox.c.queued_at >= asked.received_from)
    if asked.received_to:
        ends.append(mailbox.c.queued_at <= asked.received_to)
    return ends
