"""Is what an operator sends or has judged again handled as the record says, and can it be stopped?"""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from claimgw.clearinghouse.delivery import rejudge as again
from claimgw.clearinghouse.delivery.redrive import (
    AT_MOST,
    Choice,
    Fate,
    Redriving,
    fate_of,
    foresee,
    resend,
    stop,
)
from claimgw.clearinghouse.delivery.rejudge import Judgement, Question
from claimgw.conformance.severity import day_of
from claimgw.errors import ConfigurationError
from claimgw.store import letters, redrives
from claimgw.store.ledger import ledger
from claimgw.store.letters import Selection
from claimgw.store.records import Attempt, State
from claimgw.store.rule_changes import RuleChange, add_rule_change
from tests.clearinghouse.catalogue.senders import cancelling
from tests.clearinghouse.scene import Scene, playing
from tests.clearinghouse.spoken import (
    CLAIM,
    Play,
    complete,
    deferred,
    fresh,
    hanging_up,
    in_session,
    says,
)
from tests.clearinghouse.test_giving_up import DAY, NOBODY, dead, given_up
from tests.gateway import DESERT_ROSE, FALCON, resource

GIVEN_UP = Selection(insurer=FALCON, states=(State.GIVEN_UP,))


async def sent_again(scene: Scene, *raws: bytes, **choice: Any) -> Redriving:
    """These, or what is chosen, by the operator omar."""
    ids = [(await scene.exchange(raw)).id for raw in raws]
    chosen = Choice(FALCON, **({"ids": ids} | choice))
    return await resend(scene.gateway.database, scene.clock, chosen, "omar", "they are back")


async def three_dead(scene: Scene) -> list[bytes]:
    """Three claims that were given up together; then the insurer is there."""
    raws = [fresh(CLAIM) for _ in range(3)]
    for raw in raws:
        await scene.send(raw)
    scene.clock.advance(5 * DAY + 61)
    await scene.work()
    await scene.move(scene.address)
    return raws


async def test_what_was_given_up_is_sent_again_as_it_was_and_its_answer_counts(address: str) -> None:
    async with playing(address, endpoint=NOBODY) as scene:
        raw = await given_up(scene)
        assert len(await scene.poll()) == 1
        await scene.move(scene.address)
        done = await sent_again(scene, raw)
        assert (done.sent, done.more) == (1, False)
        held = await scene.exchange(raw)
        assert (held.state, held.due_at) == (State.HELD, scene.clock.now())
        assert await scene.work() == 1
        assert scene.insurer.received == [raw]
        assert (await scene.exchange(raw)).state is State.ANSWERED
        assert await scene.poll() == scene.insurer.said
        async with scene.gateway.database.read() as unit:
            [(before, order)] = await redrives.of_exchange(unit, held.id)
        assert (before.state, order.made_by, order.reason) == (State.GIVEN_UP, "omar", "they are back")
        assert [one.fate for one in (await sent_again(scene, raw)).prospects] == [Fate.ANSWERED]
        assert scene.insurer.received == [raw]
        assert await dead(scene) == 0


async def test_what_is_sent_again_has_all_its_time_again_and_its_provider_hears_of_the_end_once(
    address: str,
) -> None:
    policy = {"delivery": {"most_tries": 1}}
    async with playing(address, endpoint=NOBODY, participant=policy) as scene:
        raw = await given_up(scene)
        assert len(await scene.poll()) == 1
        await sent_again(scene, raw)
        scene.clock.advance(5 * DAY - 1)
        assert await scene.work() == 1
        assert (await scene.exchange(raw)).state is State.HELD
        scene.clock.advance(61)
        await scene.work()
        assert (await scene.exchange(raw)).state is State.GIVEN_UP
        assert await scene.poll() == []
        assert await dead(scene) == 1
        # More than once.
        await scene.move(scene.address)
        assert (await sent_again(scene, raw)).sent == 1
        await scene.work()
        assert await scene.poll() == scene.insurer.said


async def test_a_message_that_was_set_aside_is_tried_again_before_it_is_judged(sqlite: str) -> None:
    policy = {"delivery": {"most_tries": 2, "waits": [10]}, "grace_seconds": 10}
    broken = says(b"", "500 No")
    async with playing(sqlite, broken, complete, broken, complete, participant=policy) as scene:
        raw = fresh(CLAIM)
        await scene.send(raw)
        await scene.send(fresh(CLAIM))
        scene.clock.advance(13)
        await scene.work()
        scene.clock.advance(13)
        assert await scene.work() == 0
        assert (await scene.exchange(raw)).state is State.GIVEN_UP
        await sent_again(scene, raw)
        assert (await scene.exchange(raw)).state is State.UNCONFIRMED
        assert await scene.work() == 1
        assert (await scene.exchange(raw)).state is State.ANSWERED


@pytest.mark.parametrize(
    ("play", "state"), [(hanging_up, State.UNCONFIRMED), (says(b"no"), State.AWAITING_CORRECTION)]
)
async def test_what_may_have_arrived_or_was_answered_unusably_goes_again_under_its_ids(
    play: Play, state: State, sqlite: str
) -> None:
    async with playing(sqlite, play, complete) as scene:
        raw = fresh(CLAIM)
        await scene.send(raw)
        assert (await scene.exchange(raw)).state is state
        scene.clock.advance(1)
        done = await sent_again(scene, selection=Selection(FALCON, (state,), event="claim-request"), ids=())
        assert done.sent == 1
        await scene.work()
        assert scene.insurer.received == [raw, raw]
        assert await scene.poll() == [scene.insurer.said[-1]]


def error_1677(raw: bytes) -> bytes:
    return in_session(raw, "error", code="1677")


async def test_an_insurer_that_knows_it_already_is_believed(sqlite: str) -> None:
    """A duplicate answer follows the rules of every attempt: it has it, and will answer."""
    async with playing(sqlite, hanging_up, says(error_1677)) as scene:
        raw = await given_up(scene)
        scene.insurer.plays = [says(error_1677)]
        await sent_again(scene, raw)
        await scene.work()
        assert (await scene.exchange(raw)).state is State.QUEUED
        assert await scene.poll() == []
        assert [one.fate for one in (await sent_again(scene, raw)).prospects] == [Fate.WITH_INSURER]


async def test_what_was_taken_back_by_its_provider_is_not_sent(sqlite: str) -> None:
    async with playing(sqlite, endpoint=NOBODY) as scene:
        raw = await given_up(scene)
        await scene.send(cancelling(raw))
        await scene.move(scene.address)
        assert [one.fate for one in (await sent_again(scene, raw)).prospects] == [Fate.WITHDRAWN]
        await scene.work()
        assert scene.insurer.received == []


async def test_a_stop_takes_back_what_waits_and_leaves_what_is_under_way(address: str) -> None:
    one_by_one = {"most_in_flight": 1}
    async with playing(address, endpoint=NOBODY, participant=one_by_one) as scene:
        raws = await three_dead(scene)
        dry = await foresee(scene.gateway.database, Choice(FALCON, selection=GIVEN_UP, at_most=2))
        assert ([one.fate for one in dry.prospects], dry.more) == ([Fate.AGAIN] * 2, True)
        assert await dead(scene) == 3
        scene.clock.advance(1)
        assert (await sent_again(scene, selection=GIVEN_UP, ids=())).sent == 3
        assert await scene.work() == 1
        now = scene.clock.now()
        back = await stop(scene.gateway.database, FALCON, "aida", now)
        states = [(await scene.exchange(raw)).state for raw in raws]
        assert states.count(State.GIVEN_UP) == back
        assert states.count(State.ANSWERED) == len(scene.insurer.received) == 3 - back
        assert back >= 1
        assert await dead(scene) == back
        assert await stop(scene.gateway.database, FALCON, "aida", now) == 0
        async with scene.gateway.database.read() as unit:
            [(order, size)] = await redrives.listed(unit, FALCON, 10)
        assert (order.stopped_by, order.stopped_at, size) == ("aida", now, 3)
        assert order.chosen == "state given-up; at most 100"


async def test_two_operators_at_once_have_it_sent_once(address: str) -> None:
    async with playing(address, endpoint=NOBODY) as scene:
        raws = await three_dead(scene)
        done = await asyncio.gather(*(sent_again(scene, *raws) for _ in range(3)))
        assert [one.sent for one in done] == [3, 3, 3]
        assert await scene.work() == 3
        assert sorted(scene.insurer.received) == sorted(raws)
        assert await scene.work() == 0
        assert await dead(scene) == 0


async def test_a_choice_that_would_be_everything_or_too_much_is_refused(sqlite: str) -> None:
    async with playing(sqlite) as scene:
        database, clock = scene.gateway.database, scene.clock
        with pytest.raises(ConfigurationError, match="everything; add what of it: --state"):
            await foresee(database, Choice(FALCON))
        many = [f"{n:08}-0000-4000-8000-000000000000" for n in range(AT_MOST + 1)]
        with pytest.raises(ConfigurationError, match="say --at-most 101"):
            await foresee(database, Choice(FALCON, ids=many))
        with pytest.raises(ConfigurationError, match="from 1 to 10000"):
            await foresee(database, Choice(FALCON, ids=many, at_most=20_000))
        with pytest.raises(ConfigurationError, match="say why"):
            await resend(database, clock, Choice(FALCON, ids=many[:1]), "omar", " ")
        told = await foresee(database, Choice(FALCON, ids=many[:1]))
        assert [one.fate for one in told.prospects] == [Fate.UNKNOWN]


async def test_every_state_has_its_fate(sqlite: str) -> None:
    """Only what waits for a person or for its next try is sent, and never past an open attempt."""
    async with playing(sqlite, endpoint=NOBODY) as scene:
        raw = fresh(CLAIM)
        await scene.send(raw)
        held, made = await scene.exchange(raw), await scene.attempts(raw)
        fates = {state: fate_of(replace(held, state=state), FALCON, made, kept=True) for state in State}
        sent = {state for state, fate in fates.items() if fate in (Fate.AGAIN, Fate.SOONER)}
        assert sent == set(letters.QUEUE)
        assert fate_of(held, FALCON, made, kept=False) is Fate.GONE
        assert fate_of(held, DESERT_ROSE, made, kept=True) is Fate.ELSEWHERE
        still_open = [Attempt("a", held.id, 1, "node", scene.clock.now())]
        assert fate_of(held, FALCON, still_open, kept=True) is Fate.UNDER_WAY


def without_status(raw: bytes) -> bytes:
    """An answer that breaks one rule."""
    tree = json.loads(in_session(raw))
    del resource(tree, "ClaimResponse")["status"]
    return json.dumps(tree).encode()


async def question(scene: Scene, rule: str) -> Question:
    parts = scene.gateway.house.parts
    return Question(FALCON, rule, 100, parts.schemas, await parts.registry.current())


async def relaxed(scene: Scene, rule: str) -> None:
    """Their breaches of that rule are warnings, for today."""
    today = day_of(scene.clock.now())
    change = RuleChange(rule, "warning", today, today, "release 4.2", scene.clock.now(), "noura")
    async with scene.gateway.database.write() as unit:
        await add_rule_change(unit, replace(change, participant=FALCON, owner="Faisal"))
    scene.clock.advance(3)


async def broken_rule(scene: Scene, raw: bytes) -> str:
    """The code for which its answer was refused."""
    [made] = await scene.attempts(raw)
    assert ", " not in made.detail
    return made.detail


async def test_a_refused_answer_is_delivered_once_its_rule_is_relaxed(address: str) -> None:
    async with playing(address, says(without_status)) as scene:
        database, clock = scene.gateway.database, scene.clock
        raw, other = fresh(CLAIM), fresh(CLAIM)
        await scene.send(raw)
        await scene.send(other)
        rule = await broken_rule(scene, raw)
        asked = await question(scene, rule)
        told = await again.rejudge(database, clock, asked, "omar", "release 4.2")
        assert [(one.judgement, one.detail) for one in told] == [(Judgement.REFUSED, rule)] * 2
        assert await scene.poll() == []
        await relaxed(scene, rule)
        asked = await question(scene, rule)
        assert await again.foresee(database, clock, await question(scene, rule[:-1])) == []
        foreseen = await again.foresee(database, clock, asked)
        assert [(one.judgement, one.detail) for one in foreseen] == [(Judgement.DELIVERED, "complete")] * 2
        assert await scene.poll() == []
        assert await again.rejudge(database, clock, asked, "omar", "release 4.2") == foreseen
        assert sorted(await scene.poll()) == sorted(scene.insurer.said)
        held = await scene.exchange(raw)
        assert (held.state, held.answered_by) == (State.ANSWERED, "insurer")
        assert (await scene.send(raw))[0] in scene.insurer.said
        async with database.read() as unit:
            [(before, order)] = await redrives.of_exchange(unit, held.id)
            assert (await ledger(unit)).balances
        assert (before.state, order.kind) == (State.AWAITING_CORRECTION, redrives.Kind.REJUDGE)
        assert await again.rejudge(database, clock, asked, "omar", "release 4.2") == []


async def test_an_answer_to_what_moved_on_meanwhile_is_left_alone(sqlite: str) -> None:
    async with playing(sqlite, says(without_status)) as scene:
        raw = fresh(CLAIM)
        await scene.send(raw)
        rule = await broken_rule(scene, raw)
        await relaxed(scene, rule)
        answer = deferred(raw)
        await scene.tell(answer)
        asked = await question(scene, rule)
        assert await again.rejudge(scene.gateway.database, scene.clock, asked, "omar", "release 4.2") == []
        assert await scene.poll() == [answer]
        with pytest.raises(ConfigurationError, match="say why"):
            await again.rejudge(scene.gateway.database, scene.clock, asked, "omar", "")
