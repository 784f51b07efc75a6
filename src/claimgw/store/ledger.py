"""Do the books balance? Every accepted request stands in one place, and its rows agree that it does."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, exists, func, select

from claimgw.messages.identifiers import LicenceKind
from claimgw.store.database import Unit
from claimgw.store.discrepancies import REQUESTS, Difference, differences
from claimgw.store.records import WITHDRAWN, State
from claimgw.store.tables import arrival, attempt, exchange, mailbox, message

MOST_IDS = 10
_MOST_UNACKNOWLEDGED = 100


@dataclass(frozen=True, slots=True)
class Standing:
    """How many requests of providers were accepted, and where each of them stands.

    `accepted` counts the messages recorded; the others count what state, attempts, due times and answers say
    together. `astray`: those whose rows contradict each other; there are none in sound books.
    """

    accepted: int = 0
    answered: int = 0
    held: int = 0
    in_flight: int = 0
    awaiting: int = 0
    cancelled: int = 0
    dead: int = 0
    astray: int = 0

    @property
    def placed(self) -> int:
        """The other side: how many were found in one of the places."""
        moving = self.held + self.in_flight + self.awaiting
        return self.answered + moving + self.cancelled + self.dead

    @property
    def balances(self) -> bool:
        """Whether each accepted request was found in one of its places."""
        return self.astray == 0 and self.accepted == self.placed


@dataclass(frozen=True, slots=True)
class Unacknowledged:
    """What was sent and has no answer yet: it may have arrived. `sent_at`: when it was sent last."""

    exchange_id: str
    header_id: str
    event: str
    insurer: str
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class Ledger:
    """The books in one snapshot. `lanes`: by insurer; `unacknowledged`: the oldest, `sent` of them in all."""

    lanes: Mapping[str, Standing] = field(default_factory=dict)
    differences: tuple[Difference, ...] = ()
    unacknowledged: tuple[Unacknowledged, ...] = ()
    sent: int = 0

    @property
    def total(self) -> Standing:
        """All insurers together."""
        return Standing(
            **{
                part.name: sum(getattr(lane, part.name) for lane in self.lanes.values())
                for part in fields(Standing)
            }
        )

    @property
    def balances(self) -> bool:
        """Whether the sides are equal for every insurer, and no row contradicts another."""
        return not self.differences and all(lane.balances for lane in self.lanes.values())

    @property
    def wrong(self) -> int:
        """How many contradictions there are, in all."""
        sides = sum(abs(lane.accepted - lane.placed - lane.astray) for lane in self.lanes.values())
        return sum(one.count for one in self.differences) + sides


async def ledger(unit: Unit, insurer: str | None = None, most: int = MOST_IDS) -> Ledger:
    """The whole of it, or what concerns one insurer, with at most so many ids for each difference.

    It passes over every row but those of `body`: for checks and reports, not for every request.
    """
    wrong = await differences(unit, insurer, most)
    return Ledger(
        lanes=await _lanes(unit, insurer),
        differences=(*wrong, *await _astray(unit, insurer, most)),
        unacknowledged=await _unacknowledged(unit, insurer),
        sent=await unit.scalar(select(func.count()).select_from(exchange).where(_SENT, *_of(insurer))) or 0,
    )


async def _lanes(unit: Unit, insurer: str | None) -> dict[str, Standing]:
    counted: dict[str, dict[str, int]] = {}
    placed = (
        select(exchange.c.insurer, _PLACE, func.count())
        .where(_PROVIDERS, ~_REFUSED, *_of(insurer))
        .group_by(exchange.c.insurer, _PLACE)
    )
    for licence, place, count in await unit.execute(placed):
        counted.setdefault(licence, {})[place] = count
    lane = func.coalesce(exchange.c.insurer, message.c.receiver)
    accepted = (
        select(lane, func.count())
        .select_from(message)
        .join(arrival, arrival.c.message_id == message.c.id)
        .outerjoin(exchange, exchange.c.id == message.c.id)
        .where(
            message.c.sender.like(f"{LicenceKind.PROVIDER}:%"),
            message.c.event.in_(REQUESTS),
            func.coalesce(~_REFUSED, True),
            *([lane == insurer] if insurer is not None else ()),
        )
        .group_by(lane)
    )
    for licence, count in await unit.execute(accepted):
        counted.setdefault(licence, {})["accepted"] = count
    return {licence: Standing(**counted[licence]) for licence in sorted(counted)}


async def _astray(unit: Unit, insurer: str | None, most: int) -> list[Difference]:
    """Those that stand nowhere, with their names."""
    where = (_PROVIDERS, ~_REFUSED, _PLACE == "astray", *_of(insurer))
    found = []
    for licence, count in (
        await unit.execute(
            select(exchange.c.insurer, func.count()).where(*where).group_by(exchange.c.insurer)
        )
    ).all():
        some = select(exchange.c.id).where(*where, exchange.c.insurer == licence).order_by(exchange.c.id)
        ids = tuple(await unit.scalars(some.limit(most)))
        found.append(Difference("exchange", "its state contradicts its other rows", licence, count, ids))
    return found


async def _unacknowledged(unit: Unit, insurer: str | None) -> tuple[Unacknowledged, ...]:
    last = (
        select(func.max(attempt.c.opened_at)).where(attempt.c.exchange_id == exchange.c.id).scalar_subquery()
    )
    sent = func.coalesce(last, exchange.c.created_at)
    query = (
        select(exchange.c.id, message.c.header_id, exchange.c.event, exchange.c.insurer, sent)
        .join(message, message.c.id == exchange.c.id)
        .where(_SENT, *_of(insurer))
        .order_by(sent, exchange.c.id)
        .limit(_MOST_UNACKNOWLEDGED)
    )
    return tuple(Unacknowledged(*row) for row in await unit.execute(query))


def _of(insurer: str | None) -> list[ColumnElement[bool]]:
    return [] if insurer is None else [exchange.c.insurer == insurer]


def _in(*states: State) -> ColumnElement[bool]:
    return exchange.c.state.in_([state.value for state in states])


_OPEN = select(attempt.c.id).where(attempt.c.exchange_id == exchange.c.id, attempt.c.closed_at.is_(None))
_DUE = exchange.c.due_at.is_not(None)
_GIVEN = exists().where(mailbox.c.message_id == exchange.c.answer_id)
_PROVIDERS = exchange.c.provider.like(f"{LicenceKind.PROVIDER}:%")
# A large claim is refused after it was accepted: then the refusal is an answer, and waits in the mailbox.
_REFUSED = and_(_in(State.REFUSED), ~_GIVEN)
_SENT = _in(State.IN_FLIGHT, State.UNCONFIRMED)
_PLACES: dict[str, ColumnElement[bool]] = {
    "answered": and_(_in(State.ANSWERED, State.REFUSED), ~_DUE, exchange.c.answer_id.is_not(None)),
    "held": and_(_in(State.HELD, State.UNCHECKED), _DUE, ~_OPEN.exists()),
    "in_flight": and_(_in(State.IN_FLIGHT), _DUE, _OPEN.exists()),
    "awaiting": case(
        (_in(State.UNCONFIRMED), and_(_DUE, ~_OPEN.exists())),
        else_=and_(_in(State.AWAITING_CORRECTION, State.QUEUED, State.PARTIAL), ~_DUE),
    ),
    "cancelled": and_(_in(*WITHDRAWN), ~_DUE),
    "dead": and_(_in(State.GIVEN_UP), ~_DUE, ~_OPEN.exists()),
}
_PLACE = case(*((condition, name) for name, condition in _PLACES.items()), else_="astray")
