"""Which poll was given what, was it written, and has its client confirmed that it has it?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, insert, or_, select, update

from claimgw.errors import Conflict
from claimgw.store.database import Unit
from claimgw.store.mailbox import UNCONFIRMED, WAITING, due, free
from claimgw.store.records import MailboxEntry
from claimgw.store.tables import mailbox, poll_item


@dataclass(frozen=True, slots=True)
class Offer:
    """A message that a poll is given. `before`: how many polls had it before, as the poll is told."""

    entry: MailboxEntry
    before: int


async def reserve(
    unit: Unit, poll_id: str, offers: Sequence[Offer], *, now: datetime, until: datetime
) -> None:
    """Keep these for one poll until then. Raises Conflict if another poll was faster with any of them."""
    if not offers:
        return
    ids = [offer.entry.message_id for offer in offers]
    done = await unit.execute(
        update(mailbox)
        .where(mailbox.c.message_id.in_(ids), or_(and_(WAITING, free(now)), and_(UNCONFIRMED, due(now))))
        # What is offered again waits again until it is written: it is not delivered by the poll before.
        .values(poll_id=poll_id, reserved_until=until, delivered_at=None, offers=mailbox.c.offers + 1)
    )
    if done.rowcount != len(ids):
        raise Conflict("another poll has reserved a message")
    await unit.execute(
        insert(poll_item),
        [
            {
                "poll_id": poll_id,
                "position": position,
                "message_id": offer.entry.message_id,
                "before": offer.before,
            }
            for position, offer in enumerate(offers)
        ],
    )


async def of_poll(unit: Unit, poll_id: str) -> list[Offer]:
    """What a poll was given, in its order."""
    rows = await unit.execute(
        select(mailbox, poll_item.c.before)
        .join(poll_item, poll_item.c.message_id == mailbox.c.message_id)
        .where(poll_item.c.poll_id == poll_id)
        .order_by(poll_item.c.position)
    )
    return [
        Offer(MailboxEntry(**{name: row._mapping[name] for name in MailboxEntry.__slots__}), row.before)
        for row in rows
    ]


async def renew(unit: Unit, poll_id: str, message_ids: Sequence[str], *, until: datetime) -> None:
    """Keep for the poll at least until then what is still its own of these, and not settled."""
    await unit.execute(
        update(mailbox)
        .where(mailbox.c.message_id.in_(message_ids), *_own(poll_id), mailbox.c.reserved_until < until)
        .values(reserved_until=until)
    )


async def deliver(
    unit: Unit,
    poll_id: str,
    message_ids: Sequence[str],
    *,
    client: str | None,
    now: datetime,
    again: datetime | None,
) -> int:
    """These were written, to that credential, as far as they are still the poll's; how many that were.

    `again`: when they are offered again unless they are confirmed before; None: they need not be confirmed.
    """
    settled = {"reserved_until": again, "confirmed_at": None if again else now}
    done = await unit.execute(
        update(mailbox)
        .where(mailbox.c.message_id.in_(message_ids), *_own(poll_id))
        .values(delivered_at=now, client=client, **settled)
    )
    return done.rowcount


async def confirm_earlier(
    unit: Unit, provider: str, poll_id: str, *, client: str | None, polled_at: datetime, now: datetime
) -> int:
    """Whoever polled at that moment has all that was delivered to it before; how many that were.

    What was to be offered again by then is not among them: that poll was given it, or another.
    """
    done = await unit.execute(
        update(mailbox)
        .where(
            mailbox.c.provider == provider,
            mailbox.c.client.is_(None) if client is None else mailbox.c.client == client,
            UNCONFIRMED,
            mailbox.c.delivered_at < polled_at,
            mailbox.c.reserved_until > polled_at,
            mailbox.c.poll_id != poll_id,
        )
        .values(confirmed_at=now, reserved_until=None)
    )
    return done.rowcount


async def confirm(unit: Unit, poll_id: str, now: datetime) -> int:
    """Its client says that it has what this poll was given, however late; how many were not confirmed yet."""
    given = [offer.entry.message_id for offer in await of_poll(unit, poll_id)]
    done = await unit.execute(
        update(mailbox)
        .where(mailbox.c.message_id.in_(given), mailbox.c.poll_id == poll_id, UNCONFIRMED)
        .values(confirmed_at=now, reserved_until=None)
    )
    return done.rowcount


def _own(poll_id: str) -> tuple[ColumnElement[bool], ...]:
    # Without a moment it is settled, by us or by a node of the release before.
    return (
        mailbox.c.poll_id == poll_id,
        mailbox.c.confirmed_at.is_(None),
        mailbox.c.reserved_until.is_not(None),
    )
