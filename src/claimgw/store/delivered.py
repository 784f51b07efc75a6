"""What was delivered to a provider, when, with which poll, and was it confirmed?"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, literal, select, tuple_

from claimgw.store.database import Unit
from claimgw.store.records import MailboxEntry
from claimgw.store.tables import mailbox, message
from claimgw.store.tables.columns import Id, Instant

_poll = message.alias("poll")


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the order of delivery something stands: what comes after it was delivered later."""

    at: datetime
    message_id: str


@dataclass(frozen=True, slots=True)
class Delivered:
    """A message as it was delivered last. `poll`: the MessageHeader.id of the poll that was given it."""

    entry: MailboxEntry
    bundle_id: str
    header_id: str
    poll: str


async def deliveries(
    unit: Unit,
    provider: str,
    *,
    begin: datetime | None,
    end: datetime | None,
    after: Place | None,
    most: int,
) -> list[Delivered]:
    """In the order of delivery, both ends included; each message once, as it was delivered last.

    So whoever goes on from the last place misses nothing: what is delivered again moves on, not back.
    """
    query = select(mailbox).where(mailbox.c.provider == provider, mailbox.c.delivered_at.is_not(None))
    if begin is not None:
        query = query.where(mailbox.c.delivered_at >= begin)
    if end is not None:
        query = query.where(mailbox.c.delivered_at <= end)
    if after is not None:
        place = tuple_(literal(after.at, Instant()), literal(after.message_id, Id))
        query = query.where(tuple_(mailbox.c.delivered_at, mailbox.c.message_id) > place)
    return await _read(unit, query.order_by(mailbox.c.delivered_at, mailbox.c.message_id).limit(most))


async def delivery(unit: Unit, message_id: str) -> Delivered | None:
    """That of one message; None if it waits, or no mailbox has had it."""
    wanted = (mailbox.c.message_id == message_id, mailbox.c.delivered_at.is_not(None))
    found = await _read(unit, select(mailbox).where(*wanted))
    return found[0] if found else None


async def _read(unit: Unit, page: Select[Any]) -> list[Delivered]:
    """With the ids of messages and polls; joined to the page alone, not to all that was delivered."""
    entry = page.subquery()
    rows = await unit.execute(
        select(entry, message.c.bundle_id, message.c.header_id, _poll.c.header_id.label("poll"))
        .join(message, message.c.id == entry.c.message_id)
        .join(_poll, _poll.c.id == entry.c.poll_id)
    )
    found = [
        Delivered(
            MailboxEntry(**{name: row._mapping[name] for name in MailboxEntry.__slots__}),
            row.bundle_id,
            row.header_id,
            row.poll,
        )
        for row in rows
    ]
    return sorted(found, key=lambda one: (one.entry.delivered_at, one.entry.message_id))
