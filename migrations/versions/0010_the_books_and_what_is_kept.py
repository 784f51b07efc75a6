"""What balances the books, and of which messages are the bytes no longer kept?

Revision: 0010, after 0009. Only adds. The release before leaves the new columns of `exchange` null in what it
takes in: the ledger then counts nothing against them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("exchange", sa.Column("tries", sa.Integer(), nullable=True))
    op.add_column("exchange", sa.Column("mailed", sa.Integer(), nullable=True))
    op.create_table(
        "chore",
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("node", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_chore")),
    )
    op.create_table(
        "body_gone",
        sa.Column("message_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_body_gone_message_id")),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_body_gone")),
    )
    op.create_table(
        "retention",
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("reached", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("deleted", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_retention")),
    )
    op.create_table(
        "lingering",
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("message_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_lingering_message_id")),
        sa.PrimaryKeyConstraint("kind", "message_id", name=op.f("pk_lingering")),
    )


def downgrade() -> None:
    for table in ("lingering", "retention", "body_gone", "chore"):
        op.drop_table(table)
    op.drop_column("exchange", "mailed")
    op.drop_column("exchange", "tries")
