"""What did the last look at the books find? One alert while they do not balance."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select

from claimgw.store.alerts import Kind, end_alert, raise_alert
from claimgw.store.database import Unit
from claimgw.store.ledger import Ledger
from claimgw.store.tables import alert

SUBJECT = "*"


@dataclass(frozen=True, slots=True)
class Unbalanced:
    """Since when the books do not balance, and what is wrong with them, as a sentence and as data."""

    since: datetime
    text: str
    wrong: int
    detail: dict[str, Any]


async def enter(unit: Unit, found: Ledger, now: datetime) -> None:
    """Begin an alert, bring it up to date or end it, by what was found."""
    if found.balances:
        await end_alert(unit, Kind.LEDGER, SUBJECT, now)
    else:
        await raise_alert(unit, Kind.LEDGER, SUBJECT, sentence(found), _detail(found), now)


async def unbalanced(unit: Unit) -> Unbalanced | None:
    """What the last look has found wrong; None if nothing."""
    query = select(alert.c.since, alert.c.text, alert.c.detail).where(*_present())
    row = (await unit.execute(query)).one_or_none()
    return Unbalanced(row.since, row.text, row.detail["wrong"], row.detail) if row else None


def sentence(found: Ledger) -> str:
    """What is wrong, in one sentence; whose it is and ids are for whoever may ask for them."""
    told = [f"{one.table}: {one.count} ({one.says})" for one in found.differences]
    if lanes := sum(not lane.balances for lane in found.lanes.values()):
        told.append(f"accepted and placed differ for {lanes} insurer{'s' * (lanes > 1)}")
    return "the books do not balance: " + "; ".join(told) if told else "the books balance"


def _detail(found: Ledger) -> dict[str, Any]:
    return {
        "wrong": found.wrong,
        "differences": [
            {
                "table": one.table,
                "says": one.says,
                "insurer": one.insurer,
                "count": one.count,
                "ids": list(one.ids),
            }
            for one in found.differences
        ],
    }


def _present() -> list[ColumnElement[bool]]:
    return [alert.c.kind == Kind.LEDGER.value, alert.c.subject == SUBJECT, alert.c.ended_at.is_(None)]
