"""What was changed of a participant, who did it and when? Written once, and never changed."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select

from claimgw.store.database import Unit
from claimgw.store.tables import participant_change


@dataclass(frozen=True, slots=True)
class ParticipantChange:
    """`fields`: by the name of each, what it was and what it is; JSON values, null for the default."""

    id: str
    licence: str
    made_at: datetime
    made_by: str
    fields: Mapping[str, Any]

    @property
    def said(self) -> list[tuple[str, str | None, str | None]]:
        """By field what it was and what it is, as text: JSON, save for what is text already."""
        return [(name, _said(was), _said(now)) for name, (was, now) in self.fields.items()]


def _said(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)


async def add_change(unit: Unit, change: ParticipantChange) -> None:
    """Enter it beside the change itself, in the same unit."""
    await unit.execute(insert(participant_change).values(**asdict(change)))


async def changes_of(unit: Unit, licence: str) -> list[ParticipantChange]:
    """Oldest first."""
    rows = await unit.execute(
        select(participant_change)
        .where(participant_change.c.licence == licence)
        .order_by(participant_change.c.made_at, participant_change.c.id)
    )
    return [ParticipantChange(**row._mapping) for row in rows]
