"""How does a node make what is due in a lane its own? As much as fits in one commit, oldest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog

from claimgw.access.participants import LONGEST_ANSWER_SECONDS, Participant
from claimgw.clearinghouse.beside.heavy import is_heavy
from claimgw.clearinghouse.delivery.give_up import set_aside
from claimgw.clearinghouse.parts import Parts
from claimgw.errors import Conflict, StoreUnavailable
from claimgw.ids import new_id
from claimgw.messages.envelope import Envelope, read
from claimgw.store import Unit, attempts, exchanges, lanes, messages
from claimgw.store.database import take_turn
from claimgw.store.lanes import Front
from claimgw.store.records import Attempt, Exchange, State

_log = structlog.get_logger(__name__)

_SENT = frozenset({State.HELD, State.UNCONFIRMED})
# What is not to be sent takes nobody's place: so many of them are passed by.
_OTHERS = 4
# So often others may have been faster before the lane is left to them until the next look.
_MOST_REFUSED = 8


@dataclass(frozen=True, slots=True)
class Claimed:
    """An exchange this process has taken up, its request and the attempt that is open for it.

    A heavy request is not read here: its bytes.
    """

    exchange: Exchange
    request: Envelope | bytes
    attempt: Attempt


@dataclass(frozen=True, slots=True)
class Taken:
    """What is to be sent, and what is due for another reason: a lease that ended, a claim to look into."""

    claimed: Sequence[Claimed] = ()
    others: Sequence[Exchange] = ()


class _Stuck(Exception):
    """One exchange stops the commit of all."""

    def __init__(self, exchange: Exchange) -> None:
        super().__init__(exchange.id)
        self.exchange = exchange


async def take_up(parts: Parts, lane: str, insurer: Participant | None, room: int, *, at_once: int) -> Taken:
    """Open attempts for at most `room` exchanges, and so that no more than `at_once` are open from all nodes.

    All nodes take the oldest: of two that have seen the same places free one finds an exchange changed, and
    looks again, without a lock (decision 0031, also for when one more may go). What cannot be taken up is
    logged and left out. Raises StoreUnavailable.
    """
    left_out: set[str] = set()
    refused = 0
    while refused < _MOST_REFUSED:
        try:
            async with parts.database.write() as unit:
                if at_once == 1:
                    # Strictly one by one: not even what becomes due this moment may go beside another.
                    await take_turn(unit, f"lane {lane}")
                front = await _look(parts, unit, lane, room + _OTHERS + len(left_out))
                free = max(0, min(room, at_once - front.in_flight))
                sent = [one for one in front.due if one[0].state in _SENT and one[0].id not in left_out]
                opened = await _make_own(parts, unit, sent[:free], insurer)
        except _Stuck as stuck:
            left_out.add(stuck.exchange.id)
            _complain(stuck.exchange, stuck.__cause__)
        except Conflict:
            refused += 1  # somebody was faster
        else:
            others = [exchange for exchange, _ in front.due if exchange.state not in _SENT]
            return Taken(await _claimed(parts, opened), others)
    return Taken()  # others are at it; the next look tells what is left


async def _look(parts: Parts, unit: Unit, lane: str, most: int) -> Front:
    now = parts.clock.now()
    longest = timedelta(seconds=LONGEST_ANSWER_SECONDS + parts.limits.lease)
    return await lanes.front(unit, lane, now, now + longest, most)


async def _make_own(
    parts: Parts, unit: Unit, sent: Sequence[tuple[Exchange, int]], insurer: Participant | None
) -> list[tuple[Exchange, Attempt]]:
    """Those that have an attempt now. The unit raises Conflict if one was changed by another hand."""
    opened = []
    for exchange, made in sent:
        try:
            attempt = await _open(parts, unit, exchange, made, insurer)
        except (StoreUnavailable, Conflict):
            raise
        except Exception as fault:
            raise _Stuck(exchange) from fault
        if attempt is not None:
            opened.append(attempt)
    await attempts.open_attempts(unit, [attempt for _, attempt in opened])
    return opened


async def _claimed(parts: Parts, opened: Sequence[tuple[Exchange, Attempt]]) -> list[Claimed]:
    async with parts.database.read() as unit:
        raw = await messages.contents(unit, [exchange.id for exchange, _ in opened])
    return [one for each in opened if (one := _readable(parts, *each, raw)) is not None]


async def _open(
    parts: Parts, unit: Unit, exchange: Exchange, made: int, insurer: Participant | None
) -> tuple[Exchange, Attempt] | None:
    """None if it is tried no more. `made`: how many attempts there have been."""
    before = await attempts.of_exchange(unit, exchange.id) if made else []
    if await set_aside(parts, unit, exchange, before, insurer):
        return None
    now = parts.clock.now()
    answer_seconds = insurer.settings.answer_seconds if insurer else 0
    lease = timedelta(seconds=answer_seconds + parts.limits.lease)
    number = made + 1
    claimed = await exchanges.change(
        unit,
        exchange,
        state=State.IN_FLIGHT,
        due_at=now + lease,
        changed_at=now,
        waiting=False,
        tries=None if exchange.tries is None else number,
    )
    return claimed, Attempt(new_id(now), exchange.id, number, parts.node, now)


def _readable(parts: Parts, exchange: Exchange, attempt: Attempt, raw: dict[str, bytes]) -> Claimed | None:
    if parts.beside is not None and is_heavy(raw[exchange.id]):
        return Claimed(exchange, raw[exchange.id], attempt)
    try:
        request = read(raw[exchange.id])
        assert isinstance(request, Envelope), "a request on record is no message any more"
    except Exception as fault:
        _complain(exchange, fault)
        return None
    return Claimed(exchange, request, attempt)


def _complain(exchange: Exchange, fault: BaseException | None) -> None:
    """A bug met on one exchange must not stop all others. Its text may quote the message."""
    _log.error(
        "an exchange cannot be taken up",
        action="deliver",
        exchange=exchange.id,
        fault=type(fault).__name__,
    )
