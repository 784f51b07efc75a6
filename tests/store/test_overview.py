"""Does the page for operators tell what waits, where, since when and why?"""

from datetime import datetime, timedelta

from claimgw.access.lanes import Breaker
from claimgw.clearinghouse.delivery import breaker
from claimgw.clock import ManualClock
from claimgw.store import overview as store
from claimgw.store.breakers import Circuit, Position, write_circuit
from claimgw.store.database import Database
from claimgw.store.lines import RECENT, line, messages_of
from claimgw.store.overview import Overview
from claimgw.store.pauses import EVERYWHERE, Pause, PauseKind, set_pause
from claimgw.store.records import Author, State
from claimgw.store.standing import Lane, Standing
from claimgw.store.waiting import Depth
from tests.console.seed import INSURERS, PROVIDERS, Seed

A, B, C, TPA = INSURERS
P, Q, R = PROVIDERS


async def look(database: Database, now: datetime) -> Overview:
    async with database.read() as unit:
        return await store.overview(unit, now=now, day_began=now.replace(hour=0))


def lane(seen: Overview, licence: str) -> Lane:
    return next(lane for lane in seen.lanes if lane.licence == licence)


async def test_a_new_gateway_shows_nothing_and_fails_nowhere(database: Database, clock: ManualClock) -> None:
    seen = await look(database, clock.now())
    assert (seen.lanes, seen.boxes, seen.recent, seen.unresolved, seen.pauses) == ([], [], [], [], [])
    assert (seen.today.accepted, seen.today.newest, seen.today.capped) == (0, None, False)


async def test_held_requests_show_their_depth_oldest_and_next_attempt(
    database: Database, clock: ManualClock
) -> None:
    now, seed = clock.now(), Seed(clock.now())
    seed.parties()
    seed.exchange(State.HELD, A, ago=7200, due=60, reason="connection refused")
    seed.exchange(State.HELD, A, ago=10_800, due=90, reason="timed out")
    await seed.write(database)
    seen = lane(await look(database, now), A)
    assert seen.held == Depth(2, now - timedelta(hours=3))
    assert (seen.next_attempt, seen.next_reason) == (now + timedelta(seconds=60), "connection refused")
    assert (seen.standing, seen.why) == (Standing.HELD_BACK, "connection refused")
    assert lane(await look(database, now), B).standing is Standing.DELIVERING


async def test_an_open_attempt_is_in_flight_within_its_lease_and_unknown_after_it(
    database: Database, clock: ManualClock
) -> None:
    now, seed = clock.now(), Seed(clock.now())
    seed.parties()
    seed.attempt(seed.exchange(State.IN_FLIGHT, A, ago=3, due=50), ago=3)
    lost = seed.exchange(State.IN_FLIGHT, A, ago=400, due=-1)
    seed.attempt(lost, ago=400)
    silent = seed.exchange(State.UNCONFIRMED, A, ago=900, due=60, reason="silent")
    seed.attempt(silent, ago=900, closed=850, outcome="silent")
    await seed.write(database)
    seen = await look(database, now)
    assert lane(seen, A).in_flight == Depth(1, now - timedelta(seconds=3))
    assert lane(seen, A).unknown == Depth(2, now - timedelta(seconds=900))
    assert [case.id for case in seen.unresolved] == [silent, lost]


async def test_an_unusable_answer_is_listed_until_it_is_corrected(
    database: Database, clock: ManualClock
) -> None:
    seed = Seed(clock.now())
    seed.parties()
    spoilt = seed.exchange(State.AWAITING_CORRECTION, B, ago=50, reason="not a message")
    await seed.write(database)
    seen = await look(database, clock.now())
    assert lane(seen, B).to_be_corrected.count == 1
    assert [case.id for case in seen.unresolved] == [spoilt]


async def test_what_was_given_up_is_counted_and_listed(database: Database, clock: ManualClock) -> None:
    seed, now = Seed(clock.now()), clock.now()
    seed.parties()
    letters = [seed.exchange(State.GIVEN_UP, B, ago=500, changed=ago, reason="given up") for ago in (50, 20)]
    await seed.write(database)
    seen = await look(database, now)
    assert lane(seen, B).given_up == Depth(2, now - timedelta(seconds=50))
    assert {case.id for case in seen.unresolved} == set(letters)


async def test_blocked_wins_over_paused_and_paused_over_held(database: Database, clock: ManualClock) -> None:
    seed = Seed(clock.now())
    seed.parties()
    seed.block(A, "licence withdrawn")
    seed.exchange(State.HELD, A, due=60)
    seed.exchange(State.HELD, B, due=60)
    await seed.write(database)
    async with database.write() as unit:
        await set_pause(unit, Pause(B, "maintenance", clock.now(), "nora"))
    seen = await look(database, clock.now())
    assert (lane(seen, A).standing, lane(seen, A).why) == (Standing.BLOCKED, "licence withdrawn")
    assert (lane(seen, B).standing, lane(seen, B).why) == (Standing.PAUSED, "maintenance")
    async with database.write() as unit:
        await set_pause(unit, Pause(EVERYWHERE, "restored from a backup", clock.now(), "gateway"))
    assert {held.standing for held in (await look(database, clock.now())).lanes if held.licence != A} == {
        Standing.PAUSED
    }


async def test_the_last_answer_is_the_insurers_own_not_the_gateways(
    database: Database, clock: ManualClock
) -> None:
    seed = Seed(clock.now())
    seed.parties()
    seed.exchange(State.ANSWERED, A, ago=500, by="insurer")
    seed.exchange(State.HELD, A, ago=30, due=5, by="gateway")
    seed.exchange(State.QUEUED, A, ago=700, by="insurer")
    seed.exchange(State.PARTIAL, A, ago=900, by="insurer")
    await seed.write(database)
    seen = lane(await look(database, clock.now()), A)
    assert seen.last_answer == clock.now() - timedelta(seconds=500)
    assert seen.with_insurer == Depth(2, clock.now() - timedelta(seconds=900))


async def test_only_mailboxes_that_hold_something_are_shown_oldest_first(
    database: Database, clock: ManualClock
) -> None:
    seed = Seed(clock.now())
    seed.parties()
    seed.deposit(P, A, ago=10)
    seed.deposit(Q, A, ago=300)
    seed.deposit(Q, A, ago=20)
    seed.deposit(R, A, ago=900, polled=5)
    await seed.write(database)
    seen = await look(database, clock.now())
    assert [(box.provider, box.waiting.count) for box in seen.boxes] == [(Q, 2), (P, 1)]
    assert seen.boxes[0].waiting.oldest == clock.now() - timedelta(seconds=300)
    assert seen.providers == 3


async def test_today_counts_what_came_today_and_what_was_answered_today(
    database: Database, clock: ManualClock
) -> None:
    seed, day = Seed(clock.now()), 86_400
    seed.parties()
    seed.exchange(State.ANSWERED, ago=60, by="insurer")
    seed.exchange(State.ANSWERED, ago=day, changed=30, by="insurer")
    seed.exchange(State.ANSWERED, ago=day, by="insurer")
    seed.exchange(State.HELD, ago=40, due=5)
    seed.exchange(State.REFUSED, ago=20, by="gateway")
    await seed.write(database)
    today = (await look(database, clock.now())).today
    assert (today.accepted, today.refused, today.answered) == (2, 1, 2)
    assert today.newest == clock.now() - timedelta(seconds=40)


async def test_the_list_holds_the_fifty_that_changed_last_with_names(
    database: Database, clock: ManualClock
) -> None:
    seed = Seed(clock.now())
    seed.parties()
    oldest, *_ = [seed.exchange(State.ANSWERED, B, Q, ago=600 - n, by="insurer") for n in range(RECENT + 1)]
    moved = seed.exchange(State.HELD, A, P, ago=5000, changed=1, due=60, reason="closed until 08:00")
    stranger = seed.exchange(State.ANSWERED, "payer:GONE", "provider:GONE", ago=2, by="gateway")
    await seed.write(database)
    seen = (await look(database, clock.now())).recent
    assert len(seen) == RECENT
    assert oldest not in {held.id for held in seen}
    assert [held.id for held in seen[:2]] == [moved, stranger]
    assert (seen[0].provider_name, seen[0].insurer_name) == (PROVIDERS[P], INSURERS[A])
    assert (seen[0].reason, seen[0].due_at) == ("closed until 08:00", clock.now() + timedelta(seconds=60))
    assert (seen[1].insurer_name, seen[1].answered_by) == ("", Author.GATEWAY)


async def test_an_exchange_shows_its_messages_and_which_were_polled(
    database: Database, clock: ManualClock
) -> None:
    seed = Seed(clock.now())
    seed.parties()
    request = seed.exchange(State.ANSWERED, A, P, ago=100, by="insurer")
    in_session = seed.message("claim-response", "nphies:NPHIES", P, ago=99, of=request)
    late = seed.deposit(P, A, ago=50, of=request, polled=20)
    await seed.write(database)
    async with database.read() as unit:
        found = await line(unit, request)
        kept = await messages_of(unit, request)
    assert found is not None
    assert (found.id, found.state) == (request, State.ANSWERED)
    assert [(held.message.id, held.deposited, held.polled_at) for held in kept] == [
        (request, False, None),
        (in_session, False, None),
        (late, True, clock.now() - timedelta(seconds=20)),
    ]


def test_depths_add_up_to_the_older_of_the_two(clock: ManualClock) -> None:
    early, late = clock.now(), clock.now() + timedelta(hours=1)
    assert Depth(1, late) + Depth(2, early) == Depth(3, early)
    assert Depth(1, late) + Depth() == Depth(1, late)


async def test_an_insurer_that_is_down_shows_since_when_and_the_next_probe(
    database: Database, clock: ManualClock
) -> None:
    now, seed = clock.now(), Seed(clock.now())
    seed.parties()
    seed.exchange(State.HELD, A, ago=60, due=-60, reason="taken for down")
    await seed.write(database)
    circuit = breaker.opened(Circuit(A, Position.CLOSED, now), now, "nobody listens", Breaker())
    async with database.write() as unit:
        await write_circuit(unit, circuit)
    seen = lane(await look(database, now), A)
    assert (seen.standing, seen.why) == (Standing.DOWN, "since 2026-11-01 08:00 UTC: nobody listens")
    assert (seen.next_attempt, seen.held.count) == (now + timedelta(seconds=30), 1)
    # A pause is what an operator has said: it comes first.
    async with database.write() as unit:
        await set_pause(unit, Pause(A, "a test", now, "a test"))
    assert lane(await look(database, now), A).standing is Standing.PAUSED
    async with database.write() as unit:
        await write_circuit(unit, breaker.closed(circuit, now))
        await set_pause(unit, Pause(A, "a move", now, "a test", PauseKind.DRAIN))
    assert (lane(await look(database, now), A).standing, seen.held.count) == (Standing.DRAINED, 1)
