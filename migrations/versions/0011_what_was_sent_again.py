"""What did operators have sent or judged again, who did, and why?

Revision: 0011, after 0010. Only adds. The release before gives up what was sent again after five days by the
time at which it was accepted.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "redrive",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("insurer", sa.String(length=120), nullable=False),
        sa.Column("chosen", sa.String(length=250), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(length=120), nullable=False),
        sa.Column("reason", sa.String(length=250), nullable=False),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stopped_by", sa.String(length=120), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_redrive")),
    )
    op.create_index(op.f("ix_redrive_insurer"), "redrive", ["insurer"])
    op.create_table(
        "redriven",
        sa.Column("redrive_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("exchange_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=250), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["redrive_id"], ["redrive.id"], name=op.f("fk_redriven_redrive_id")),
        sa.ForeignKeyConstraint(["exchange_id"], ["exchange.id"], name=op.f("fk_redriven_exchange_id")),
        sa.PrimaryKeyConstraint("redrive_id", "exchange_id", name=op.f("pk_redriven")),
    )
    op.create_index(op.f("ix_redriven_exchange_id_at"), "redriven", ["exchange_id", "at"])


def downgrade() -> None:
    op.drop_table("redriven")
    op.drop_table("redrive")
