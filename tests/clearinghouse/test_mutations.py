"""Does any message, however spoilt, get an answer that is no 500, and leave no attempt open?"""

import copy
import json
import random
from collections.abc import Iterator, Sequence
from typing import Any

import structlog

from claimgw.store import attempts
from claimgw.store.rule_changes import RuleChange, add_rule_change
from tests.clearinghouse.scene import Scene, playing
from tests.clearinghouse.spoken import (
    AUTHORIZATION,
    CLAIM,
    asking,
    deferred,
    fresh,
    in_session,
    polling,
    says,
)

SEED, MESSAGES = 2026, 120
Step = str | int
JUNK: tuple[Any, ...] = (
    *(None, "", 0, -1, 1.5, True, [], {}, [None], [{}], [[]], {"x": None}, 10**30),
    *("a\0b", "x" * 300, "x" * 5000, "é\u202e", "9999-12-31", "0001-01-01T00:00:00+14:00"),
    *({"reference": "#x"}, {"reference": 5}, {"coding": [{}]}, {"coding": 5}, {"identifier": []}),
    {"system": "http://nphies.sa/license/payer-license", "value": "I" * 250},
)


def places(tree: Any, here: tuple[Step, ...] = ()) -> Iterator[tuple[Step, ...]]:
    """Every place in the tree, but the root."""
    steps: Any = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for step, value in steps:
        yield (*here, step)
        yield from places(value, (*here, step))


def spoilt(raw: bytes, chance: random.Random) -> bytes:
    """The message with one to three places taken away, replaced by junk, or given twice."""
    tree = json.loads(raw)
    for _ in range(chance.randint(1, 3)):
        near = [place for place in places(tree) if len(place) <= chance.choice((6, 99))]
        *way, last = chance.choice(near)
        within = tree
        for step in way:
            within = within[step]
        what = chance.random()
        if what < 0.3:
            del within[last]
        elif what < 0.9 or isinstance(within, dict):
            within[last] = copy.deepcopy(chance.choice(JUNK))
        else:
            within.append(copy.deepcopy(within[last]))
    return json.dumps(tree).encode()


def every_input() -> bytes:
    return polling(
        asking("count", valuePositiveInt=3),
        asking("period", valuePeriod={"start": "2026-01-01", "end": "2027"}),
        asking("include-message-type", valueCode="claim-response"),
        about={"system": "http://alwaha.example", "value": "CLM-1"},
    )


async def test_no_spoilt_message_gets_a_500_or_leaves_an_attempt_open(address: str) -> None:
    await _play(address, MESSAGES)


async def test_nor_does_one_where_an_operator_has_put_every_rule_off(sqlite: str) -> None:
    await _play(sqlite, MESSAGES, off=("BV", "DT", "FR", "GE", "IB", "IC", "RE"))


async def _play(address: str, count: int, off: Sequence[str] = ()) -> None:
    chance = random.Random(SEED)
    answering = says(lambda raw: spoilt(in_session(raw), chance))
    async with playing(address, answering) as scene:
        await _put_off(scene, off)
        with structlog.testing.capture_logs() as lines:
            for number in range(count):
                raw = fresh(AUTHORIZATION if number % 8 == 0 else CLAIM)
                messages = {
                    0: (spoilt(raw, chance), scene.key),
                    1: (spoilt(every_input(), chance), scene.key),
                    2: (spoilt(deferred(raw), chance), scene.insurer_key),
                    3: (raw, scene.key),
                }
                message, key = messages[number % 4]
                response = await scene.gateway.post(message, key)
                assert response.status_code < 500, message
                kind = response.json()["resourceType"]
                assert kind == ("Bundle" if response.status_code == 200 else "OperationOutcome")
                scene.clock.advance(1)
            await scene.work()
        assert not [line for line in lines if line["log_level"] == "error"]
        async with scene.gateway.database.read() as unit:
            assert await attempts.still_open(unit) == []
        await scene.poll()


async def _put_off(scene: Scene, families: Sequence[str]) -> None:
    now = scene.clock.now()
    async with scene.gateway.database.write() as unit:
        for family in families:
            await add_rule_change(unit, RuleChange(family, "off", now.date(), None, "", now, "a test"))
    scene.clock.advance(3)
