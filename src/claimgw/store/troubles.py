"""Which figures say that something is wrong? Each is read from an index, whatever waits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ScalarSelect, Select, and_, func, literal, literal_column, or_, select

from claimgw.messages.identifiers import LicenceKind
from claimgw.store.database import Unit
from claimgw.store.lines import standing_at
from claimgw.store.mailbox import WAITING
from claimgw.store.records import Author, Message, State
from claimgw.store.tables import attempt, exchange, mailbox, participant, refused_answer

# Beyond it nobody counts: the sentence is the same, and the database is spared.
MOST_COUNTED = 100_000
# So many unusable answers are looked at for what is wrong with them.
_LOOKED_AT = 200
_LONGEST_LIST = 250
_WAIT = (State.HELD, State.UNCONFIRMED)
# As `lines.standing_at`: words that a partial index understands.
_BY_INSURER = exchange.c.answered_by == literal_column(f"'{Author.INSURER}'")
# Not the column alone: SQLite would then read all of that time by its index, once for each insurer.
_changed = func.coalesce(exchange.c.changed_at, exchange.c.created_at)


@dataclass(frozen=True, slots=True)
class Unusable:
    """How many answers of one insurer could not be used of late, and how many could, up to a limit."""

    insurer: str
    unusable: int
    usable: int


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """How many messages to one insurer were given up in all, and when the last was."""

    insurer: str
    count: int
    newest: datetime


async def waiting(unit: Unit, insurer: str) -> int:
    """How many messages wait for an insurer, be it for their first attempt or for another."""
    waits = (
        select(literal(1).label("one"))
        .where(exchange.c.insurer == insurer, or_(*(and_(*standing_at(state)) for state in _WAIT)))
        .limit(MOST_COUNTED)
        .subquery()
    )
    return await unit.scalar(select(func.count()).select_from(waits)) or 0


def note_refused(unit: Unit, message: Message, codes: Sequence[str]) -> None:
    """An insurer sent an answer by itself that cannot be used; of its codes those are kept that fit."""
    listed = ", ".join(codes)
    if len(listed) > _LONGEST_LIST:
        listed = listed[:_LONGEST_LIST].rpartition(", ")[0]
    values = {"insurer": message.sender, "refused_at": message.received_at, "codes": listed}
    unit.put(refused_answer, [{"message_id": message.id, **values}])


async def unusable_answers(unit: Unit, since: datetime, share: float) -> list[Unusable]:
    """The insurers that gave answers since then which could not be used, in a session or by themselves.

    What could be used is counted so far only as it takes to know whether the others are that share.
    """
    bad = select(literal(1).label("one")).where(
        exchange.c.insurer == participant.c.licence,
        *standing_at(State.AWAITING_CORRECTION),
        _changed > since,
    )
    refused = select(literal(1).label("one")).where(
        refused_answer.c.insurer == participant.c.licence, refused_answer.c.refused_at > since
    )
    rows = await unit.execute(
        select(participant.c.licence, _counted(bad), _counted(refused)).where(
            participant.c.licence.like(f"{LicenceKind.PAYER}:%")
        )
    )
    unusable = {licence: in_session + by_itself for licence, in_session, by_itself in rows}
    return [
        Unusable(licence, count, await _usable(unit, licence, since, int(count / share) + 1))
        for licence, count in unusable.items()
        if count
    ]


def _counted(some: Select[int]) -> ScalarSelect[int]:
    """How many they are, of each participant."""
    limited = some.limit(MOST_COUNTED).correlate(participant).subquery()
    return select(func.count()).select_from(limited).correlate(participant).scalar_subquery()


async def usable(unit: Unit, insurer: str, since: datetime) -> bool:
    """Whether it gave an answer since then that could be used."""
    return await _usable(unit, insurer, since, 1) > 0


async def endings_of_unusable(unit: Unit, insurer: str, since: datetime) -> list[tuple[str, str]]:
    """Outcome and detail of the last attempts there whose answers could not be used."""
    rows = await unit.execute(
        select(attempt.c.outcome, attempt.c.detail)
        .join(exchange, exchange.c.id == attempt.c.exchange_id)
        .where(
            exchange.c.insurer == insurer,
            *standing_at(State.AWAITING_CORRECTION),
            _changed > since,
            attempt.c.outcome.is_not(None),
        )
        .order_by(exchange.c.created_at.desc(), attempt.c.number.desc())
        .limit(_LOOKED_AT)
    )
    return [(outcome, detail) for outcome, detail in rows]


async def codes_of_refused(unit: Unit, insurer: str, since: datetime) -> list[str]:
    """What was found in the last answers that it sent by itself and that could not be used; each a list."""
    rows = await unit.scalars(
        select(refused_answer.c.codes)
        .where(refused_answer.c.insurer == insurer, refused_answer.c.refused_at > since)
        .order_by(refused_answer.c.refused_at.desc())
        .limit(_LOOKED_AT)
    )
    return list(rows)


async def dead_letters(unit: Unit) -> list[DeadLetters]:
    """By insurer."""
    dead = (exchange.c.insurer == participant.c.licence, *standing_at(State.GIVEN_UP))
    newest = select(exchange.c.changed_at).where(*dead).order_by(exchange.c.changed_at.desc()).limit(1)
    count = _counted(select(literal(1).label("one")).where(*dead))
    last = newest.correlate(participant).scalar_subquery()
    rows = await unit.execute(
        select(participant.c.licence, count, last).where(
            participant.c.licence.like(f"{LicenceKind.PAYER}:%"), last.is_not(None)
        )
    )
    return [DeadLetters(insurer, count, newest) for insurer, count, newest in rows]


async def oldest_waiting(unit: Unit, before: datetime) -> list[tuple[str, datetime]]:
    """Provider and time of the oldest message that nobody has fetched, where that is before then."""
    oldest = (
        select(mailbox.c.queued_at)
        .where(mailbox.c.provider == participant.c.licence, WAITING)
        .order_by(mailbox.c.queued_at)
        .limit(1)
        .correlate(participant)
        .scalar_subquery()
    )
    rows = await unit.execute(
        select(participant.c.licence, oldest.label("oldest")).where(
            participant.c.licence.like(f"{LicenceKind.PROVIDER}:%"), oldest <= before
        )
    )
    return [(provider, since) for provider, since in rows]


async def _usable(unit: Unit, insurer: str, since: datetime, most: int) -> int:
    good = (
        select(literal(1).label("one"))
        .where(exchange.c.insurer == insurer, _BY_INSURER, exchange.c.changed_at > since)
        .limit(most)
        .subquery()
    )
    return await unit.scalar(select(func.count()).select_from(good)) or 0
