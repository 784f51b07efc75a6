"""Where do nodes keep what they must agree on, who changed a participant, and what is not confirmed yet?

Revision: 0006, after 0005. Only adds: the release before goes on beside it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_GIVEN_UP = sa.text("state = 'given-up'")
_UNCONFIRMED = sa.text("delivered_at IS NOT NULL AND confirmed_at IS NULL")
_PRESENT = sa.text("ended_at IS NULL")


def upgrade() -> None:
    op.create_index(
        "ix_exchange_given_up",
        "exchange",
        ["insurer", "changed_at"],
        postgresql_where=_GIVEN_UP,
        sqlite_where=_GIVEN_UP,
    )
    _mailbox()
    _nodes()
    _alert()
    op.create_table(
        "participant_change",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("licence", sa.String(length=120), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(length=120), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["licence"], ["participant.licence"], name=op.f("fk_participant_change_licence")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_participant_change")),
    )
    op.create_index(
        op.f("ix_participant_change_licence_made_at"), "participant_change", ["licence", "made_at"]
    )


def _mailbox() -> None:
    op.add_column("mailbox", sa.Column("client", sa.Uuid(as_uuid=False), nullable=True))
    op.add_column("mailbox", sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("mailbox", sa.Column("offers", sa.Integer(), server_default="0", nullable=False))
    # What was delivered before anybody could confirm it counts as confirmed.
    op.execute("UPDATE mailbox SET confirmed_at = delivered_at, offers = 1 WHERE delivered_at IS NOT NULL")
    op.create_index(
        "ix_mailbox_unconfirmed",
        "mailbox",
        ["provider", "delivered_at"],
        postgresql_where=_UNCONFIRMED,
        sqlite_where=_UNCONFIRMED,
    )


def _nodes() -> None:
    op.create_table(
        "node",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("release", sa.String(length=40), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("beat", sa.Integer(), nullable=False),
        sa.Column("beaten_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_node")),
    )
    op.create_table(
        "breaker",
        sa.Column("licence", sa.String(length=120), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=250), server_default="", nullable=False),
        sa.Column("opened", sa.Integer(), server_default="0", nullable=False),
        sa.Column("probe_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("prober", sa.String(length=100), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["licence"], ["participant.licence"], name=op.f("fk_breaker_licence")),
        sa.PrimaryKeyConstraint("licence", name=op.f("pk_breaker")),
    )
    op.create_table(
        "allowance",
        sa.Column("licence", sa.String(length=120), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("licence", name=op.f("pk_allowance")),
    )


def _alert() -> None:
    op.create_table(
        "alert",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("text", sa.String(length=500), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_told_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
    )
    op.create_index(
        "ix_alert_present",
        "alert",
        ["kind", "subject"],
        unique=True,
        postgresql_where=_PRESENT,
        sqlite_where=_PRESENT,
    )


def downgrade() -> None:
    op.drop_table("participant_change")
    op.drop_table("alert")
    op.drop_table("allowance")
    op.drop_table("breaker")
    op.drop_table("node")
    op.drop_index("ix_mailbox_unconfirmed", "mailbox")
    for column in ("offers", "confirmed_at", "client"):
        op.drop_column("mailbox", column)
    op.drop_index("ix_exchange_given_up", "exchange")
