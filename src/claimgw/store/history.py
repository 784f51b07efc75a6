"""Since when is the history of a provider and an insurer on record, and what is known of before?"""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import ColumnElement, bindparam, delete, func, insert, select, tuple_

from claimgw.store.between import between
from claimgw.store.database import Unit
from claimgw.store.prepared import Prepared
from claimgw.store.records import Imported
from claimgw.store.tables import history_start, imported
from claimgw.store.tables.columns import Licence

_AT_ONCE = 500
_BEGINS = Prepared(
    select(history_start.c.since).where(
        history_start.c.provider == bindparam("provider", type_=Licence),
        history_start.c.insurer == bindparam("insurer", type_=Licence),
    )
)


async def begins(unit: Unit, provider: str, insurer: str) -> date | None:
    """The day from which the history of the pair is on record, as of now; None: nothing of it came yet."""
    rows = await unit.ask(_BEGINS, provider=provider, insurer=insurer)
    return rows[0][0] if rows else None


async def begin(unit: Unit, provider: str, insurer: str, since: date, now: datetime) -> None:
    """Note that the first message of a pair has come. The unit raises Conflict if another one was faster."""
    row = {"provider": provider, "insurer": insurer, "since": since, "set_by": "", "set_at": now}
    unit.put(history_start, [row], otherwise="another message of the pair was the first")


async def let_begin(unit: Unit, provider: str, insurer: str, since: date, *, by: str, now: datetime) -> None:
    """Set that day to what an operator knows of it; the least date: everything is on record."""
    await unit.execute(
        delete(history_start).where(history_start.c.provider == provider, history_start.c.insurer == insurer)
    )
    await unit.execute(
        insert(history_start).values(provider=provider, insurer=insurer, since=since, set_by=by, set_at=now)
    )


async def all_beginnings(unit: Unit) -> list[tuple[str, str, date, str]]:
    """Provider, insurer, day and who set it ("": the first message did), of every pair that has begun."""
    columns = (
        history_start.c.provider,
        history_start.c.insurer,
        history_start.c.since,
        history_start.c.set_by,
    )
    rows = await unit.execute(select(*columns).order_by(*columns[:2]))
    return [(row.provider, row.insurer, row.since, row.set_by) for row in rows]


async def bring_in(unit: Unit, rows: Sequence[Imported], now: datetime) -> int:
    """Keep identifiers of before; how many were new. One that is there already stays as it is."""
    new = 0
    for at in range(0, len(rows), _AT_ONCE):
        some = {
            (one.provider, one.insurer, one.type, one.system, one.value): one
            for one in rows[at : at + _AT_ONCE]
        }
        known = await unit.execute(select(*_key()).where(tuple_(*_key()).in_(list(some))))
        for row in known:
            some.pop(tuple(row))
        if some:
            await unit.execute(
                insert(imported),
                [
                    {name: getattr(one, name) for name in Imported.__slots__} | {"imported_at": now}
                    for one in some.values()
                ],
            )
        new += len(some)
    return new


async def imported_counts(unit: Unit) -> dict[tuple[str, str], int]:
    """How many identifiers of before are known, by provider and insurer."""
    pair = (imported.c.provider, imported.c.insurer)
    rows = await unit.execute(select(*pair, func.count()).group_by(*pair))
    return {(provider, insurer): count for provider, insurer, count in rows}


async def of_before(
    unit: Unit, keys: Sequence[tuple[str, str, str]], *, provider: str | None, insurer: str | None
) -> list[Imported]:
    """What is known of before under these: type, system and value. None: whoever's."""
    parties = between(imported, provider, insurer)
    found: list[Imported] = []
    for at in range(0, len(keys), _AT_ONCE):
        some = tuple_(imported.c.type, imported.c.system, imported.c.value).in_(keys[at : at + _AT_ONCE])
        rows = await unit.execute(select(imported).where(some, *parties))
        found += [Imported(**{name: row._mapping[name] for name in Imported.__slots__}) for row in rows]
    return found


def _key() -> tuple[ColumnElement[str], ...]:
    return imported.c.provider, imported.c.insurer, imported.c.type, imported.c.system, imported.c.value
