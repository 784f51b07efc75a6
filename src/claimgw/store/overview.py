"""What came in today, what waits for whom, what is to be seen to? The page that operators look at.

No query counts without a limit: the page costs the same with ten requests held and with a million.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, select

from claimgw.messages.identifiers import LicenceKind
from claimgw.store.alerts import Alert, present_alerts
from claimgw.store.database import Unit
from claimgw.store.lines import Line, recent, unresolved
from claimgw.store.mailbox import UNCONFIRMED, WAITING, due
from claimgw.store.pauses import Pause, all_pauses
from claimgw.store.records import WITHDRAWN, State
from claimgw.store.standing import Lane, lanes
from claimgw.store.tables import exchange, mailbox, participant
from claimgw.store.waiting import Depth, how_many, of_first

# As with what waits: beyond it a page says "100,000+".
MOST_TODAY = 100_000


@dataclass(frozen=True, slots=True)
class Box:
    """What one provider has not fetched, or is to be given again; `unconfirmed`: fetched, not confirmed."""

    provider: str
    name: str
    waiting: Depth
    unconfirmed: Depth


@dataclass(frozen=True, slots=True)
class Today:
    """What came in since the day began; `capped` when it was more than is counted."""

    accepted: int
    refused: int
    answered: int
    cancelled: int
    newest: datetime | None
    capped: bool


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything the page shows, from one snapshot of the database."""

    today: Today
    lanes: Sequence[Lane]
    boxes: Sequence[Box]
    providers: int
    unresolved: Sequence[Line]
    recent: Sequence[Line]
    pauses: Sequence[Pause]
    alerts: Sequence[Alert]


async def overview(unit: Unit, *, now: datetime, day_began: datetime) -> Overview:
    """The whole page. Boxes that are empty are left out; `providers` counts all."""
    pauses = await all_pauses(unit)
    insurers = await lanes(unit, pauses, now)
    boxes, providers = await _boxes(unit, now)
    doubtful = [
        lane.licence
        for lane in insurers
        if lane.unknown.count or lane.to_be_corrected.count or lane.given_up.count
    ]
    return Overview(
        today=await _today(unit, day_began),
        lanes=insurers,
        boxes=boxes,
        providers=providers,
        unresolved=await unresolved(unit, doubtful, now),
        recent=await recent(unit),
        pauses=pauses,
        alerts=await present_alerts(unit),
    )


async def _boxes(unit: Unit, now: datetime) -> tuple[list[Box], int]:
    states = (
        (WAITING, mailbox.c.queued_at),
        (and_(UNCONFIRMED, due(now)), mailbox.c.reserved_until),
        (and_(UNCONFIRMED, mailbox.c.reserved_until > now), mailbox.c.reserved_until),
    )
    rows = await unit.execute(
        select(
            participant.c.licence,
            participant.c.name,
            *(column for state, by in states for column in _in_box(state, by)),
        ).where(participant.c.licence.like(f"{LicenceKind.PROVIDER}:%"))
    )
    every = [
        Box(licence, name, Depth(*depths[:2]) + Depth(*depths[2:4]), Depth(*depths[4:]))
        for licence, name, *depths in rows
    ]
    full = [box for box in every if box.waiting.count or box.unconfirmed.count]
    return sorted(full, key=lambda box: (box.waiting.oldest or now, box.provider)), len(every)


def _in_box(state: ColumnElement[bool], by: ColumnElement[Any]) -> tuple[ColumnElement[Any], ...]:
    """How many of that state one provider has, and when the first of them came."""
    mine = (mailbox.c.provider == participant.c.licence, state)
    oldest = of_first(mailbox.c.queued_at, *mine, by=[by], of=participant)
    return how_many(mailbox, *mine, of=participant), oldest


async def _today(unit: Unit, day_began: datetime) -> Today:
    lately = (
        select(exchange.c.state, exchange.c.created_at)
        .where(exchange.c.changed_at >= day_began)
        .order_by(exchange.c.changed_at.desc())
        .limit(MOST_TODAY + 1)
        .subquery()
    )
    new = case((lately.c.created_at >= day_began, 1), else_=0)
    rows = await unit.execute(
        select(lately.c.state, new, func.count(), func.max(lately.c.created_at)).group_by(lately.c.state, new)
    )
    counted = {(State(state), bool(is_new)): (count, newest) for state, is_new, count, newest in rows}
    accepted = [held for (state, is_new), held in counted.items() if is_new and state is not State.REFUSED]
    return Today(
        accepted=sum(count for count, _ in accepted),
        refused=counted.get((State.REFUSED, True), (0, None))[0],
        answered=sum(count for (state, _), (count, _) in counted.items() if state is State.ANSWERED),
        cancelled=sum(count for (state, _), (count, _) in counted.items() if state in WITHDRAWN),
        newest=max((newest for _, newest in accepted), default=None),
        capped=sum(count for count, _ in counted.values()) > MOST_TODAY,
    )
