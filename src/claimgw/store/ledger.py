"""Do the books balance? Every accepted request stands in one place, and its rows agree that it does."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, case, exists, func, select

from claimgw.messages.identifiers import LicenceKind
from claimgw.store.database import Unit
from claimgw.store.records import WITHDRAWN, State
from claimgw.store.tables import arrival, attempt, exchange, mailbox


@dataclass(frozen=True, slots=True)
class Ledger:
    """How many requests of providers were accepted, and where each of them stands, in one snapshot.

    `accepted` counts what was taken in; the others count what state, attempts, due times and answers say
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
    def balances(self) -> bool:
        """Whether each accepted request was found in one of its places."""
        moving = self.held + self.in_flight + self.awaiting
        placed = self.answered + moving + self.cancelled + self.dead
        return self.astray == 0 and self.accepted == placed


async def ledger(unit: Unit) -> Ledger:
    """The whole of it: it reads every exchange, so it is for checks and reports, not for every request."""
    place = case(*((condition, name) for name, condition in _PLACES.items()), else_="astray")
    query = (
        select(place, func.count())
        .select_from(exchange)
        .where(exchange.c.provider.like(f"{LicenceKind.PROVIDER}:%"), ~_REFUSED)
        .group_by(place)
    )
    placed: dict[str, int] = {row[0]: row[1] for row in await unit.execute(query)}
    accepted = await unit.scalar(
        select(func.count())
        .select_from(arrival)
        .join(exchange, exchange.c.id == arrival.c.message_id)
        .where(~_REFUSED)
    )
    return Ledger(accepted=accepted or 0, **placed)


def _in(*states: State) -> ColumnElement[bool]:
    return exchange.c.state.in_([state.value for state in states])


_OPEN = select(attempt.c.id).where(attempt.c.exchange_id == exchange.c.id, attempt.c.closed_at.is_(None))
_DUE = exchange.c.due_at.is_not(None)
_GIVEN = exists().where(mailbox.c.message_id == exchange.c.answer_id)
# A large claim is refused after it was accepted: then the refusal is an answer, and waits in the mailbox.
_REFUSED = and_(_in(State.REFUSED), ~_GIVEN)
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
