"""How does a poll find its messages among a million that wait, were delivered or are to be offered again?

Revision: 0008, after 0007. Only adds: the release before finds its way by the wider indexes too.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_WAITING = "delivered_at IS NULL"
_DELIVERED = "delivered_at IS NOT NULL"
_UNCONFIRMED = "delivered_at IS NOT NULL AND confirmed_at IS NULL"


def upgrade() -> None:
    op.add_column("poll_item", sa.Column("before", sa.Integer(), server_default="0", nullable=False))
    # Of rows that came at one moment, too, the first is found without sorting them all.
    op.drop_index("ix_mailbox_waiting", "mailbox")
    _index("ix_mailbox_waiting", ["queued_at", "message_id"], _WAITING)
    op.drop_index("ix_mailbox_unconfirmed", "mailbox")
    _index("ix_mailbox_unconfirmed", ["reserved_until", "message_id"], _UNCONFIRMED)
    _index("ix_mailbox_waiting_event", ["event", "queued_at", "message_id"], _WAITING)
    _index("ix_mailbox_unconfirmed_event", ["event", "reserved_until", "message_id"], _UNCONFIRMED)
    _index("ix_mailbox_client", ["client", "delivered_at"], _UNCONFIRMED)
    _index("ix_mailbox_delivered", ["delivered_at", "message_id"], _DELIVERED)
    op.create_index("ix_mailbox_about", "mailbox", ["provider", "about_value"])
    op.create_index(op.f("ix_topic_value_system"), "topic", ["value", "system"])


def _index(name: str, columns: Sequence[str], where: str) -> None:
    op.create_index(
        name, "mailbox", ["provider", *columns], postgresql_where=sa.text(where), sqlite_where=sa.text(where)
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_topic_value_system"), "topic")
    for name in (
        "ix_mailbox_about",
        "ix_mailbox_delivered",
        "ix_mailbox_client",
        "ix_mailbox_unconfirmed_event",
        "ix_mailbox_waiting_event",
        "ix_mailbox_unconfirmed",
        "ix_mailbox_waiting",
    ):
        op.drop_index(name, "mailbox")
    _index("ix_mailbox_waiting", ["queued_at"], _WAITING)
    _index("ix_mailbox_unconfirmed", ["delivered_at"], _UNCONFIRMED)
    op.drop_column("poll_item", "before")
