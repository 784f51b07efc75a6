"""Of which messages are the bytes due to be deleted, and of which have they been?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, case, delete, exists, func, insert, or_, select

from claimgw.ids import least_id
from claimgw.messages.events import EVENTS, Leg
from claimgw.messages.identifiers import LicenceKind
from claimgw.store.database import Unit
from claimgw.store.records import State
from claimgw.store.tables import (
    attempt,
    body,
    body_gone,
    exchange,
    lingering,
    mailbox,
    message,
    poll_item,
    retention,
)


class Kind(StrEnum):
    """What is kept for a time of its own."""

    REQUESTS = "requests"  # and every answer to them, batches included
    POLLS = "polls"  # what polls asked; what they were given is an answer, or a notice
    REFUSED = "refused"  # what was refused, with the refusal
    NOTICES = "notices"  # what insurers or the gateway began by themselves, with the acknowledgement
    ALERTS = "alerts"  # no messages: what was wrong with the system, and is no more


@dataclass(frozen=True, slots=True)
class Looked:
    """A message whose bytes are kept. `moves`: they are needed. `rested_at`: when it came to rest."""

    message_id: str
    kind: Kind
    size: int
    moves: bool
    rested_at: datetime

    def is_due(self, before: datetime) -> bool:
        """Whether it has rested since then."""
        return not self.moves and self.rested_at < before


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a kind was looked through, and what has been deleted of it."""

    reached: str = least_id(datetime.fromtimestamp(0, UTC))
    deleted: int = 0
    bytes: int = 0


async def progress(unit: Unit, kind: Kind) -> Progress | None:
    """None: it was never begun."""
    query = select(retention.c.reached, retention.c.deleted, retention.c.bytes)
    row = (await unit.execute(query.where(retention.c.kind == kind.value))).one_or_none()
    return Progress(*row) if row else None


async def next_page(
    unit: Unit, kind: Kind, after: str, before: datetime, most: int
) -> tuple[str | None, list[Looked]]:
    """The next messages older than that: up to where was looked, None if that is all; those of the kind."""
    ids = select(message.c.id).where(message.c.id > after, message.c.id < least_id(before))
    page = list(await unit.scalars(ids.order_by(message.c.id).limit(most)))
    found = [one for one in await look(unit, page) if one.kind is kind]
    return (page[-1] if page else None), found


async def lingering_page(unit: Unit, kind: Kind, after: str, most: int) -> list[str]:
    """What was passed by because it still moved, in its order."""
    query = select(lingering.c.message_id).where(
        lingering.c.kind == kind.value, lingering.c.message_id > after
    )
    return list(await unit.scalars(query.order_by(lingering.c.message_id).limit(most)))


async def look(unit: Unit, ids: Sequence[str]) -> list[Looked]:
    """Those of them whose bytes are still kept."""
    if not ids:
        return []
    rows = await unit.execute(_QUERY.where(message.c.id.in_(ids)).order_by(message.c.id))
    return [
        Looked(
            row.id,
            _kind(row),
            row.size,
            bool(row.moves),
            max(
                at
                for at in (row.received_at, row.changed_at, row.delivered_at, row.fetched_at)
                if at is not None
            ),
        )
        for row in rows
    ]


async def advance(
    unit: Unit, kind: Kind, read: Progress | None, reached: str, *, deleted: int, octets: int = 0
) -> None:
    """Note how far it was looked, and what went. The unit raises Conflict if another process was faster."""
    before = read or Progress()
    values: dict[str, Any] = {
        "reached": reached,
        "deleted": before.deleted + deleted,
        "bytes": before.bytes + octets,
    }
    if read is None:
        unit.put(retention, [{"kind": kind.value, **values}], otherwise="another process is deleting")
        return
    unit.amend(
        retention,
        {"kind": kind.value, "reached": before.reached, "deleted": before.deleted},
        values,
        otherwise="another process is deleting",
    )


async def empty(unit: Unit, gone: Sequence[Looked], now: datetime) -> None:
    """Delete these bytes, and note that they are gone. The rows of the messages and their ids stay."""
    ids = [one.message_id for one in gone]
    if not ids:
        return
    await unit.execute(delete(body).where(body.c.message_id.in_(ids)))
    await unit.execute(insert(body_gone), [{"message_id": one, "gone_at": now} for one in ids])
    await unit.execute(delete(lingering).where(lingering.c.message_id.in_(ids)))


async def leave(unit: Unit, kind: Kind, left: Sequence[Looked]) -> None:
    """Look at these again later."""
    unit.put(lingering, [{"kind": kind.value, "message_id": one.message_id} for one in left])


async def oldest_kept(unit: Unit, kind: Kind, after: str, most: int) -> datetime | None:
    """When the oldest of the next messages that are kept was received, of so many at most."""
    first = await lingering_page(unit, kind, least_id(datetime.fromtimestamp(0, UTC)), 1)
    if not first:
        page = select(body.c.message_id).where(body.c.message_id > after).order_by(body.c.message_id)
        ids = list(await unit.scalars(page.limit(most)))
        first = [one.message_id for one in await look(unit, ids) if one.kind is kind][:1]
    if not first:
        return None
    found: datetime | None = await unit.scalar(select(message.c.received_at).where(message.c.id == first[0]))
    return found


_BEGUN = frozenset(event.code for event in EVENTS.values() if event.leg is Leg.NOTICE)
_ENDS = [state.value for state in (State.REFUSED, State.ANSWERED, State.CANCELLED, State.NULLIFIED)]
_root = message.alias("root")
_own = exchange.alias("own")
_of = exchange.alias("of")
_mail = message.alias("mail")
_member = exchange.alias("member")
_UNSETTLED = or_(mailbox.c.delivered_at.is_(None), mailbox.c.reserved_until.is_not(None))
_HERE = func.coalesce(_root.c.id, message.c.id)


def _some(query: Select[Any]) -> ColumnElement[bool]:
    return exists(query.correlate(message, _root, _own, _of))


_MOVES = or_(
    _of.c.state.not_in(_ENDS),
    _of.c.due_at.is_not(None),
    _of.c.waiting,
    _some(select(attempt.c.id).where(attempt.c.exchange_id == _of.c.id, attempt.c.closed_at.is_(None))),
    # What is to be fetched, for the whole exchange, and for what insurers began.
    _some(
        select(mailbox.c.message_id)
        .join(_mail, _mail.c.id == mailbox.c.message_id)
        .where(_mail.c.exchange_id == _of.c.id, _UNSETTLED)
    ),
    _some(select(mailbox.c.message_id).where(mailbox.c.message_id == _HERE, _UNSETTLED)),
    # A poll that may be sent again has what it was given until that is settled.
    _some(
        select(mailbox.c.message_id)
        .join(poll_item, poll_item.c.message_id == mailbox.c.message_id)
        .where(poll_item.c.poll_id == _HERE, mailbox.c.poll_id == _HERE, _UNSETTLED)
    ),
    _some(select(_member.c.id).where(_member.c.batch_id == _HERE, _member.c.state.not_in(_ENDS))),
)
# When the last answer of the exchange was fetched.
_FETCHED = (
    select(func.max(mailbox.c.delivered_at))
    .join(_mail, _mail.c.id == mailbox.c.message_id)
    .where(_mail.c.exchange_id == _of.c.id)
    .correlate(_of)
    .scalar_subquery()
)
# An answer to what has no exchange of its own, a batch or a poll, is of the kind of what it answers.
_QUERY = (
    select(
        message.c.id,
        message.c.size,
        message.c.received_at,
        func.coalesce(_root.c.event, message.c.event).label("event"),
        _of.c.state,
        _of.c.provider,
        _of.c.changed_at,
        mailbox.c.message_id.label("deposited"),
        mailbox.c.delivered_at,
        _FETCHED.label("fetched_at"),
        func.coalesce(_MOVES, False).label("moves"),
    )
    .join(body, body.c.message_id == message.c.id)
    .outerjoin(_root, _root.c.id == message.c.replies_to)
    .outerjoin(_own, _own.c.id == message.c.id)
    .outerjoin(
        _of,
        _of.c.id
        == case(
            (_own.c.id.is_not(None), _own.c.id),
            else_=func.coalesce(message.c.exchange_id, _root.c.exchange_id),
        ),
    )
    .outerjoin(mailbox, mailbox.c.message_id == _HERE)
)


def _kind(row: Any) -> Kind:
    if row.event == "poll-request":
        return Kind.POLLS
    own = (row.provider or "").startswith(LicenceKind.GATEWAY)
    if own or (row.event in _BEGUN and row.deposited is not None):
        return Kind.NOTICES
    if row.state == State.REFUSED.value or (row.state is None and row.event != "batch-request"):
        return Kind.REFUSED
    return Kind.REQUESTS
