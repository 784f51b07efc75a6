"""What did operators say of a rule, who said it, and until when does it count?"""

from dataclasses import asdict, dataclass, replace
from datetime import date, datetime

from sqlalchemy import func, insert, select, update

from claimgw.errors import Conflict
from claimgw.store.database import Unit
from claimgw.store.participants import find_participant
from claimgw.store.revision import move_on
from claimgw.store.tables import rule_change


@dataclass(frozen=True, slots=True)
class RuleChange:
    """One change, or with a participant a grace. Days are included; `number` 0: not entered yet.

    `rule` is a code or a family. `direction` None: every one. `to_day` None: until further notice.
    """

    rule: str
    severity: str
    from_day: date
    to_day: date | None
    reason: str
    made_at: datetime
    made_by: str
    direction: str | None = None
    participant: str | None = None
    owner: str = ""
    ended_at: datetime | None = None
    ended_by: str | None = None
    number: int = 0


async def add_rule_change(unit: Unit, change: RuleChange) -> RuleChange:
    """Enter it under the next number. Raises Conflict if its participant is not registered."""
    await move_on(unit)
    if change.participant is not None and await find_participant(unit, change.participant) is None:
        raise Conflict(f"{change.participant} is not registered; 'claimgw participants list' shows who is")
    # Safe, for changes of the registry wait for each other.
    last = await unit.scalar(select(func.max(rule_change.c.number)))
    numbered = replace(change, number=(last or 0) + 1)
    await unit.execute(insert(rule_change).values(**asdict(numbered)))
    return numbered


async def end_rule_change(unit: Unit, number: int, at: datetime, by: str) -> bool:
    """It counts no longer for what comes from now on; it stays as a record. False if none such counts."""
    await move_on(unit)
    ended = await unit.execute(
        update(rule_change)
        .where(rule_change.c.number == number, rule_change.c.ended_at.is_(None))
        .values(ended_at=at, ended_by=by)
    )
    return ended.rowcount == 1


async def all_rule_changes(unit: Unit) -> list[RuleChange]:
    """In the order they were made, those that ended too."""
    rows = await unit.execute(select(rule_change).order_by(rule_change.c.number))
    return [RuleChange(**row._asdict()) for row in rows]
