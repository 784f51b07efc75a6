"""Do operators' changes of rules count from their first day to the day they end, on every node?"""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import update

from claimgw.access.registry import Registry
from claimgw.access.rules import Period, period_of, severities_of
from claimgw.clock import ManualClock
from claimgw.conformance.severity import Direction, defaults
from claimgw.messages.findings import Finding, Severity
from claimgw.store.database import Database
from claimgw.store.rule_changes import RuleChange, add_rule_change, end_rule_change
from claimgw.store.tables import rule_change
from tests.access.registered import NOW

_FAULT = Finding("IC-01428", "Bundle", "A fault")
_DAY = date(2026, 11, 10)
_CHANGE = RuleChange(
    rule="IC-01428",
    severity="warning",
    from_day=_DAY,
    to_day=None,
    reason="",
    made_at=datetime(2026, 11, 10, 2, tzinfo=UTC),
    made_by="noura",
)


def _ended(hour: int, day: int) -> RuleChange:
    return replace(_CHANGE, ended_at=datetime(2026, 11, day, hour, tzinfo=UTC), ended_by="noura")


@pytest.mark.parametrize(
    ("change", "period"),
    [
        (_CHANGE, Period(_DAY, None)),
        (replace(_CHANGE, to_day=date(2026, 11, 12)), Period(_DAY, date(2026, 11, 12))),
        (_ended(20, 13), Period(_DAY, date(2026, 11, 12))),
        (_ended(21, 13), Period(_DAY, date(2026, 11, 13))),  # the 14th has begun in Riyadh
        (replace(_ended(8, 20), to_day=date(2026, 11, 12)), Period(_DAY, date(2026, 11, 12))),
        (_ended(8, 10), None),
    ],
)
def test_what_is_taken_back_counts_for_the_days_before(change: RuleChange, period: Period | None) -> None:
    assert period_of(change) == period


def test_a_row_that_was_spoilt_by_hand_is_left_out_alone() -> None:
    spoilt = replace(_CHANGE, severity="fatal", number=7)
    severities, faults = severities_of([spoilt, replace(_CHANGE, rule="BV", severity="off")])
    assert severities.judged(_FAULT, Direction.REQUEST, _DAY) == _FAULT
    assert severities.judged(replace(_FAULT, code="BV-00002"), Direction.REQUEST, _DAY) is None
    assert len(faults) == 1
    assert "change 7 of IC-01428" in faults[0]


def test_without_changes_the_shipped_table_counts() -> None:
    assert severities_of([]) == (defaults(), ())


async def _told(registry: Registry) -> Severity | None:
    judged = (await registry.current()).severities.judged(_FAULT, Direction.REQUEST, _DAY)
    return judged.severity if judged else None


async def test_a_change_and_its_end_reach_every_node_within_five_seconds(
    database: Database, clock: ManualClock
) -> None:
    nodes = [Registry(database, clock), Registry(database, clock)]
    assert [await _told(node) for node in nodes] == [Severity.ERROR, Severity.ERROR]
    async with database.write() as unit:
        await add_rule_change(unit, _CHANGE)
    clock.advance(4.9)
    assert [await _told(node) for node in nodes] == [Severity.WARNING, Severity.WARNING]
    async with database.write() as unit:
        await end_rule_change(unit, 1, datetime(2026, 11, 10, 3, tzinfo=UTC), "noura")
    clock.advance(4.9)
    assert [await _told(node) for node in nodes] == [Severity.ERROR, Severity.ERROR]


async def test_the_registry_names_a_change_that_cannot_be_used(
    database: Database, clock: ManualClock
) -> None:
    async with database.write() as unit:
        await add_rule_change(unit, replace(_CHANGE, made_at=NOW))
        await unit.execute(update(rule_change).values(direction="sideways"))
    registry = await Registry(database, clock).current()
    assert [fault.partition(":")[0] for fault in registry.faults] == ["change 1 of IC-01428"]
