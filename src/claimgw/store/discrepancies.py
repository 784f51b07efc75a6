"""Which rows contradict each other? Each is needed by another: what is missing or double is found."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, literal, null, or_, select

from claimgw.messages.events import EVENTS, Leg, Way
from claimgw.messages.identifiers import LicenceKind
from claimgw.store.database import Unit
from claimgw.store.records import Author
from claimgw.store.tables import (
    arrival,
    attempt,
    body,
    body_gone,
    exchange,
    mailbox,
    message,
    poll_item,
    statement,
)

# Requests that become an exchange; batches and polls are answered at once and have none.
REQUESTS = sorted(
    event.code
    for event in EVENTS.values()
    if event.leg is Leg.REQUEST and (event.way is Way.INSURER or event.code == "payment-notice")
)
# What insurers begin by themselves: it waits in a mailbox though nobody has asked.
_BEGUN = sorted(
    event.code for event in EVENTS.values() if event.leg is Leg.NOTICE and event.sender is LicenceKind.PAYER
)
# Answers with a focus of their own; an acknowledgement states nothing.
_STATING = sorted(event.code for event in EVENTS.values() if event.reply and event.leg is Leg.REQUEST)
_OURS = f"{LicenceKind.GATEWAY}:%"
_ABANDONED = "abandoned"


@dataclass(frozen=True, slots=True)
class Difference:
    """Rows of one table that contradict others. `ids`: the first of them. `insurer`: None: nobody knows."""

    table: str
    says: str
    insurer: str | None
    count: int
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Check:
    """`query` finds the insurer and the id of what contradicts; nothing, in sound books."""

    table: str
    says: str
    query: Select[Any]


async def differences(unit: Unit, insurer: str | None, most: int) -> list[Difference]:
    """What the checks find, one by one, with at most so many ids each; `insurer`: of that one alone."""
    found = []
    for check in CHECKS:
        wrong = check.query.subquery()
        who, which = wrong.c
        query = select(who, func.count()).group_by(who)
        if insurer is not None:
            query = query.where(who == insurer)
        for licence, count in (await unit.execute(query)).all():
            some = select(which).where(who.is_not_distinct_from(licence)).order_by(which).limit(most)
            ids = tuple(str(one) for one in await unit.scalars(some))
            found.append(Difference(check.table, check.says, licence, count, ids))
    return found


def _insurer(of: Any) -> ColumnElement[Any]:
    """Whichever party of a message is an insurer."""
    payer = f"{LicenceKind.PAYER}:%"
    return case(
        (of.c.sender.like(payer), of.c.sender), (of.c.receiver.like(payer), of.c.receiver), else_=null()
    )


def _none(*where: ColumnElement[bool]) -> ColumnElement[bool]:
    return ~exists(select(literal(1)).where(*where))


def _orphans(table: Any, names: str) -> Select[Any]:
    """Rows that name a message that is not there."""
    named = table.c[names]
    return select(null(), named).where(named.is_not(None), _none(message.c.id == named))


def _in_order(table: Any, of: str) -> Select[Any]:
    """Positions begin with 0 and have no gap."""
    owner = table.c[of]
    return select(null(), owner).group_by(owner).having(func.count() != func.max(table.c.position) + 1)


_posted = and_(
    message.c.replies_to.is_(None),
    message.c.sender.not_like(_OURS),
    message.c.bundle_id != "",
    message.c.header_id != "",
)
# What has no standing has no arrival of its own: its ids belong to another message, or what it is about does.
_reply = message.alias("reply")
_unannounced = and_(
    _none(arrival.c.sender == message.c.sender, arrival.c.bundle_id == message.c.bundle_id),
    _none(arrival.c.sender == message.c.sender, arrival.c.header_id == message.c.header_id),
    or_(
        message.c.event.not_in(REQUESTS),
        ~_none(exchange.c.id == message.c.id),
        _none(_reply.c.replies_to == message.c.id),
    ),
)
_announced = exists(
    select(literal(1)).where(
        arrival.c.sender == message.c.sender,
        arrival.c.bundle_id == message.c.bundle_id,
        arrival.c.message_id == message.c.id,
    )
)
_made = (
    select(attempt.c.exchange_id, func.count().label("count"), func.max(attempt.c.number).label("last"))
    .group_by(attempt.c.exchange_id)
    .subquery()
)
_mailed = (
    select(message.c.exchange_id, func.count().label("count"))
    .join(mailbox, mailbox.c.message_id == message.c.id)
    .where(message.c.exchange_id.is_not(None), mailbox.c.event.not_in(_BEGUN))
    .group_by(message.c.exchange_id)
    .subquery()
)
_offered = (
    select(poll_item.c.message_id, func.count().label("count")).group_by(poll_item.c.message_id).subquery()
)
_first = statement.c.position == 0

CHECKS: Sequence[Check] = (
    *(
        Check("message", f"named by {table.name}, and not there", _orphans(table, names))
        for table, names in (
            (body, "message_id"),
            (arrival, "message_id"),
            (exchange, "id"),
            (exchange, "answer_id"),
            (attempt, "answer_id"),
            (mailbox, "message_id"),
            (statement, "message_id"),
        )
    ),
    Check(
        "body",
        "a message without its bytes, though nobody deleted them",
        select(_insurer(message), message.c.id).where(
            _none(body.c.message_id == message.c.id), _none(body_gone.c.message_id == message.c.id)
        ),
    ),
    Check(
        "body",
        "there, though it was deleted",
        select(_insurer(message), message.c.id)
        .join(body_gone, body_gone.c.message_id == message.c.id)
        .join(body, body.c.message_id == message.c.id),
    ),
    Check(
        "arrival",
        "a message was posted, and its ids are not noted as used",
        select(_insurer(message), message.c.id).where(_posted, _unannounced),
    ),
    Check(
        "arrival",
        "notes other ids than its message has",
        select(_insurer(message), message.c.id)
        .join(arrival, arrival.c.message_id == message.c.id)
        .where(
            or_(
                arrival.c.sender != message.c.sender,
                arrival.c.bundle_id != message.c.bundle_id,
                arrival.c.header_id != message.c.header_id,
            )
        ),
    ),
    Check(
        "exchange",
        "a request was recorded, and stands nowhere",
        select(_insurer(message), message.c.id).where(
            or_(
                and_(message.c.event.in_(REQUESTS), _posted, _announced),
                and_(message.c.event == "error-notice", message.c.sender.like(_OURS)),
            ),
            _none(exchange.c.id == message.c.id),
        ),
    ),
    Check(
        "exchange",
        "stands for a message that is no such request",
        select(exchange.c.insurer, exchange.c.id)
        .join(message, message.c.id == exchange.c.id)
        .where(or_(message.c.event != exchange.c.event, message.c.sender != exchange.c.provider)),
    ),
    Check(
        "exchange",
        "not there, though an attempt was made for it",
        select(null(), attempt.c.exchange_id).where(_none(exchange.c.id == attempt.c.exchange_id)),
    ),
    Check(
        "attempt",
        "not as many as the exchange counts",
        select(exchange.c.insurer, exchange.c.id)
        .outerjoin(_made, _made.c.exchange_id == exchange.c.id)
        .where(
            or_(
                func.coalesce(_made.c.count, 0) != func.coalesce(_made.c.last, 0),
                func.coalesce(_made.c.count, 0) != exchange.c.tries,
            )
        ),
    ),
    Check(
        "mailbox",
        "not as many answers as the exchange counts",
        select(exchange.c.insurer, exchange.c.id)
        .outerjoin(_mailed, _mailed.c.exchange_id == exchange.c.id)
        .where(func.coalesce(_mailed.c.count, 0) != exchange.c.mailed),
    ),
    Check(
        "mailbox",
        "an insurer's message was taken, and waits for nobody",
        select(statement.c.insurer, statement.c.message_id).where(
            _first,
            statement.c.exchange_id.is_(None),
            _none(mailbox.c.message_id == statement.c.message_id),
        ),
    ),
    Check(
        "mailbox",
        "waits for another than it is addressed to",
        select(_insurer(message), message.c.id)
        .join(mailbox, mailbox.c.message_id == message.c.id)
        .where(or_(mailbox.c.provider != message.c.receiver, mailbox.c.event != message.c.event)),
    ),
    Check(
        "poll_item",
        "not as many polls had it as its mailbox counts",
        select(null(), mailbox.c.message_id)
        .outerjoin(_offered, _offered.c.message_id == mailbox.c.message_id)
        .where(func.coalesce(_offered.c.count, 0) != mailbox.c.offers),
    ),
    Check("poll_item", "a place in the answer to a poll is empty", _in_order(poll_item, "poll_id")),
    Check("statement", "a part of what a message states is missing", _in_order(statement, "message_id")),
    Check(
        "statement",
        "an answer waits, or was fetched, and nothing is noted of what it states",
        select(_insurer(message), message.c.id)
        .join(mailbox, mailbox.c.message_id == message.c.id)
        .where(_none(statement.c.message_id == message.c.id, _first)),
    ),
    Check(
        "statement",
        "an insurer has answered, and nothing is noted of what it states",
        select(exchange.c.insurer, exchange.c.id).where(
            exchange.c.answered_by == Author.INSURER.value,
            exchange.c.event.in_(_STATING),
            exchange.c.event != "communication",
            _none(statement.c.message_id == exchange.c.answer_id, _first),
            # What comes after its node died is kept, and nobody was told of it.
            _none(attempt.c.exchange_id == exchange.c.id, attempt.c.outcome == _ABANDONED),
        ),
    ),
    Check(
        "statement",
        "speaks of another message than its own",
        select(statement.c.insurer, statement.c.message_id)
        .join(message, message.c.id == statement.c.message_id)
        .where(
            or_(
                statement.c.event != message.c.event,
                and_(_first, statement.c.exchange_id != message.c.exchange_id),
                and_(_first, statement.c.exchange_id.is_not(None), message.c.exchange_id.is_(None)),
                and_(~_first, statement.c.exchange_id.is_not(None)),
            )
        ),
    ),
)
