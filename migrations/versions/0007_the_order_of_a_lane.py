"""In which order does a lane go on, also when all of it is due at one moment, and is a lane held or drained?

Revision: 0007, after 0006. Only adds: the release before takes a drained lane for a paused one.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_DUE = sa.text("due_at IS NOT NULL")


def upgrade() -> None:
    _index(["insurer", "due_at", "id"])
    op.add_column("pause", sa.Column("kind", sa.String(length=10), server_default="hold", nullable=False))


def _index(columns: list[str]) -> None:
    op.drop_index("ix_exchange_due", "exchange")
    op.create_index("ix_exchange_due", "exchange", columns, postgresql_where=_DUE, sqlite_where=_DUE)


def downgrade() -> None:
    op.drop_column("pause", "kind")
    _index(["insurer", "due_at"])
