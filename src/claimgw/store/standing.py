"""Does each insurer get its messages, and if not, why? With what waits there. Read-only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Row, case, func, literal_column, select

from claimgw.messages.identifiers import LicenceKind
from claimgw.store.breakers import Circuit, Position, all_circuits
from claimgw.store.database import Unit
from claimgw.store.lines import standing_at
from claimgw.store.pauses import EVERYWHERE, Pause, PauseKind
from claimgw.store.records import Author, State
from claimgw.store.tables import attempt, exchange, participant
from claimgw.store.waiting import Depth, how_many, of_first

_COUNTED = (
    State.UNCHECKED,
    State.HELD,
    State.UNCONFIRMED,
    State.AWAITING_CORRECTION,
    State.QUEUED,
    State.PARTIAL,
    State.GIVEN_UP,
)


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


async def lanes(unit: Unit, pauses: Sequence[Pause], now: datetime) -> list[Lane]:
    """Every insurer, by name. `pauses`: all there are."""
    circuits = {held.licence: held for held in await all_circuits(unit) if held.state is not Position.CLOSED}
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
    return how_many(exchange, *_in_lane(state), of=participant).label(f"n {state}")


def _oldest(state: State) -> ColumnElement[datetime | None]:
    # As the index of each has it.
    since = exchange.c.changed_at if state is State.GIVEN_UP else exchange.c.created_at
    return of_first(since, *_in_lane(state), by=[since], of=participant).label(f"since {state}")


def _next_attempt(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return of_first(
        column,
        exchange.c.insurer == participant.c.licence,
        exchange.c.due_at.is_not(None),
        exchange.c.state.in_((State.HELD.value, State.UNCONFIRMED.value)),
        by=[exchange.c.due_at, exchange.c.id],
        of=participant,
    )


def _last_answer() -> ColumnElement[datetime | None]:
    return of_first(
        exchange.c.changed_at,
        exchange.c.insurer == participant.c.licence,
        exchange.c.answered_by == literal_column(f"'{Author.INSURER}'"),
        by=[exchange.c.changed_at.desc()],
        of=participant,
    )


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
