"""Who takes part, and for which insurers does a TPA stand in?"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, insert, select, update

from claimgw.errors import Conflict
from claimgw.store.database import Unit
from claimgw.store.revision import move_on
from claimgw.store.tables import participant, serves


@dataclass(frozen=True, slots=True)
class ParticipantRecord:
    """A participant as its row tells it. `events` None: all that its kind may send."""

    licence: str
    kind: str
    name: str
    endpoint: str | None
    adapter: str | None
    events: tuple[str, ...] | None
    settings: Mapping[str, Any]
    created_at: datetime
    changed_at: datetime
    blocked_at: datetime | None = None
    blocked_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """A TPA stands in for an insurer from a day to a day, both included; None: until further notice."""

    tpa: str
    insurer: str
    from_day: date
    to_day: date | None


async def add_participant(unit: Unit, record: ParticipantRecord) -> None:
    """Enter a new participant. Raises Conflict if the licence is taken."""
    await move_on(unit)
    if await find_participant(unit, record.licence) is not None:
        raise Conflict(f"{record.licence} is registered already; change it instead")
    await unit.execute(insert(participant).values(**_columns(record)))


async def change_participant(unit: Unit, record: ParticipantRecord, at: datetime) -> bool:
    """Replace everything but the licence and the day of entry. False if the licence is not registered."""
    await move_on(unit)
    values = _columns(replace(record, changed_at=at))
    del values["licence"], values["created_at"]
    changed = await unit.execute(update(participant).filter_by(licence=record.licence).values(**values))
    return changed.rowcount == 1


async def block_participant(unit: Unit, licence: str, reason: str, at: datetime) -> bool:
    """Refuse everything from and for this licence. False if it is not registered."""
    return await _set_block(unit, licence, at, reason, at)


async def unblock_participant(unit: Unit, licence: str, at: datetime) -> bool:
    """Let it take part again. False if it is not registered."""
    return await _set_block(unit, licence, None, None, at)


async def find_participant(unit: Unit, licence: str) -> ParticipantRecord | None:
    row = (await unit.execute(select(participant).filter_by(licence=licence))).one_or_none()
    return None if row is None else _record(row)


async def all_participants(unit: Unit) -> list[ParticipantRecord]:
    """By licence."""
    rows = await unit.execute(select(participant).order_by(participant.c.licence))
    return [_record(row) for row in rows]


async def add_service(unit: Unit, service: Service) -> None:
    """Enter that a TPA serves an insurer; the same pair and first day again changes the last day.

    Raises Conflict if one of the two is not registered.
    """
    await move_on(unit)
    for licence in (service.tpa, service.insurer):
        if await find_participant(unit, licence) is None:
            raise Conflict(f"{licence} is not registered; add the participant first")
    key = {"tpa": service.tpa, "insurer": service.insurer, "from_day": service.from_day}
    changed = await unit.execute(update(serves).filter_by(**key).values(to_day=service.to_day))
    if changed.rowcount == 0:
        await unit.execute(insert(serves).values(**key, to_day=service.to_day))


async def all_services(unit: Unit) -> list[Service]:
    """By TPA, insurer and first day."""
    rows = await unit.execute(select(serves).order_by(serves.c.tpa, serves.c.insurer, serves.c.from_day))
    return [Service(row.tpa, row.insurer, row.from_day, row.to_day) for row in rows]


async def _set_block(
    unit: Unit, licence: str, blocked_at: datetime | None, reason: str | None, at: datetime
) -> bool:
    await move_on(unit)
    values = {"blocked_at": blocked_at, "blocked_reason": reason, "changed_at": at}
    changed = await unit.execute(update(participant).filter_by(licence=licence).values(**values))
    return changed.rowcount == 1


def _columns(record: ParticipantRecord) -> dict[str, Any]:
    events = None if record.events is None else list(record.events)
    return asdict(record) | {"events": events, "settings": dict(record.settings)}


def _record(row: Row[Any]) -> ParticipantRecord:
    values = row._asdict()
    events: Sequence[str] | None = values["events"]
    return ParticipantRecord(**(values | {"events": None if events is None else tuple(events)}))
