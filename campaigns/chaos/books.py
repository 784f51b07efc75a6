"""Are the books right after a run? Every sentence given is a fault; none is the aim."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select

from campaigns.chaos.insurer import Office
from campaigns.chaos.provider import Provider, final_of
from claimgw.store.database import Database, Unit
from claimgw.store.ledger import ledger
from claimgw.store.tables import attempt, body, exchange, mailbox

# What a poll was given may be given again if it ended so short before a failure: nobody knew of it yet.
_UNKNOWN_SECONDS = 1.5


@dataclass(frozen=True, slots=True)
class Failed:
    """From when to when something was dead or failing, by this machine's watch."""

    since: float
    until: float


async def unsettled(database: Database, claims: int) -> list[str]:
    """What is still moving, or does not add up, of so many claims in all."""
    async with database.read() as unit:
        books = await ledger(unit)
        total = books.total
        still = {
            f"the ledger does not balance: {books.differences}": not books.balances,
            f"{total.accepted} claims were accepted, not {claims}": total.accepted != claims,
            f"{claims - total.answered} claims are not answered": total.answered != claims,
            "an attempt is open": await _count(unit, attempt.c.closed_at.is_(None)),
            "work is due": await _count(unit, exchange.c.due_at.is_not(None)),
            "a message waits": await _count(unit, mailbox.c.delivered_at.is_(None)),
        }
    return [sentence for sentence, wrong in still.items() if wrong]


async def _count(unit: Unit, where: ColumnElement[bool]) -> int:
    return int(await unit.scalar(select(func.count()).where(where)))


async def differing(
    database: Database, provider: Provider, office: Office, identifiers: Collection[str]
) -> list[str]:
    """Claims whose answer on record, answers told and deliveries are not one each."""
    query = (
        select(exchange.c.focal_value, body.c.content)
        .join(body, body.c.message_id == exchange.c.answer_id)
        .where(exchange.c.focal_value.in_(identifiers))
    )
    async with database.read() as unit:
        kept = {value: final_of(content) for value, content in await unit.execute(query)}
    return [
        f"{identifier}: {sentence}"
        for identifier in identifiers
        for sentence, wrong in {
            "there is no answer on record": identifier not in kept,
            "several answers were told": len(provider.finals[identifier]) > 1,
            "what was told is not what is on record": {kept.get(identifier)} != provider.finals[identifier],
            "it was not granted": any(final.outcome != "complete" for final in provider.finals[identifier]),
            "the insurer never had it": not office.seen[identifier],
            "the insurer had it under several ids": len(office.seen[identifier]) > 1,
        }.items()
        if wrong
    ]


def polled_twice(
    provider: Provider, failures: Collection[Failed], lease: float
) -> Iterator[tuple[str, bool]]:
    """Each message that came by several polls, and whether that is excused: by a failure, or by a machine so
    slow that the lease of the first poll was over before it was answered.
    """
    for message, polls in provider.polled.items():
        for before in polls[:-1]:
            unknown = any(one.since - _UNKNOWN_SECONDS <= before.ended <= one.until for one in failures)
            yield message, unknown or before.ended - before.began > lease
