"""What follows from an ending, whatever went before? The pure decision, over all outcomes and states."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from claimgw.access.policy import Delivery
from claimgw.clearinghouse.delivery.outcomes import MEANING, Again, Arrived, Outcome
from claimgw.clearinghouse.delivery.policy import (
    Circumstances,
    Schedule,
    Telling,
    decide,
    decide_deferred,
    never_arrived,
    suspected,
)
from claimgw.store.records import Attempt, State

NOW = datetime(2026, 11, 1, 8, tzinfo=UTC)
SCHEDULE = Schedule()
ENDS = (State.QUEUED, State.PARTIAL, State.ANSWERED)
FINAL = (Outcome.COMPLETE, Outcome.ERROR)


def given(
    state: State = State.IN_FLIGHT,
    *,
    own: bool = False,
    may_wait: bool = True,
    mailed: bool = True,
    waiting: bool = True,
    tries: int = 1,
    retry_after: float | None = None,
    jitter: float = 0.5,
) -> Circumstances:
    return Circumstances(state, own, may_wait, mailed, waiting, tries, NOW, 300, retry_after, jitter)


def test_waits_grow_and_the_last_one_repeats() -> None:
    waits = [SCHEDULE.wait(tries, None, 0.5) for tries in range(1, 8)]
    assert waits == [5, 15, 60, 300, 900, 900, 900]


def test_jitter_spreads_a_wait_by_a_fifth_at_most() -> None:
    assert [SCHEDULE.wait(3, None, jitter) for jitter in (0, 0.5, 1)] == [48, 60, 72]


def test_a_retry_after_prolongs_a_wait_and_never_shortens_it() -> None:
    assert SCHEDULE.wait(1, 77, 0.5) == 77
    assert SCHEDULE.wait(4, 77, 0.5) == 300


def test_a_retry_after_is_believed_for_an_hour() -> None:
    assert SCHEDULE.wait(1, 10**9, 0.5) == 3600


def test_what_is_set_for_an_insurer_lies_over_the_gateways_own() -> None:
    assert SCHEDULE.of(Delivery()) is SCHEDULE
    own = SCHEDULE.of(Delivery(waits=(7,), longest_retry_after=0, give_up_seconds=60))
    assert own == replace(SCHEDULE, waits=(7,), longest_retry_after=0, give_up_seconds=60)
    assert own.wait(9, 77, 0.5) == 7


@pytest.mark.parametrize(
    "wrong", [{"waits": ()}, {"waits": (0,)}, {"spread": 1}, {"most_tries": 0}, {"x": 1}]
)
def test_a_policy_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Delivery.model_validate(wrong)


@pytest.mark.parametrize(
    ("outcome", "tries", "retry_after", "seconds"),
    [
        (Outcome.BUSY, 1, None, 5),
        (Outcome.BUSY, 1, 77, 77),
        (Outcome.MISCONFIGURED, 1, None, 900),
        (Outcome.MISCONFIGURED, 1, 1000, 1000),
        (Outcome.MISCONFIGURED, 9, None, 900),
        (Outcome.SERVER_ERROR, 1, None, 300),
        (Outcome.SERVER_ERROR, 1, 400, 400),
        (Outcome.SILENT, 9, None, 900),
    ],
)
def test_a_wait_is_as_long_as_its_cause_asks_for(
    outcome: Outcome, tries: int, retry_after: float | None, seconds: float
) -> None:
    decision = decide(outcome, given(tries=tries, retry_after=retry_after), SCHEDULE)
    assert decision.due_at == NOW + timedelta(seconds=seconds)


def made(*outcomes: Outcome | None) -> list[Attempt]:
    """Attempts that ended so, a minute apart and of a second each; None: open."""
    return [
        Attempt(
            str(number),
            "x",
            number,
            "node",
            NOW + timedelta(minutes=number),
            None if one is None else NOW + timedelta(minutes=number, seconds=1),
            one,
        )
        for number, one in enumerate(outcomes)
    ]


AWAY = [one for one in Outcome if MEANING[one].again is Again.LATER and one is not Outcome.TRANSIENT]
OWN_FAULT = [one for one in Outcome if MEANING[one].again is not Again.NEVER and one not in AWAY]


@pytest.mark.parametrize("outcome", AWAY)
def test_an_insurer_that_is_away_casts_no_suspicion_on_a_message(outcome: Outcome) -> None:
    assert suspected(made(*[outcome] * 100), SCHEDULE) is None


@pytest.mark.parametrize("outcome", OWN_FAULT)
def test_a_message_that_fails_too_often_is_suspected_if_others_pass_between_its_tries(
    outcome: Outcome,
) -> None:
    assert suspected(made(*[outcome] * 19), SCHEDULE) is None
    tried = made(*[outcome] * 20, Outcome.REFUSED)
    assert suspected(tried, SCHEDULE) == (tried[18].opened_at, tried[19].closed_at)


def test_a_single_try_may_be_enough() -> None:
    tried = made(Outcome.SILENT)
    assert suspected(tried, replace(SCHEDULE, most_tries=1)) == (tried[0].opened_at, tried[0].closed_at)
    assert suspected([], replace(SCHEDULE, most_tries=1)) is None


@pytest.mark.parametrize("outcome", [*Outcome, None])
def test_one_try_that_may_have_arrived_is_enough(outcome: Outcome | None) -> None:
    arrived = outcome is None or MEANING[outcome].arrived is not Arrived.NO
    assert never_arrived(made(Outcome.REFUSED, outcome, Outcome.REFUSED)) is not arrived


@pytest.mark.parametrize("outcome", Outcome)
def test_what_was_given_up_moves_only_by_what_came_back(outcome: Outcome) -> None:
    decision = decide(outcome, given(State.GIVEN_UP, waiting=False), SCHEDULE)
    assert decision.due_at is None
    assert (decision.state is State.GIVEN_UP) == (MEANING[outcome].again is not Again.NEVER)


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("waiting", [True, False])
def test_only_what_is_sent_again_has_a_time(outcome: Outcome, waiting: bool) -> None:
    decision = decide(outcome, given(waiting=waiting), SCHEDULE)
    due = {
        Again.LATER: NOW + timedelta(seconds=5),
        Again.SLOWLY: NOW + timedelta(seconds=900),
        Again.AFTER_GRACE: NOW + timedelta(seconds=300),
        Again.NEVER: None,
    }[MEANING[outcome].again]
    assert decision.due_at == due
    assert (decision.state in (State.HELD, State.UNCONFIRMED)) == (due is not None)


@pytest.mark.parametrize("outcome", [one for one in Outcome if one is not Outcome.ACKNOWLEDGED])
def test_whoever_waits_is_always_told_something(outcome: Outcome) -> None:
    for state in State:
        assert decide(outcome, given(state), SCHEDULE).telling is not Telling.NOTHING


@pytest.mark.parametrize("outcome", Outcome)
def test_queued_is_said_only_to_whoever_waits(outcome: Outcome) -> None:
    assert decide(outcome, given(waiting=False), SCHEDULE).telling is not Telling.PENDED


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("state", ENDS)
def test_no_ending_takes_an_exchange_back(outcome: Outcome, state: State) -> None:
    decision = decide(outcome, given(state, waiting=False), SCHEDULE)
    assert ENDS.index(decision.state) >= ENDS.index(state)
    assert decision.due_at is None


@pytest.mark.parametrize("outcome", FINAL)
@pytest.mark.parametrize("state", [State.QUEUED, State.PARTIAL])
def test_a_final_answer_ends_what_was_queued_by_another_way(outcome: Outcome, state: State) -> None:
    decision = decide(outcome, given(state, waiting=False), SCHEDULE)
    assert (decision.state, decision.telling) == (State.ANSWERED, Telling.ANSWER)


@pytest.mark.parametrize("outcome", [one for one in Outcome if MEANING[one].again is not Again.NEVER])
def test_what_awaits_a_corrected_answer_is_not_sent_again(outcome: Outcome) -> None:
    decision = decide(outcome, given(State.AWAITING_CORRECTION, waiting=False), SCHEDULE)
    assert (decision.state, decision.due_at) == (State.AWAITING_CORRECTION, None)


@pytest.mark.parametrize("outcome", Outcome)
def test_nobody_hears_of_the_gateways_own_messages_and_no_notice_follows_one(outcome: Outcome) -> None:
    decision = decide(outcome, given(own=True, waiting=False), SCHEDULE)
    assert decision.telling is Telling.NOTHING
    assert not decision.notice
    if MEANING[outcome].again is Again.NEVER:
        assert decision.state is State.ANSWERED


@pytest.mark.parametrize("outcome", Outcome)
def test_a_notice_goes_out_exactly_for_what_the_provider_cannot_use(outcome: Outcome) -> None:
    decision = decide(outcome, given(), SCHEDULE)
    assert decision.notice == (decision.state is State.AWAITING_CORRECTION)


@pytest.mark.parametrize(
    ("outcome", "state", "after", "delivered"),
    [
        (Outcome.QUEUED, State.HELD, State.QUEUED, True),
        (Outcome.QUEUED, State.PARTIAL, State.PARTIAL, False),
        (Outcome.QUEUED, State.ANSWERED, State.ANSWERED, False),
        (Outcome.PARTIAL, State.QUEUED, State.PARTIAL, True),
        (Outcome.PARTIAL, State.PARTIAL, State.PARTIAL, True),
        (Outcome.PARTIAL, State.ANSWERED, State.ANSWERED, False),
        (Outcome.COMPLETE, State.IN_FLIGHT, State.ANSWERED, True),
        (Outcome.COMPLETE, State.UNCONFIRMED, State.ANSWERED, True),
        (Outcome.COMPLETE, State.AWAITING_CORRECTION, State.ANSWERED, True),
        (Outcome.COMPLETE, State.ANSWERED, State.ANSWERED, True),
        (Outcome.COMPLETE, State.GIVEN_UP, State.ANSWERED, True),
        (Outcome.QUEUED, State.GIVEN_UP, State.QUEUED, True),
        (Outcome.ERROR, State.PARTIAL, State.ANSWERED, True),
    ],
)
def test_a_late_answer_counts_unless_more_is_known(
    outcome: Outcome, state: State, after: State, delivered: bool
) -> None:
    arrival = decide_deferred(outcome, state)
    assert (arrival.state, arrival.deposit) == (after, delivered)
