"""What is deleted when its time is over? In small steps, and never what is still moving."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from claimgw.clock import Clock
from claimgw.store import Database, Unit, alerts, retention
from claimgw.store.retention import Kind, Looked, Progress

# Messages looked at in one transaction, and the pause before the next: others write meanwhile.
STEP, _PAUSE_SECONDS = 200, 0.05
_OLDEST_LOOKED_AT = 2000
_ALERTS_LOOKED_AT = 100_000


@dataclass(frozen=True, slots=True)
class Report:
    """Of one kind. `due`, `bytes`: what goes now, or has just gone; `moving`: old enough, and still needed.

    `days`: None if all is kept. `deleted`: all there ever were. `oldest`: when the oldest kept was received.
    """

    kind: Kind
    days: int | None
    due: int = 0
    bytes: int = 0
    moving: int = 0
    deleted: int = 0
    oldest: datetime | None = None


async def survey(database: Database, days: Mapping[Kind, int | None], now: datetime) -> list[Report]:
    """What would go now; nothing is changed."""
    found = []
    for kind, kept in days.items():
        before = None if kept is None else now - timedelta(days=kept)
        async with database.read() as unit:
            if kind is Kind.ALERTS:
                due = 0 if before is None else len(await alerts.past_alerts(unit, before, _ALERTS_LOOKED_AT))
                found.append(await _of_alerts(unit, kept, before, due))
            else:
                found.append(await _survey(unit, kind, kept, before))
    return found


async def _survey(unit: Unit, kind: Kind, days: int | None, before: datetime | None) -> Report:
    known = await retention.progress(unit, kind) or Progress()
    due, moving = [0, 0], 0
    if before is not None:
        after = Progress().reached
        while ids := await retention.lingering_page(unit, kind, after, STEP):
            after = ids[-1]
            moving += _count(await retention.look(unit, ids), before, due)
        place: str | None = known.reached
        while place is not None:
            place, some = await retention.next_page(unit, kind, place, before, STEP)
            moving += _count(some, before, due)
    oldest = await retention.oldest_kept(unit, kind, known.reached, _OLDEST_LOOKED_AT)
    return Report(kind, days, due[0], due[1], moving, known.deleted, oldest)


async def _of_alerts(unit: Unit, days: int | None, before: datetime | None, due: int) -> Report:
    moving = 0 if before is None else await alerts.long_present(unit, before)
    known = await retention.progress(unit, Kind.ALERTS) or Progress()
    oldest = await alerts.oldest_alert(unit)
    return Report(Kind.ALERTS, days, due, moving=moving, deleted=known.deleted, oldest=oldest)


def _count(looked: Sequence[Looked], before: datetime, due: list[int]) -> int:
    """Adds what is due; how many are not."""
    going = [one for one in looked if one.is_due(before)]
    due[0] += len(going)
    due[1] += sum(one.size for one in going)
    return len(looked) - len(going)


def _sizes(gone: Sequence[Looked]) -> dict[str, int]:
    return {"deleted": len(gone), "octets": sum(one.size for one in gone)}


async def delete_due(database: Database, clock: Clock, days: Mapping[Kind, int | None]) -> list[Report]:
    """Delete all that is due, step by step. Raises Conflict if another process is at it."""
    told = []
    for kind, kept in days.items():
        if kept is None:
            continue
        sweep = _sweep_alerts if kind is Kind.ALERTS else _sweep
        told.append(await sweep(database, clock, kind, kept))
    return told


async def _sweep_alerts(database: Database, clock: Clock, kind: Kind, days: int) -> Report:
    before, gone = clock.now() - timedelta(days=days), 0
    while True:
        async with database.write() as unit:
            ids = await alerts.past_alerts(unit, before, STEP)
            if ids:
                known = await retention.progress(unit, kind)
                await alerts.forget_alerts(unit, ids)
                await retention.advance(unit, kind, known, ids[-1], deleted=len(ids))
        if not ids:
            break
        gone += len(ids)
        await clock.sleep(_PAUSE_SECONDS)
    async with database.read() as unit:
        return await _of_alerts(unit, days, before, gone)


async def _sweep(database: Database, clock: Clock, kind: Kind, days: int) -> Report:
    """First what was passed by before, then what has become old since."""
    before, gone, moving = clock.now() - timedelta(days=days), [0, 0], 0
    after = Progress().reached
    while True:
        async with database.write() as unit:
            known = await retention.progress(unit, kind)
            ids = await retention.lingering_page(unit, kind, after, STEP)
            looked = await retention.look(unit, ids)
            moving += _count(looked, before, gone)
            going = [one for one in looked if one.is_due(before)]
            await retention.empty(unit, going, clock.now())
            await retention.advance(unit, kind, known, (known or Progress()).reached, **_sizes(going))
        if not ids:
            break
        after = ids[-1]
        await clock.sleep(_PAUSE_SECONDS)
    while True:
        async with database.write() as unit:
            known = await retention.progress(unit, kind) or Progress()
            place, looked = await retention.next_page(unit, kind, known.reached, before, STEP)
            moving += _count(looked, before, gone)
            going = [one for one in looked if one.is_due(before)]
            await retention.empty(unit, going, clock.now())
            await retention.leave(unit, kind, [one for one in looked if not one.is_due(before)])
            await retention.advance(unit, kind, known, place or known.reached, **_sizes(going))
        if place is None:
            break
        await clock.sleep(_PAUSE_SECONDS)
    async with database.read() as unit:
        known = await retention.progress(unit, kind) or Progress()
        oldest = await retention.oldest_kept(unit, kind, known.reached, _OLDEST_LOOKED_AT)
    return Report(kind, days, gone[0], gone[1], moving, known.deleted, oldest)
