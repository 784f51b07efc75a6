"""Where is a message, and have its ids been used before?"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from claimgw.messages.identifiers import LicenceKind
from claimgw.store.database import Unit
from claimgw.store.prepared import Prepared, among
from claimgw.store.records import Arrival, Message
from claimgw.store.tables import arrival, body, body_gone, message


async def keep(unit: Unit, kept: Message, content: bytes) -> None:
    """Keep a message with its bytes."""
    unit.put(message, [_values(kept)])
    unit.put(body, [{"message_id": kept.id, "content": content}])


async def arrive(unit: Unit, used: Arrival) -> None:
    """Note that a sender has used these ids. Raises Conflict if it has before, whoever was faster."""
    unit.put(
        arrival,
        [{name: getattr(used, name) for name in Arrival.__slots__}],
        otherwise="the sender has used these ids before",
    )


async def arrived(unit: Unit, sender: str, bundle_id: str, header_id: str) -> list[Arrival]:
    """What this sender has sent under that Bundle.id or that MessageHeader.id; at most two."""
    mine = select(arrival).where(arrival.c.sender == sender)
    both = (
        mine.where(arrival.c.bundle_id == bundle_id),
        mine.where(arrival.c.header_id == header_id, arrival.c.bundle_id != bundle_id),
    )
    return [Arrival(**row._mapping) for query in both for row in await unit.execute(query)]


async def find(unit: Unit, message_id: str) -> Message | None:
    rows = await unit.execute(select(message).where(message.c.id == message_id))
    row = rows.one_or_none()
    return Message(**row._mapping) if row else None


async def header_ids(unit: Unit, message_ids: Sequence[str]) -> dict[str, str]:
    """The MessageHeader.id of each of these."""
    if not message_ids:
        return {}
    rows = await unit.execute(select(message.c.id, message.c.header_id).where(message.c.id.in_(message_ids)))
    return {row.id: row.header_id for row in rows}


async def wire_ids(unit: Unit, message_ids: Sequence[str]) -> dict[str, tuple[str, str]]:
    """The MessageHeader.id and the Bundle.id of each of these."""
    if not message_ids:
        return {}
    named = select(message.c.id, message.c.header_id, message.c.bundle_id)
    rows = await unit.execute(named.where(message.c.id.in_(message_ids)))
    return {row.id: (row.header_id, row.bundle_id) for row in rows}


async def content(unit: Unit, message_id: str) -> bytes | None:
    """The bytes, as they came."""
    found: bytes | None = await unit.scalar(select(body.c.content).where(body.c.message_id == message_id))
    return found


async def contents(unit: Unit, message_ids: Sequence[str]) -> dict[str, bytes]:
    """The bytes of several messages by their ids, as of now; those that are gone are missing."""
    return {id_: content for id_, (_, content) in (await as_written(unit, message_ids)).items()}


async def as_written(unit: Unit, message_ids: Sequence[str]) -> dict[str, tuple[str, bytes]]:
    """Bundle.id and bytes of several messages by their ids, as of now; those that are gone are missing."""
    if not message_ids:
        return {}
    rows = await unit.ask(_AS_WRITTEN, ids=message_ids)
    return {id_: (bundle_id, content) for id_, bundle_id, content in rows}


_AS_WRITTEN = Prepared(
    select(message.c.id, message.c.bundle_id, body.c.content).join(body).where(among(message.c.id, "ids"))
)


async def gone(unit: Unit, message_ids: Sequence[str]) -> dict[str, datetime]:
    """When the bytes of these were deleted; those that are kept are missing."""
    if not message_ids:
        return {}
    rows = await unit.execute(
        select(body_gone.c.message_id, body_gone.c.gone_at).where(body_gone.c.message_id.in_(message_ids))
    )
    return {row.message_id: row.gone_at for row in rows}


async def posted_after(unit: Unit, message_id: str, limit: int) -> list[Message]:
    """What participants sent, in the order it came: the next messages after that id (`ids.least_id`)."""
    ours = f"{LicenceKind.GATEWAY}:"
    query = (
        select(message)
        .where(message.c.id > message_id, message.c.sender.notlike(f"{ours}%"))
        .order_by(message.c.id)
        .limit(limit)
    )
    return [Message(**row._mapping) for row in await unit.execute(query)]


async def reply_to(unit: Unit, message_id: str) -> str | None:
    """The id of the message that was last written in answer to this one."""
    newest = (
        select(message.c.id)
        .where(message.c.replies_to == message_id)
        .order_by(message.c.received_at.desc(), message.c.id.desc())
        .limit(1)
    )
    found: str | None = await unit.scalar(newest)
    return found


def as_message(row: Iterable[Any]) -> Message:
    """The record of a row that holds all columns of the table, in their order."""
    return Message(**dict(zip(message.c.keys(), row, strict=True)))


def _values(kept: Message) -> dict[str, object]:
    return {name: getattr(kept, name) for name in Message.__slots__}
