"""Which answers that insurers sent by themselves could not be used?

Revision: 0012, after 0011. Only adds. What the release before refuses meanwhile is not noted.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "refused_answer",
        sa.Column("message_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("insurer", sa.String(length=120), nullable=False),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("codes", sa.String(length=250), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_refused_answer_message_id")),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_refused_answer")),
    )
    op.create_index(op.f("ix_refused_answer_insurer_refused_at"), "refused_answer", ["insurer", "refused_at"])


def downgrade() -> None:
    op.drop_table("refused_answer")
