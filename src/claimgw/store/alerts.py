"""What is wrong at this moment, what was, and what have people been told of it?"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from claimgw.ids import new_id
from claimgw.store.database import Unit
from claimgw.store.tables import alert

_LONGEST_TEXT = 500
_LONGEST_SUBJECT = 120


class Kind(StrEnum):
    """The closed set of what people are told of."""

    INSURER_DOWN = "insurer-down"
    INVALID_ANSWERS = "invalid-answers"
    LEDGER = "ledger"
    DEAD_LETTERS = "dead-letters"
    MAILBOX_AGE = "mailbox-age"
    DISK = "disk"
    SERVER_CERTIFICATE = "server-certificate"
    CLIENT_CERTIFICATE = "client-certificate"
    CREDENTIAL = "credential"


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that is wrong, or was. `subject`: a licence, or what it is on which machine.

    `detail`: figures and codes, nothing of any person; `times` in it: how often it came, if more than once.
    `told_at`, `end_told_at`: when people were told that it began, and that it ended.
    """

    id: str
    kind: Kind
    subject: str
    text: str
    since: datetime
    detail: Mapping[str, Any] = field(default_factory=dict)
    told_at: datetime | None = None
    ended_at: datetime | None = None
    end_told_at: datetime | None = None

    @property
    def present(self) -> bool:
        return self.ended_at is None

    @property
    def times(self) -> int:
        return int(self.detail.get("times", 1))


async def raise_alert(
    unit: Unit, kind: Kind, subject: str, text: str, detail: Mapping[str, Any], now: datetime
) -> None:
    """Note that something is wrong since `now`, or still is, and then what is now said of it.

    One that has ended goes on as the same, once more, as long as nobody was told of its end. Another node
    may be faster; then its word counts.
    """
    subject, text = subject[:_LONGEST_SUBJECT], text[:_LONGEST_TEXT]
    held = await _find(unit, kind, subject)
    if held is None:
        dialect = sqlite if unit.dialect.name == "sqlite" else postgresql
        row = {"id": new_id(now), "kind": kind.value, "subject": subject, "since": now}
        new = dialect.insert(alert).values(**row, text=text, detail=dict(detail))
        await unit.execute(new.on_conflict_do_nothing())
        return
    times = held.times if held.present else held.times + 1
    says = {**detail, "times": times} if times > 1 else dict(detail)
    if held.present and (held.text, held.detail) == (text, says):
        return
    await unit.execute(
        update(alert)
        .where(
            alert.c.id == held.id,
            alert.c.ended_at == held.ended_at if held.ended_at else alert.c.ended_at.is_(None),
            alert.c.end_told_at.is_(None),
        )
        .values(ended_at=None, text=text, detail=says)
    )


async def end_alert(unit: Unit, kind: Kind, subject: str, now: datetime) -> bool:
    """Note that it has ended at `now`; False if there was nothing to end."""
    ended = await unit.execute(
        update(alert)
        .where(
            alert.c.kind == kind.value,
            alert.c.subject == subject[:_LONGEST_SUBJECT],
            alert.c.ended_at.is_(None),
        )
        .values(ended_at=now)
    )
    return ended.rowcount == 1


async def open_alerts(unit: Unit) -> list[Alert]:
    """All whose end nobody was told of: the present ones, and those that have ended of late."""
    rows = await unit.execute(
        select(alert).where(alert.c.end_told_at.is_(None)).order_by(alert.c.since, alert.c.id)
    )
    return [_as_alert(row._mapping) for row in rows]


async def present_alerts(unit: Unit) -> list[Alert]:
    """What is wrong now, the oldest first."""
    rows = await unit.execute(
        select(alert).where(alert.c.ended_at.is_(None)).order_by(alert.c.since, alert.c.id)
    )
    return [_as_alert(row._mapping) for row in rows]


async def latest_alerts(unit: Unit, most: int) -> list[Alert]:
    """Present and ended ones, the latest first."""
    rows = await unit.execute(select(alert).order_by(alert.c.since.desc(), alert.c.id.desc()).limit(most))
    return [_as_alert(row._mapping) for row in rows]


async def last_ends(unit: Unit, kind: Kind) -> dict[str, datetime]:
    """When the last of a kind ended, by subject."""
    rows = await unit.execute(
        select(alert.c.subject, func.max(alert.c.ended_at).label("ended_at"))
        .where(alert.c.kind == kind.value, alert.c.ended_at.is_not(None))
        .group_by(alert.c.subject)
    )
    return {row.subject: row.ended_at for row in rows}


async def past_alerts(unit: Unit, before: datetime, most: int) -> list[str]:
    """The ids of those that ended before then, the first to end first.

    Without those whose end nobody was told of, and the last of each kind and subject, which tells what
    is new: `last_ends`.
    """
    later = alert.alias("later")
    rows = await unit.scalars(
        select(alert.c.id)
        .where(
            alert.c.ended_at < before,
            alert.c.end_told_at.is_not(None),
            exists().where(
                later.c.kind == alert.c.kind,
                later.c.subject == alert.c.subject,
                later.c.ended_at > alert.c.ended_at,
            ),
        )
        .order_by(alert.c.ended_at, alert.c.id)
        .limit(most)
    )
    return list(rows)


async def forget_alerts(unit: Unit, ids: Collection[str]) -> None:
    """Delete these."""
    await unit.execute(delete(alert).where(alert.c.id.in_(ids)))


async def long_present(unit: Unit, before: datetime) -> int:
    """How many have been present since before then."""
    present = (alert.c.ended_at.is_(None), alert.c.since < before)
    return await unit.scalar(select(func.count()).select_from(alert).where(*present)) or 0


async def oldest_alert(unit: Unit) -> datetime | None:
    """When the oldest of all began."""
    found: datetime | None = await unit.scalar(select(func.min(alert.c.since)))
    return found


async def note_told(unit: Unit, begun: Collection[str], ended: Collection[Alert], now: datetime) -> None:
    """People were told that these have begun, and that those have ended.

    One that has come again while its end was told is told anew.
    """
    if begun:
        await unit.execute(
            update(alert).where(alert.c.id.in_(begun), alert.c.told_at.is_(None)).values(told_at=now)
        )
    for one in ended:
        done = await unit.execute(
            update(alert)
            .where(alert.c.id == one.id, alert.c.ended_at == one.ended_at, alert.c.end_told_at.is_(None))
            .values(end_told_at=now)
        )
        if done.rowcount != 1:
            again = (alert.c.id == one.id, alert.c.end_told_at.is_(None))
            await unit.execute(update(alert).where(*again).values(told_at=None))


async def _find(unit: Unit, kind: Kind, subject: str) -> Alert | None:
    """The present one; else the one whose end nobody was told of."""
    rows = await unit.execute(
        select(alert)
        .where(alert.c.kind == kind.value, alert.c.subject == subject, alert.c.end_told_at.is_(None))
        .order_by(alert.c.ended_at.is_not(None), alert.c.since.desc())
        .limit(1)
    )
    row = rows.one_or_none()
    return _as_alert(row._mapping) if row else None


def _as_alert(values: Any) -> Alert:
    return Alert(**{**values, "kind": Kind(values["kind"]), "detail": values["detail"] or {}})
