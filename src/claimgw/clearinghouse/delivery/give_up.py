"""When is a message tried no more, and who is told? A dead letter is kept, and may still be answered."""

from collections.abc import Sequence
from datetime import timedelta

import structlog

from claimgw.access.participants import Mode, Participant
from claimgw.clearinghouse.answer import own
from claimgw.clearinghouse.delivery.hours import patience_from
from claimgw.clearinghouse.delivery.outcomes import MEANING, Heard
from claimgw.clearinghouse.delivery.policy import never_arrived, suspected
from claimgw.clearinghouse.forms import form_of
from claimgw.clearinghouse.parts import Parts
from claimgw.clearinghouse.record import deposit, keep_own, remember
from claimgw.clearinghouse.words import given_up, lasting, not_delivered
from claimgw.errors import Conflict
from claimgw.messages.envelope import Envelope, read
from claimgw.messages.events import EVENTS
from claimgw.messages.identifiers import GATEWAY
from claimgw.store import Unit, attempts, exchanges, messages, overdue, redrives, statements
from claimgw.store.records import Attempt, Author, Exchange, State

_log = structlog.get_logger(__name__)

# One lane gives up so many in one go; the rest of it is next.
_AT_ONCE = 50
_ANSWERS = [outcome.value for outcome, meaning in MEANING.items() if meaning.heard is Heard.ANSWER]


async def give_up_old(parts: Parts) -> bool:
    """Give up what has waited for longer than is set for its insurer; whether more of it may be left."""
    registry, now = await parts.registry.current(), parts.clock.now()
    # What goes by hand waits for a person, and nobody here knows what has arrived.
    patience = {
        licence: parts.schedule_of(insurer).give_up_seconds
        for licence, insurer in registry.participants.items()
        if insurer.settings.mode is Mode.ONLINE
    }
    least = min((parts.schedule.give_up_seconds, *patience.values()))
    async with parts.database.read() as unit:
        lanes = patience.keys() & await overdue.lanes_waiting_since(unit, now - timedelta(seconds=least))
    more = False
    for lane in lanes:
        seconds, insurer = patience[lane], registry.participants[lane]
        since = patience_from(insurer.settings.hours, now, seconds)
        async with parts.database.read() as unit:
            old = await overdue.waiting_since(unit, lane, since, _AT_ONCE)
        more = more or len(old) == _AT_ONCE
        for exchange in old:
            await _give_up_one(parts, exchange, insurer, f"after {lasting(seconds)}")
    return more


async def _give_up_one(parts: Parts, exchange: Exchange, insurer: Participant | None, why: str) -> None:
    try:
        async with parts.database.write() as unit:
            made = await attempts.of_exchange(unit, exchange.id)
            await _give_up(parts, unit, exchange, made, insurer, why)
    except Conflict:
        return  # it has just been answered, cancelled or taken up
    parts.wake()


async def set_aside(
    parts: Parts, unit: Unit, exchange: Exchange, made: Sequence[Attempt], insurer: Participant | None
) -> bool:
    """Give up a message that fails again and again while others get through; False: it may be tried.

    `made` are its attempts so far, all of them closed. Raises Conflict if somebody was faster.
    """
    schedule = parts.schedule_of(insurer)
    if suspected(made, schedule) is None:
        return False
    # What an operator sends again has all its tries anew.
    if (again := await redrives.last_of(unit, exchange.id)) is not None:
        window = suspected([one for one in made if one.opened_at >= again], schedule)
    else:
        window = suspected(made, schedule)
    if window is None or not await overdue.others_through(unit, exchange, _ANSWERS, *window):
        return False
    why = f"after {len(made)} tries, while others got through"
    await _give_up(parts, unit, exchange, made, insurer, why)
    return True


async def _give_up(
    parts: Parts,
    unit: Unit,
    exchange: Exchange,
    made: Sequence[Attempt],
    insurer: Participant | None,
    why: str,
) -> None:
    """If no attempt can have arrived its provider hears so by poll; otherwise nobody knows (0.3 item 12a)."""
    now, lost = parts.clock.now(), never_arrived(made)
    answer_id, author, mailed = exchange.answer_id, exchange.answered_by, exchange.mailed
    if lost and _is_told(exchange) and not await _was_told(unit, exchange):
        name = insurer.name if insurer else exchange.insurer
        request = read(await messages.content(unit, exchange.id) or b"")
        assert isinstance(request, Envelope), "a request on record is no message any more"
        assert request.event is not None
        said = own(form_of(request.event).refused(request, parts.stamp(now), [not_delivered(name)]))
        row = await keep_own(unit, said, exchange, now)
        await remember(unit, said, row.id, exchange)
        await deposit(unit, exchange, row, now)
        answer_id, author, mailed = row.id, Author.GATEWAY, exchange.mailed_once_more
    await exchanges.change(
        unit,
        exchange,
        state=State.GIVEN_UP,
        reason=given_up(why, exchange.reason, lost=lost),
        due_at=None,
        changed_at=now,
        waiting=False,
        mailed=mailed,
        answer_id=answer_id,
        answered_by=author,
    )
    _log.warning(
        "a message is given up",
        action="give up",
        exchange=exchange.id,
        insurer=exchange.insurer,
        why=why,
        lost=lost,
    )


async def _was_told(unit: Unit, exchange: Exchange) -> bool:
    """Whether its provider heard it when it was given up before; an operator had it sent again since."""
    said = (await statements.of_exchanges(unit, [exchange.id])).get(exchange.id, [])
    return any(one.said.by_gateway and one.said.outcome == "error" for one in said)


def _is_told(exchange: Exchange) -> bool:
    """Not of what is never polled, nor over an answer of the insurer's."""
    reply = EVENTS.get(EVENTS[exchange.event].reply or "")
    polled = reply is not None and reply.deferrable and exchange.provider != str(GATEWAY)
    return polled and exchange.answered_by is not Author.INSURER
