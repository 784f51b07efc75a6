"""Is an identifier of before among those that a message mentions? Found by its value, whosever it is.

Revision: 0013, after 0012. Only adds.
"""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_imported_value"), "imported", ["value"])


def downgrade() -> None:
    op.drop_index(op.f("ix_imported_value"), "imported")
