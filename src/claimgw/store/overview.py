"""What waits, where, since when and why? Read-only, for the page that operators look at.

No query counts without a limit: the page costs the same with ten requests held and with a million.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, case, func, literal, literal_column, select

from claimgw.messages.identifiers import LicenceKind
from claimgw.store.alerts import Alert, present_alerts
from claimgw.store.breakers import Circuit, Position, all_circuits
from claimgw.store.database import Unit
from claimgw.store.lines import Line, recent, standing_at, unresolved
from claimgw.store.mailbox import UNCONFIRMED, WAITING, due
from claimgw.store.pauses import EVERYWHERE, Pause, PauseKind, all_pauses
from claimgw.store.records import WITHDRAWN, Author, State
from claimgw.store.tables import attempt, exchange, mailbox, participant

# Beyond these a page says "10,000+": an operator acts no differently, and the database is spared.
MOST_WAITING = 10_000
MOST_TODAY = 100_000

_COUNTED = (
    State.UNCHECKED,
    State.HELD,
    State.UNCONFIRMED,
    State.AWAITING_CORRECTION,
    State.QUEUED,
    State.PARTIAL,
    State.GIVEN_UP,
)


@dataclass(frozen=True, slots=True)
class Depth:
    """How many wait, and since when the oldest does. More than MOST_WAITING are not counted."""

    count: int = 0
    oldest: datetime | None = None

    @property
    def capped(self) -> bool:
        return self.count > MOST_WAITING

    def __add__(self, other: "Depth") -> "Depth":
        known = [at for at in (self.oldest, other.oldest) if at is not None]
        return Depth(self.count + other.count, min(known, default=None))


class Standing(StrEnum):
    """Does an insurer get its messages?"""

    DELIVERING = "delivering"
    HELD_BACK = "held-back"
    PAUSED = "paused"
    DOWN = "down"
    DRAINED = "drained"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class Lane:
    """One insurer. `unknown`: sent without an answer, or an attempt still open after its lease.

    `given_up`: dead letters, the oldest by when they were given up. `hours`: its hours as they are kept.
    """

    licence: str
    name: str
    standing: Standing
    why: str
    last_answer: datetime | None
    next_attempt: datetime | None
    next_reason: str
    in_flight: Depth
    held: Depth
    unknown: Depth
    to_be_corrected: Depth
    with_insurer: Depth
    given_up: Depth
    hours: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Box:
    """What one provider has not fetched, or is to be given again; `unconfirmed`: fetched, not confirmed."""

    provider: str
    name: str
    waiting: Depth
    unconfirmed: Depth = Depth()


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
    circuits = {held.licence: held for held in await all_circuits(unit) if held.state is not Position.CLOSED}
    lanes = await _lanes(unit, pauses, circuits, now)
    boxes, providers = await _boxes(unit, now)
    doubtful = [
        lane.licence
        for lane in lanes
        if lane.unknown.count or lane.to_be_corrected.count or lane.given_up.count
    ]
    return Overview(
        today=await _today(unit, day_began),
        lanes=lanes,
        boxes=boxes,
        providers=providers,
        unresolved=await unresolved(unit, doubtful, now),
        recent=await recent(unit),
        pauses=pauses,
        alerts=await present_alerts(unit),
    )


async def _lanes(
    unit: Unit, pauses: Sequence[Pause], circuits: Mapping[str, Circuit], now: datetime
) -> list[Lane]:
    flying, overdue = await _open_attempts(unit, now)
    rows = await unit.execute(
        select(
            participant.c.licence,
            participant.c.name,
            participant.c.blocked_at,
            participant.c.blocked_reason,
            participant.c.settings,
            _last_answer().label("last_answer"),
            _next_attempt(exchange.c.due_at).label("next_attempt"),
            _next_attempt(exchange.c.reason).label("next_reason"),
            *(column for state in _COUNTED for column in (_count(state), _oldest(state))),
        )
        .where(participant.c.licence.like(f"{LicenceKind.PAYER}:%"))
        .order_by(participant.c.name, participant.c.licence)
    )
    return [_lane(row, pauses, circuits.get(row.licence), flying, overdue) for row in rows]


def _lane(
    row: Row[Any],
    pauses: Sequence[Pause],
    circuit: Circuit | None,
    flying: dict[str, Depth],
    overdue: dict[str, Depth],
) -> Lane:
    kept = row._mapping
    next_attempt, next_reason = kept["next_attempt"], kept["next_reason"] or ""
    depth = {state: Depth(kept[f"n {state}"], kept[f"since {state}"]) for state in _COUNTED}
    pause = next((p for p in pauses if p.scope in (EVERYWHERE, kept["licence"])), None)
    if kept["blocked_at"] is not None:
        standing, why = Standing.BLOCKED, kept["blocked_reason"] or ""
    elif pause is not None and pause.kind is PauseKind.HOLD:
        standing, why = Standing.PAUSED, pause.reason
    elif circuit is not None:
        standing, why = Standing.DOWN, f"since {circuit.since:%Y-%m-%d %H:%M} UTC: {circuit.reason}"
        next_attempt, next_reason = circuit.probe_at, "then it is looked whether it is there again"
    elif pause is not None:
        standing, why = Standing.DRAINED, pause.reason
    elif depth[State.HELD].count:
        standing, why = Standing.HELD_BACK, kept["next_reason"] or ""
    else:
        standing, why = Standing.DELIVERING, ""
    return Lane(
        licence=kept["licence"],
        name=kept["name"],
        standing=standing,
        why=why,
        last_answer=kept["last_answer"],
        next_attempt=next_attempt,
        next_reason=next_reason,
        in_flight=flying.get(kept["licence"], Depth()),
        held=depth[State.HELD] + depth[State.UNCHECKED],
        unknown=depth[State.UNCONFIRMED] + overdue.get(kept["licence"], Depth()),
        to_be_corrected=depth[State.AWAITING_CORRECTION],
        with_insurer=depth[State.QUEUED] + depth[State.PARTIAL],
        given_up=depth[State.GIVEN_UP],
        hours=kept["settings"].get("hours"),
    )


def _in_lane(state: State) -> tuple[ColumnElement[bool], ...]:
    return exchange.c.insurer == participant.c.licence, *standing_at(state)


def _count(state: State) -> ColumnElement[int]:
    some = select(literal(1).label("one")).select_from(exchange).where(*_in_lane(state))
    limited = some.limit(MOST_WAITING + 1).correlate(participant).subquery()
    counted = select(func.count()).select_from(limited).correlate(participant)
    return counted.scalar_subquery().label(f"n {state}")


def _oldest(state: State) -> ColumnElement[datetime | None]:
    # As the index of each has it.
    since = exchange.c.changed_at if state is State.GIVEN_UP else exchange.c.created_at
    first = select(since).where(*_in_lane(state)).order_by(since).limit(1)
    return first.correlate(participant).scalar_subquery().label(f"since {state}")


def _next_attempt(column: ColumnElement[Any]) -> ColumnElement[Any]:
    soonest = (
        select(column)
        .where(
            exchange.c.insurer == participant.c.licence,
            exchange.c.due_at.is_not(None),
            exchange.c.state.in_((State.HELD.value, State.UNCONFIRMED.value)),
        )
        .order_by(exchange.c.due_at, exchange.c.id)
        .limit(1)
    )
    return soonest.correlate(participant).scalar_subquery()


def _last_answer() -> ColumnElement[datetime | None]:
    newest = (
        select(exchange.c.changed_at)
        .where(
            exchange.c.insurer == participant.c.licence,
            exchange.c.answered_by == literal_column(f"'{Author.INSURER}'"),
        )
        .order_by(exchange.c.changed_at.desc())
        .limit(1)
    )
    return newest.correlate(participant).scalar_subquery()


async def _open_attempts(unit: Unit, now: datetime) -> tuple[dict[str, Depth], dict[str, Depth]]:
    """By insurer: attempts within their lease, and those whose lease is over. As many as calls at once."""
    over = case((exchange.c.due_at > now, 0), else_=1)
    rows = await unit.execute(
        select(exchange.c.insurer, over, func.count(), func.min(attempt.c.opened_at))
        .join(exchange, exchange.c.id == attempt.c.exchange_id)
        .where(attempt.c.closed_at.is_(None), exchange.c.state == State.IN_FLIGHT.value)
        .group_by(exchange.c.insurer, over)
    )
    found: tuple[dict[str, Depth], dict[str, Depth]] = ({}, {})
    for insurer, late, count, oldest in rows:
        found[late][insurer] = Depth(count, oldest)
    return found


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
    some = select(literal(1).label("one")).select_from(mailbox).where(*mine)
    limited = some.limit(MOST_WAITING + 1).correlate(participant).subquery()
    count = select(func.count()).select_from(limited).correlate(participant).scalar_subquery()
    oldest = select(mailbox.c.queued_at).where(*mine).order_by(by).limit(1)
    return count, oldest.correlate(participant).scalar_subquery()


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
