"""Which column types and shared metadata do all tables use?"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, Index, MetaData, String, TypeDecorator, Uuid, text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

# A licence as it is kept: "provider:PR-1001", "payer:INS-2001", "nphies:NPHIES".
Licence = String(120)
Id = Uuid(as_uuid=False)


def where_set(column: str, *others: str, name: str | None = None) -> Index:
    """An index of the rows that have that column: of the others nobody asks by it, and most lack it."""
    here = text(f'"{column}" IS NOT NULL')
    return Index(name, column, *others, postgresql_where=here, sqlite_where=here)


class Instant(TypeDecorator[datetime]):
    """An aware moment in UTC. SQLite forgets zones, so the zone is taken off and put back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone cannot be stored; hand in an aware datetime")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
