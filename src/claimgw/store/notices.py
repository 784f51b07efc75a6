"""Of what was each provider's webhook told last, and who may tell it next?"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, false, func, select
from sqlalchemy.dialects import postgresql, sqlite

from claimgw.store.database import Unit
from claimgw.store.mailbox import UNCONFIRMED, due
from claimgw.store.tables import mailbox, mailbox_notice


@dataclass(frozen=True, slots=True)
class Notice:
    """The last one. `told_of` is the newest that waited then, `heeded` whether it was polled since.

    It was not if it is to be offered again: a poll had it, and nobody has confirmed it.
    """

    provider: str
    told_of: str
    told_at: datetime
    heeded: bool


async def last_notices(unit: Unit, providers: Collection[str], now: datetime) -> dict[str, Notice]:
    """By provider; those that were never told are left out."""
    rows = await unit.execute(
        select(
            mailbox_notice.c.provider,
            mailbox_notice.c.told_of,
            mailbox_notice.c.told_at,
            mailbox.c.delivered_at.is_not(None) & ~and_(UNCONFIRMED, func.coalesce(due(now), false())),
        )
        .join(mailbox, mailbox.c.message_id == mailbox_notice.c.told_of)
        .where(mailbox_notice.c.provider.in_(providers))
    )
    return {row[0]: Notice(*row) for row in rows}


async def take(unit: Unit, provider: str, told_of: str, *, before: Notice | None, now: datetime) -> bool:
    """Make the next notice one's own; False if another process was faster since `before` was read."""
    dialect = sqlite if unit.dialect.name == "sqlite" else postgresql
    taken = await unit.execute(
        dialect.insert(mailbox_notice)
        .values(provider=provider, told_of=told_of, told_at=now)
        .on_conflict_do_update(
            index_elements=["provider"],
            set_={"told_of": told_of, "told_at": now},
            # Without a notice before there must be no row: nothing is equal to null.
            where=mailbox_notice.c.told_at == (before.told_at if before else None),
        )
    )
    return taken.rowcount == 1
