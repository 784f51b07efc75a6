"""Which requests share no business identifier? Those that were not refused.

Revision: 0005, after 0004.
"""

import re
from collections.abc import Callable

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_KEY = ["provider", "focal_type", "focal_system", "focal_value"]
_OLD = "uq_exchange_provider_focal_type_focal_system_focal_value"
_NEW = "ix_exchange_identity"
_STANDS = sa.text("state <> 'refused'")
_CONSTRAINT = f",\n\tCONSTRAINT {_OLD} UNIQUE ({', '.join(_KEY)})\n)"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _rebuild(lambda made: re.sub(rf",\s*CONSTRAINT {_OLD} UNIQUE \([^)]*\)", "", made))
    else:
        op.drop_constraint(op.f(_OLD), "exchange", type_="unique")
    op.create_index(_NEW, "exchange", _KEY, unique=True, postgresql_where=_STANDS, sqlite_where=_STANDS)


def _rebuild(change: Callable[[str], str]) -> None:
    """SQLite takes no constraint away: the table is made anew, from its own words with that change.

    Rows that refer to it are met again before the commit, which is when deferred keys are looked at.
    """
    bind = op.get_bind()
    made = str(bind.scalar(sa.text("SELECT sql FROM sqlite_master WHERE name = 'exchange'")))
    indexes = bind.scalars(
        sa.text("SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'exchange' AND sql > ''")
    ).all()
    changed = change(made)
    assert changed != made, "the table does not say what is to be changed"
    for statement in (
        "PRAGMA defer_foreign_keys = ON",
        "CREATE TEMPORARY TABLE exchange_rows AS SELECT * FROM exchange",
        "DROP TABLE exchange",
        changed,
        "INSERT INTO exchange SELECT * FROM exchange_rows",
        "DROP TABLE exchange_rows",
        *indexes,
    ):
        bind.exec_driver_sql(statement)


def downgrade() -> None:
    op.drop_index(_NEW, "exchange")
    if op.get_bind().dialect.name == "sqlite":
        _rebuild(lambda made: made.rstrip().removesuffix(")").rstrip() + _CONSTRAINT)
    else:
        op.create_unique_constraint(op.f(_OLD), "exchange", _KEY)
