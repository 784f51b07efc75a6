"""What waits for a provider, what has a poll reserved, and what was delivered with which poll?"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, insert, or_, select, update

from claimgw.errors import Conflict
from claimgw.store.database import Unit
from claimgw.store.records import MailboxEntry
from claimgw.store.tables import mailbox, participant, poll_item, topic


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
    await unit.execute(
        insert(mailbox).values(**{name: getattr(entry, name) for name in MailboxEntry.__slots__})
    )
    if topics:
        await unit.execute(
            insert(topic),
            [
                {"message_id": entry.message_id, "system": system, "value": value}
                for system, value in sorted(topics)
            ],
        )


async def waiting(unit: Unit, provider: str, asked: Selection, now: datetime) -> list[MailboxEntry]:
    """What the poll may have: undelivered, reserved by no other poll, first in, first out."""
    query = (
        select(mailbox)
        .where(mailbox.c.provider == provider, mailbox.c.delivered_at.is_(None), _free(now), *_filters(asked))
        .order_by(mailbox.c.queued_at, mailbox.c.message_id)
        .limit(asked.count)
        .with_for_update(skip_locked=True)
    )
    return [MailboxEntry(**row._mapping) for row in await unit.execute(query)]


async def any_waiting(unit: Unit, provider: str, now: datetime) -> bool:
    """Whether the tag `queued-messages` is due: something undelivered that no poll has reserved."""
    query = select(
        exists().where(mailbox.c.provider == provider, mailbox.c.delivered_at.is_(None), _free(now))
    )
    return bool(await unit.scalar(query))


async def newest_waiting(unit: Unit, providers: Collection[str], now: datetime) -> dict[str, str]:
    """The id of the newest message that waits, unreserved, by provider; one look into an index for each."""
    newest = (
        select(mailbox.c.message_id)
        .where(mailbox.c.provider == participant.c.licence, mailbox.c.delivered_at.is_(None), _free(now))
        .order_by(mailbox.c.queued_at.desc(), mailbox.c.message_id.desc())
        .limit(1)
        .scalar_subquery()
    )
    rows = await unit.execute(
        select(participant.c.licence, newest).where(participant.c.licence.in_(providers))
    )
    return {licence: message_id for licence, message_id in rows if message_id is not None}


async def reserve(
    unit: Unit, poll_id: str, entries: Sequence[MailboxEntry], *, now: datetime, until: datetime
) -> None:
    """Keep these for one poll until then. Raises Conflict if another poll was faster with any of them."""
    if not entries:
        return
    ids = [entry.message_id for entry in entries]
    done = await unit.execute(
        update(mailbox)
        .where(mailbox.c.message_id.in_(ids), mailbox.c.delivered_at.is_(None), _free(now))
        .values(poll_id=poll_id, reserved_until=until)
    )
    if done.rowcount != len(ids):
        raise Conflict("another poll has reserved a message")
    await unit.execute(
        insert(poll_item),
        [
            {"poll_id": poll_id, "position": position, "message_id": message_id}
            for position, message_id in enumerate(ids)
        ],
    )


async def renew(unit: Unit, poll_id: str, *, now: datetime, until: datetime) -> None:
    """Prolong what a poll has reserved and not been delivered, unless another poll has it by now."""
    await unit.execute(
        update(mailbox)
        .where(mailbox.c.poll_id == poll_id, mailbox.c.delivered_at.is_(None), mailbox.c.queued_at <= now)
        .values(reserved_until=until)
    )


async def of_poll(unit: Unit, poll_id: str) -> list[MailboxEntry]:
    """What a poll was given, in its order."""
    rows = await unit.execute(
        select(mailbox)
        .join(poll_item, poll_item.c.message_id == mailbox.c.message_id)
        .where(poll_item.c.poll_id == poll_id)
        .order_by(poll_item.c.position)
    )
    return [MailboxEntry(**row._mapping) for row in rows]


async def deliver(unit: Unit, poll_id: str, now: datetime) -> int:
    """Mark what this poll has reserved as delivered; how many that were."""
    done = await unit.execute(
        update(mailbox)
        .where(mailbox.c.poll_id == poll_id, mailbox.c.delivered_at.is_(None))
        .values(delivered_at=now, confirmed_at=now, reserved_until=None, offers=mailbox.c.offers + 1)
    )
    return done.rowcount


def _free(now: datetime) -> ColumnElement[bool]:
    return or_(mailbox.c.reserved_until.is_(None), mailbox.c.reserved_until <= now)


def _filters(asked: Selection) -> list[ColumnElement[bool]]:
    filters: list[ColumnElement[bool]] = []
    if asked.include:
        filters.append(mailbox.c.event.in_(sorted(asked.include)))
    if asked.exclude:
        filters.append(mailbox.c.event.not_in(sorted(asked.exclude)))
    if asked.received_from:
        filters.append(mailbox.c.queued_at >= asked.received_from)
    if asked.received_to:
        filters.append(mailbox.c.queued_at <= asked.received_to)
    if asked.about:
        system, value = asked.about
        among = exists().where(
            topic.c.message_id == mailbox.c.message_id, topic.c.system == system, topic.c.value == value
        )
        filters.append(or_(and_(mailbox.c.about_system == system, mailbox.c.about_value == value), among))
    return filters
