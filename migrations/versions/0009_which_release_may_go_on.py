"""Which is the oldest release whose code may work on these tables, beside the newest?

Revision: 0009, after 0008. Only adds. A later migration that takes something away, or lets a statement of an
older release fail, sets the row to the first revision whose code can do without (docs/decisions/0022).
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# Since then only was added; 0005 changed a key.
_OLDEST = "0005"


def upgrade() -> None:
    floor = op.create_table(
        "schema_floor",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("oldest", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schema_floor")),
    )
    op.bulk_insert(floor, [{"id": 1, "oldest": _OLDEST}])


def downgrade() -> None:
    op.drop_table("schema_floor")
