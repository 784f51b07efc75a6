"""What would become of a request that an operator has sent again, and how is that done and stopped?

Always the same bytes under the same MessageHeader.id, through the insurer's lane like everything else.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from claimgw.clearinghouse.delivery.policy import never_arrived
from claimgw.clock import Clock
from claimgw.errors import ConfigurationError, Conflict
from claimgw.ids import new_id
from claimgw.store import Database, Unit, attempts, exchanges, letters, redrives
from claimgw.store.letters import Selection
from claimgw.store.records import Attempt, Exchange, State
from claimgw.store.redrives import Kind, Redrive, Redriven

# So many at once, unless somebody says how many.
AT_MOST = 100
LARGEST = 10_000
_STEP = 50
_TRIES = 20


class Fate(StrEnum):
    """What would become of one request."""

    AGAIN = "again"
    SOONER = "sooner"
    ANSWERED = "answered"
    WITH_INSURER = "with-insurer"
    WITHDRAWN = "withdrawn"
    REFUSED = "refused"
    UNCHECKED = "unchecked"
    UNDER_WAY = "under-way"
    ELSEWHERE = "elsewhere"
    GONE = "gone"
    UNKNOWN = "unknown"


# As people read it.
FATES = {
    Fate.AGAIN: "is sent again, under the same MessageHeader.id",
    Fate.SOONER: "waits anyway; its next attempt is made now, under the same MessageHeader.id",
    Fate.ANSWERED: "not sent: it is answered",
    Fate.WITH_INSURER: "not sent: the insurer has it, and has said so",
    Fate.WITHDRAWN: "not sent: its provider took it back",
    Fate.REFUSED: "not sent: our own check refused it",
    Fate.UNCHECKED: "not sent: it is large, and checked first",
    Fate.UNDER_WAY: "not sent: an attempt at it is open",
    Fate.ELSEWHERE: "not sent: it is for another insurer",
    Fate.GONE: "not sent: its bytes are no longer kept",
    Fate.UNKNOWN: "not sent: there is no such request",
}
_SENT = frozenset({Fate.AGAIN, Fate.SOONER})
_BY_STATE = {
    State.ANSWERED: Fate.ANSWERED,
    State.QUEUED: Fate.WITH_INSURER,
    State.PARTIAL: Fate.WITH_INSURER,
    State.CANCELLED: Fate.WITHDRAWN,
    State.NULLIFIED: Fate.WITHDRAWN,
    State.REFUSED: Fate.REFUSED,
    State.UNCHECKED: Fate.UNCHECKED,
    State.IN_FLIGHT: Fate.UNDER_WAY,
    State.HELD: Fate.SOONER,
    State.UNCONFIRMED: Fate.SOONER,
    State.GIVEN_UP: Fate.AGAIN,
    State.AWAITING_CORRECTION: Fate.AGAIN,
}


@dataclass(frozen=True, slots=True)
class Prospect:
    """One request that was chosen, and what becomes of it. `exchange` None: there is none."""

    exchange_id: str
    fate: Fate
    exchange: Exchange | None = None

    @property
    def sent(self) -> bool:
        return self.fate in _SENT


@dataclass(frozen=True, slots=True)
class Choice:
    """What of one insurer's queue: by `ids`, or else by a selection that says something; the oldest first."""

    insurer: str
    ids: Sequence[str] = ()
    selection: Selection = field(default_factory=Selection)
    at_most: int = AT_MOST

    @property
    def in_words(self) -> str:
        """By what, without anything of a message."""
        if self.ids:
            return f"{len(self.ids)} by their ids"
        by = self.selection
        told = [f"state {', '.join(state.value for state in by.states)}"] if by.states else []
        told += [f"event {by.event}"] if by.event else []
        told += [f"accepted from {by.since:%Y-%m-%d %H:%M}"] if by.since else []
        told += [f"accepted to {by.until:%Y-%m-%d %H:%M}"] if by.until else []
        told += [f"last try {by.outcome}"] if by.outcome else []
        return "; ".join([*told, f"at most {self.at_most}"])


@dataclass(frozen=True, slots=True)
class Redriving:
    """What became of an order, or would. `more`: the selection finds more than were asked for."""

    prospects: Sequence[Prospect]
    more: bool
    order: Redrive | None = None

    @property
    def sent(self) -> int:
        return sum(one.sent for one in self.prospects)


def fate_of(exchange: Exchange | None, insurer: str, made: Sequence[Attempt], *, kept: bool) -> Fate:
    """Whether it may be sent again. `made` are its attempts so far; `kept`: its bytes are there. Pure."""
    if exchange is None:
        return Fate.UNKNOWN
    if exchange.insurer != insurer:
        return Fate.ELSEWHERE
    able = _BY_STATE[exchange.state]
    if able not in _SENT:
        return able
    if any(one.closed_at is None for one in made):
        return Fate.UNDER_WAY
    return able if kept else Fate.GONE


def _steps(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[at : at + _STEP] for at in range(0, len(ids), _STEP))


async def foresee(database: Database, choice: Choice) -> Redriving:
    """What would become of each, as things are now; nothing is changed. Raises ConfigurationError."""
    async with database.read() as unit:
        ids, more = await _chosen(unit, choice)
        prospects = [one for some in _steps(ids) for one, _ in await _look(unit, choice, some)]
    return Redriving(prospects, more)


async def resend(database: Database, clock: Clock, choice: Choice, by: str, reason: str) -> Redriving:
    """Put what may be sent again into its lane, in steps; who did it and why is kept with each of them.

    Raises ConfigurationError for a choice that chooses nothing, or more than was allowed.
    """
    foreseen = await foresee(database, choice)
    if not reason.strip():
        raise ConfigurationError("say why it is sent again: it is kept with each of them")
    if not foreseen.sent:
        return foreseen
    now = clock.now()
    order = Redrive(new_id(now), Kind.RESEND, choice.insurer, choice.in_words, now, by, reason)
    async with database.write() as unit:
        redrives.begin(unit, order)
    done: list[Prospect] = []
    for some in _steps([one.exchange_id for one in foreseen.prospects]):
        step = await _step(database, choice, order, some, clock.now())
        if step is None:
            break
        done += step
    return Redriving(done, foreseen.more, order)


async def stop(database: Database, insurer: str, by: str, now: datetime) -> int:
    """Take back what waits of all that was sent again there; how many that were.

    Each stands again as it did before. What waited by itself already, and was tried since, waits on.
    """
    async with database.read() as unit:
        going = await redrives.going(unit, insurer)
    back = 0
    for order in going:
        try:
            async with database.write() as unit:
                redrives.stop(unit, order, now, by)
        except Conflict:
            continue  # another operator was faster
        last: str | None = ""
        while last is not None:
            last, count = await _step_back(database, order, last, now)
            back += count
    return back


async def _chosen(unit: Unit, choice: Choice) -> tuple[list[str], bool]:
    """The ids, and whether there are more than were asked for."""
    if not 1 <= choice.at_most <= LARGEST:
        raise ConfigurationError(f"at most: a number from 1 to {LARGEST}")
    if choice.ids:
        ids = list(dict.fromkeys(choice.ids))
        if len(ids) > choice.at_most:
            raise ConfigurationError(
                f"{len(ids)} are chosen, and at most {choice.at_most} are allowed; say --at-most {len(ids)}"
            )
        return ids, False
    by = choice.selection
    if not (by.states or by.event or by.since or by.until or by.outcome):
        raise ConfigurationError(
            "that would be everything; add what of it: --state, --event, --from, --to, --outcome, or ids"
        )
    found = await letters.oldest(unit, by, choice.at_most + 1)
    return [one.id for one in found[: choice.at_most]], len(found) > choice.at_most


async def _look(unit: Unit, choice: Choice, ids: Sequence[str]) -> list[tuple[Prospect, Sequence[Attempt]]]:
    found = {one.id: one for one in await exchanges.find_all(unit, ids)}
    made = await attempts.of_exchanges(unit, ids)
    kept = await letters.with_bytes(unit, ids)
    told: list[tuple[Prospect, Sequence[Attempt]]] = []
    for one in ids:
        tries: Sequence[Attempt] = made.get(one, [])
        fate = fate_of(found.get(one), choice.insurer, tries, kept=one in kept)
        told.append((Prospect(one, fate, found.get(one)), tries))
    return told


async def _step(
    database: Database, choice: Choice, order: Redrive, ids: Sequence[str], now: datetime
) -> list[Prospect] | None:
    """A few of them in one commit; None if the order was stopped."""
    for _ in range(_TRIES):
        try:
            async with database.write() as unit:
                if await redrives.is_stopped(unit, order.id):
                    return None
                looked = await _look(unit, choice, ids)
                members = [
                    await _send(unit, order, prospect.exchange, tries, now)
                    for prospect, tries in looked
                    if prospect.sent and prospect.exchange is not None
                ]
                redrives.add(unit, order, members)
        except Conflict:
            continue
        return [prospect for prospect, _ in looked]
    raise Conflict("these requests change faster than they can be read")


async def _send(
    unit: Unit, order: Redrive, read: Exchange, tries: Sequence[Attempt], now: datetime
) -> Redriven:
    """It is due now, and waits as what it is: not with the insurer, or perhaps."""
    state = read.state
    if state in (State.GIVEN_UP, State.AWAITING_CORRECTION):
        state = State.HELD if never_arrived(tries) else State.UNCONFIRMED
    await exchanges.change(
        unit,
        read,
        state=state,
        reason="sent again by an operator",
        due_at=now,
        changed_at=now,
    )
    return Redriven(order.id, read.id, now, read.state, read.reason, read.due_at, len(tries))


async def _step_back(database: Database, order: Redrive, after: str, now: datetime) -> tuple[str | None, int]:
    """A few of what waits, in one commit: the last of them, None if there is no more, and how many."""
    for _ in range(_TRIES):
        try:
            async with database.write() as unit:
                members = await redrives.waiting(unit, order.id, _STEP, after)
                done = [await _take_back(unit, *member, now) for member in members]
        except Conflict:
            continue  # one has just been taken up, or answered
        return (members[-1][1].id if members else None), sum(done)
    raise Conflict("these requests change faster than they can be read")


async def _take_back(unit: Unit, before: Redriven, read: Exchange, now: datetime) -> bool:
    untried = read.due_at == before.at and read.changed_at == before.at
    if before.state in (State.HELD, State.UNCONFIRMED) and not untried:
        return False
    await exchanges.change(
        unit,
        read,
        state=before.state,
        reason=before.reason if untried else f"sending it again was stopped; {read.reason}",
        due_at=before.due_at,
        changed_at=now,
    )
    return True
