"""Does an operator's change decide who is refused, within seconds, and by the day a message came?"""

import json
from dataclasses import replace
from datetime import date, datetime

import pytest

from claimgw.conformance import Direction, check
from claimgw.conformance.severity import Severities
from claimgw.messages.findings import errors
from claimgw.store import messages, pauses
from claimgw.store.records import State
from claimgw.store.rule_changes import RuleChange, add_rule_change
from tests.clearinghouse.scene import Scene, playing
from tests.clearinghouse.spoken import CLAIM, START, complete, fresh, in_session, opened, says
from tests.gateway import FALCON, HOSPITAL, resource

_TODAY = date(2026, 11, 1)
_CHANGE = RuleChange(
    rule="IC-01620",
    severity="warning",
    from_day=_TODAY,
    to_day=None,
    reason="they were told too late",
    made_at=START,
    made_by="noura",
)


def _without_accounting_period() -> bytes:
    tree = json.loads(fresh(CLAIM))
    extensions = resource(tree, "Claim")["extension"]
    extensions[:] = [one for one in extensions if not one["url"].endswith("accountingPeriod")]
    return json.dumps(tree).encode()


def _without_status(raw: bytes) -> bytes:
    tree = json.loads(in_session(raw))
    del resource(tree, "ClaimResponse")["status"]
    return json.dumps(tree).encode()


async def _change(scene: Scene, change: RuleChange) -> None:
    async with scene.gateway.database.write() as unit:
        await add_rule_change(unit, change)
    scene.clock.advance(3)


async def _state(scene: Scene, raw: bytes) -> State:
    await scene.send(raw)
    return (await scene.exchange(raw)).state


async def test_a_rule_that_becomes_a_warning_refuses_nobody_any_more(address: str) -> None:
    async with playing(address, complete) as scene:
        assert await _state(scene, _without_accounting_period()) is State.REFUSED
        await _change(scene, _CHANGE)
        assert await _state(scene, _without_accounting_period()) is State.ANSWERED


async def test_a_grace_is_for_one_participant_and_ends_by_itself(sqlite: str) -> None:
    async with playing(sqlite, complete) as scene:
        await _change(scene, replace(_CHANGE, participant=FALCON, to_day=_TODAY, owner="Faisal"))
        assert await _state(scene, _without_accounting_period()) is State.REFUSED
        await _change(scene, replace(_CHANGE, participant=HOSPITAL, to_day=_TODAY, owner="Faisal"))
        assert await _state(scene, _without_accounting_period()) is State.ANSWERED
        scene.clock.advance(24 * 3600)
        assert await _state(scene, _without_accounting_period()) is State.REFUSED


@pytest.mark.parametrize(
    ("grace", "state"), [(FALCON, State.ANSWERED), (HOSPITAL, State.AWAITING_CORRECTION)]
)
async def test_an_insurer_whose_release_broke_a_rule_is_delivered_in_grace(
    sqlite: str, grace: str, state: State
) -> None:
    async with playing(sqlite, says(_without_status)) as scene:
        await _change(scene, replace(_CHANGE, rule="IC", participant=grace, to_day=_TODAY, owner="Faisal"))
        assert await _state(scene, fresh(CLAIM)) is state


async def test_a_message_that_was_held_is_not_refused_by_a_rule_that_came_later(sqlite: str) -> None:
    """It came on a day the rule was a warning, and is delivered on one it is an error."""
    raw = _without_accounting_period()
    async with playing(sqlite, complete) as scene:
        await _change(scene, replace(_CHANGE, to_day=_TODAY))
        async with scene.gateway.database.write() as unit:
            await pauses.set_pause(unit, pauses.Pause(FALCON, "a test", scene.clock.now(), "a test"))
        scene.clock.advance(3)
        assert await _state(scene, raw) is State.HELD
        scene.clock.advance(24 * 3600)
        async with scene.gateway.database.write() as unit:
            await pauses.end_pause(unit, FALCON)
        scene.clock.advance(3)
        assert await scene.work() == 1
        assert (await scene.exchange(raw)).state is State.ANSWERED
        assert await _state(scene, _without_accounting_period()) is State.REFUSED


async def test_judged_again_from_the_record_it_is_judged_by_the_day_it_came(sqlite: str) -> None:
    async with playing(sqlite, complete) as scene:
        await _change(scene, replace(_CHANGE, to_day=_TODAY))
        raw = _without_accounting_period()
        assert await _state(scene, raw) is State.ANSWERED
        scene.clock.advance(30 * 24 * 3600)
        registry = await scene.gateway.house.parts.registry.current()
        async with scene.gateway.database.read() as unit:
            kept = await messages.find(unit, (await scene.exchange(raw)).id)
        assert kept is not None
        assert not _refused(raw, kept.received_at, registry.severities)
        assert _refused(raw, scene.clock.now(), registry.severities)


def _refused(raw: bytes, received: datetime, severities: Severities) -> bool:
    return bool(errors(check(opened(raw), received, direction=Direction.REQUEST, severities=severities)))
