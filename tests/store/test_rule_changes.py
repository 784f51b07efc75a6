"""Is what operators change about rules kept, numbered, ended and never lost?"""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from claimgw.errors import Conflict
from claimgw.store.database import Database
from claimgw.store.participants import ParticipantRecord, add_participant
from claimgw.store.revision import revision
from claimgw.store.rule_changes import RuleChange, add_rule_change, all_rule_changes, end_rule_change

_NOW = datetime(2026, 11, 1, 8, tzinfo=UTC)
_LATER = _NOW + timedelta(days=2)
_CHANGE = RuleChange(
    rule="IC-01428",
    severity="warning",
    direction="answer",
    from_day=date(2026, 11, 1),
    to_day=None,
    reason="their release of tonight",
    made_at=_NOW,
    made_by="noura",
)
_GRACE = replace(
    _CHANGE, direction=None, participant="payer:INS-2001", to_day=date(2026, 11, 30), owner="Faisal"
)
_INSURER = ParticipantRecord(
    licence="payer:INS-2001",
    kind="insurer",
    name="First",
    endpoint=None,
    adapter=None,
    events=None,
    settings={"mode": "by-hand"},
    created_at=_NOW,
    changed_at=_NOW,
)


async def _all(database: Database) -> list[RuleChange]:
    async with database.read() as unit:
        return await all_rule_changes(unit)


async def test_changes_and_graces_are_there_again_in_the_order_they_were_made(database: Database) -> None:
    async with database.write() as unit:
        await add_participant(unit, _INSURER)
        await add_rule_change(unit, _CHANGE)
        await add_rule_change(unit, _GRACE)
    assert await _all(database) == [replace(_CHANGE, number=1), replace(_GRACE, number=2)]


async def test_what_is_ended_stays_as_a_record_and_ends_once(database: Database) -> None:
    async with database.write() as unit:
        await add_rule_change(unit, _CHANGE)
    async with database.write() as unit:
        assert await end_rule_change(unit, 1, _LATER, "omar")
    async with database.write() as unit:
        assert not await end_rule_change(unit, 1, _LATER + timedelta(days=1), "sara")
        assert not await end_rule_change(unit, 2, _LATER, "sara")
        await add_rule_change(unit, _CHANGE)
    ended = replace(_CHANGE, number=1, ended_at=_LATER, ended_by="omar")
    assert await _all(database) == [ended, replace(_CHANGE, number=2)]


async def test_a_grace_is_given_to_participants_only(database: Database) -> None:
    with pytest.raises(Conflict, match="not registered"):
        async with database.write() as unit:
            await add_rule_change(unit, _GRACE)
    assert await _all(database) == []


async def test_every_change_is_told_to_the_nodes(database: Database) -> None:
    seen = []
    async with database.write() as unit:
        await add_rule_change(unit, _CHANGE)
    async with database.read() as unit:
        seen.append(await revision(unit))
    async with database.write() as unit:
        await end_rule_change(unit, 1, _LATER, "omar")
    async with database.read() as unit:
        seen.append(await revision(unit))
    assert seen == [1, 2]
