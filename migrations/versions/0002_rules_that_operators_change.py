"""Where is it kept how bad operators say that the breach of a rule is?

Revision: 0002, after 0001.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rule_change",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rule", sa.String(length=64), nullable=False),
        sa.Column("direction", sa.String(length=10), nullable=True),
        sa.Column("severity", sa.String(length=12), nullable=False),
        sa.Column("participant", sa.String(length=120), nullable=True),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("to_day", sa.Date(), nullable=True),
        sa.Column("owner", sa.String(length=120), nullable=False),
        sa.Column("reason", sa.String(length=250), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(length=120), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(length=120), nullable=True),
        sa.ForeignKeyConstraint(
            ["participant"], ["participant.licence"], name=op.f("fk_rule_change_participant")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_rule_change")),
    )


def downgrade() -> None:
    op.drop_table("rule_change")
