"""Where is it kept which provider was told that its mailbox is not empty?

Revision: 0004, after 0003.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mailbox_notice",
        sa.Column("provider", sa.String(length=120), nullable=False),
        sa.Column("told_of", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["provider"], ["participant.licence"], name=op.f("fk_mailbox_notice_provider")
        ),
        sa.ForeignKeyConstraint(["told_of"], ["mailbox.message_id"], name=op.f("fk_mailbox_notice_told_of")),
        sa.PrimaryKeyConstraint("provider", name=op.f("pk_mailbox_notice")),
    )


def downgrade() -> None:
    op.drop_table("mailbox_notice")
