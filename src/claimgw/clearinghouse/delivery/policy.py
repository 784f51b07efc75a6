"""What follows from an ending: which state, when again, what is the provider told? Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never

from claimgw.access.policy import Delivery
from claimgw.clearinghouse.delivery.outcomes import MEANING, Again, Arrived, Heard, Outcome
from claimgw.store.records import WITHDRAWN, Attempt, State


@dataclass(frozen=True, slots=True)
class Schedule:
    """Waits between attempts, in seconds; the last one repeats. `spread`: what jitter may add or take.

    `slow_seconds` is the least wait after what somebody has to mend. A message is given up
    `give_up_seconds` after it was accepted; after `most_tries` only if others of its insurer get through.
    """

    waits: tuple[float, ...] = (5, 15, 60, 300, 900)
    spread: float = 0.2
    longest_retry_after: float = 3600
    slow_seconds: float = 900
    give_up_seconds: float = 5 * 86_400
    most_tries: int = 20

    def of(self, own: Delivery) -> "Schedule":
        """This one, with what is said of one insurer laid over it."""
        given = {name: value for name, value in own if value is not None}
        return replace(self, **given) if given else self

    def wait(self, tries: int, retry_after: float | None, jitter: float, *, least: float = 0) -> float:
        """Seconds until the next attempt after `tries` attempts (1 or more). `jitter` is from 0 to 1.

        Jitter, because a thousand claims held by one outage must not come back in the same second.
        """
        planned = max(least, self.waits[min(tries, len(self.waits)) - 1])
        planned *= 1 + self.spread * (2 * jitter - 1)
        return max(planned, min(retry_after or 0, self.longest_retry_after))


# What an insurer that is not there, or has no time, does to every message: no fault of one.
_OF_THE_LANE = frozenset(
    {
        Outcome.REFUSED,
        Outcome.UNRESOLVED,
        Outcome.CONNECT_TIMEOUT,
        Outcome.TLS_FAULT,
        Outcome.PAUSED,
        Outcome.BUSY,
    }
)


def suspected(made: Sequence[Attempt], schedule: Schedule) -> tuple[datetime, datetime] | None:
    """From when to when others must have got through, for it to be the message's own fault; None: it is not.

    `made` are its attempts so far. Between the last two that may be its fault: not since the last one, for
    then the insurer may just be back.
    """
    failed = [one for one in made if one.outcome not in _OF_THE_LANE]
    if not failed or len(failed) < schedule.most_tries:
        return None
    return failed[-2:][0].opened_at, failed[-1].closed_at or failed[-1].opened_at


def never_arrived(made: Iterable[Attempt]) -> bool:
    """Whether none of these attempts can have reached the insurer; one that is open may have."""
    return all(
        one.outcome is not None and MEANING[Outcome(one.outcome)].arrived is Arrived.NO for one in made
    )


class Telling(StrEnum):
    """What the provider is given because of this ending, if it does not know it yet."""

    ANSWER = "answer"  # the insurer's own
    PENDED = "pended"  # ours: queued
    ERROR = "error"  # ours: GE-00026
    AWAY = "away"  # ours: GE-00012, to a message that may not wait
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Decision:
    """What settle carries out, all of it or nothing."""

    state: State
    due_at: datetime | None
    telling: Telling
    notice: bool


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a decision rests on. `tries` counts the attempts made, this one included; `grace` is in seconds.

    `own`: the message is the gateway's own, an error-notice, and no provider hears of it.
    `may_wait`: its event is stored for an insurer that is away. `mailed`: its answer may come later by poll.
    `place`: where it goes back to if its lane stands still as a whole: then no message waits for itself.
    """

    state: State
    own: bool
    may_wait: bool
    mailed: bool
    waiting: bool
    tries: int
    now: datetime
    grace: float
    retry_after: float | None
    jitter: float
    place: datetime | None = None


_STATE_AFTER = {
    Outcome.QUEUED: State.QUEUED,
    Outcome.PARTIAL: State.PARTIAL,
    Outcome.COMPLETE: State.ANSWERED,
    Outcome.ERROR: State.ANSWERED,
    Outcome.ACKNOWLEDGED: State.ANSWERED,
    Outcome.DECLINED: State.ANSWERED,
    Outcome.DUPLICATE: State.QUEUED,
}

# How far the insurer has come, as far as we know: a late message never takes an exchange back.
_RANK = {State.QUEUED: 1, State.PARTIAL: 2, State.ANSWERED: 3}


def decide(outcome: Outcome, given: Circumstances, schedule: Schedule) -> Decision:
    """What follows from the ending of an attempt."""
    meaning = MEANING[outcome]
    if given.state in WITHDRAWN:
        return _taken_back(outcome, given)
    if not given.may_wait:
        return _at_once(outcome, given)
    if given.state in _RANK and _RANK.get(_STATE_AFTER.get(outcome, State.HELD), 0) <= _RANK[given.state]:
        return _overtaken(outcome, given)
    if given.state in (State.AWAITING_CORRECTION, State.GIVEN_UP) and meaning.again is not Again.NEVER:
        # An earlier attempt was answered after its lease: the insurer has the request (spec 0.3 item 12a).
        # Or nobody tries any more.
        return _overtaken(outcome, given)
    telling = Telling.NOTHING if given.own else _telling(meaning.heard, given)
    match meaning.again:
        case Again.LATER | Again.SLOWLY if given.place is not None and outcome in _OF_THE_LANE:
            return Decision(State.HELD, given.place, telling, meaning.notice)
        case Again.LATER | Again.SLOWLY:
            least = schedule.slow_seconds if meaning.again is Again.SLOWLY else 0
            wait = schedule.wait(given.tries, given.retry_after, given.jitter, least=least)
            return Decision(State.HELD, given.now + timedelta(seconds=wait), telling, meaning.notice)
        case Again.AFTER_GRACE:
            wait = max(given.grace, schedule.wait(given.tries, given.retry_after, given.jitter))
            due = given.now + timedelta(seconds=wait)
            return Decision(State.UNCONFIRMED, due, telling, meaning.notice)
        case Again.NEVER if given.own:
            # No error-notice about an error-notice: whatever came back, it has been told (spec §3.3).
            return Decision(State.ANSWERED, None, telling, notice=False)
        case Again.NEVER:
            state = _STATE_AFTER.get(outcome, State.AWAITING_CORRECTION)
            return Decision(state, None, telling, meaning.notice)
    assert_never(meaning.again)


def _overtaken(outcome: Outcome, given: Circumstances) -> Decision:
    """More is known from elsewhere than this ending says; an open session needs words all the same."""
    meaning = MEANING[outcome]
    telling = Telling.NOTHING
    if given.waiting:
        telling = Telling.ANSWER if meaning.heard is Heard.ANSWER else Telling.PENDED
    return Decision(given.state, None, telling, meaning.notice)


def _taken_back(outcome: Outcome, given: Circumstances) -> Decision:
    """Its provider has cancelled it meanwhile: nothing that comes changes that, or is given to anybody."""
    telling = Telling.PENDED if given.waiting else Telling.NOTHING
    return Decision(given.state, None, telling, MEANING[outcome].notice)


def _at_once(outcome: Outcome, given: Circumstances) -> Decision:
    """Of an event that never waits there is one attempt, and with it the exchange has ended (spec §1.3)."""
    meaning = MEANING[outcome]
    telling = _telling(meaning.heard, given)
    if telling is Telling.PENDED:
        telling = Telling.AWAY
    return Decision(State.ANSWERED, None, telling, meaning.notice)


def _telling(heard: Heard, given: Circumstances) -> Telling:
    match heard:
        case Heard.ANSWER:
            # What may not be polled is for an open session only (spec §5.1).
            return Telling.ANSWER if given.waiting or given.mailed else Telling.NOTHING
        case Heard.ERROR:
            return Telling.ERROR if given.waiting or given.mailed else Telling.NOTHING
        case Heard.PENDED:
            # Whoever has hung up was told "queued" already, or asks again with the same ids.
            return Telling.PENDED if given.waiting else Telling.NOTHING
    assert_never(heard)


@dataclass(frozen=True, slots=True)
class Arrival:
    """What follows from an answer that an insurer sends by itself."""

    state: State
    deposit: bool


def decide_deferred(outcome: Outcome, state: State) -> Arrival:
    """`outcome` is that of a valid answer. A `queued` or `partial` after the end is kept, not delivered."""
    after = _STATE_AFTER[outcome]
    held = _RANK.get(state, 0)
    return Arrival(after if _RANK[after] >= held else state, deposit=_RANK[after] >= held)
