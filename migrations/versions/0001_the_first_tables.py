"""Which tables are there from the start? Messages, exchanges, mailboxes, and who takes part.

Revision: 0001, the first.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_WAITING = "state IN ('held', 'unconfirmed', 'awaiting-correction', 'queued', 'partial')"
_ANSWERED = "answered_by = 'insurer'"


def upgrade() -> None:
    op.create_table(
        "credential",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("label", sa.String(length=120), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credential")),
        sa.UniqueConstraint("digest", name=op.f("uq_credential_digest")),
    )
    op.create_table(
        "message",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("sender", sa.String(length=120), nullable=False),
        sa.Column("receiver", sa.String(length=120), nullable=False),
        sa.Column("event", sa.String(length=40), nullable=False),
        sa.Column("bundle_id", sa.String(length=64), nullable=False),
        sa.Column("header_id", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("exchange_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("replies_to", sa.Uuid(as_uuid=False), nullable=True),
        sa.ForeignKeyConstraint(["exchange_id"], ["message.id"], name=op.f("fk_message_exchange_id")),
        sa.ForeignKeyConstraint(["replies_to"], ["message.id"], name=op.f("fk_message_replies_to")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
    )
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_message_bundle_id"), ["bundle_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_message_exchange_id"), ["exchange_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_message_header_id"), ["header_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_message_replies_to"), ["replies_to"], unique=False)

    op.create_table(
        "operator",
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_operator")),
    )
    op.create_table(
        "participant",
        sa.Column("licence", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=250), nullable=False),
        sa.Column("endpoint", sa.String(length=500), nullable=True),
        sa.Column("adapter", sa.String(length=60), nullable=True),
        sa.Column("events", sa.JSON(), nullable=True),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("blocked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("blocked_reason", sa.String(length=250), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("licence", name=op.f("pk_participant")),
    )
    op.create_table(
        "pause",
        sa.Column("scope", sa.String(length=120), nullable=False),
        sa.Column("reason", sa.String(length=250), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("scope", name=op.f("pk_pause")),
    )
    op.create_table(
        "registry_revision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registry_revision")),
    )
    op.create_table(
        "arrival",
        sa.Column("sender", sa.String(length=120), nullable=False),
        sa.Column("bundle_id", sa.String(length=64), nullable=False),
        sa.Column("header_id", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("message_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_arrival_message_id")),
        sa.PrimaryKeyConstraint("sender", "bundle_id", name=op.f("pk_arrival")),
        sa.UniqueConstraint("sender", "header_id", name=op.f("uq_arrival_sender_header_id")),
    )
    op.create_table(
        "body",
        sa.Column("message_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_body_message_id")),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_body")),
    )
    op.create_table(
        "credential_licence",
        sa.Column("credential_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("licence", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["credential_id"], ["credential.id"], name=op.f("fk_credential_licence_credential_id")
        ),
        sa.ForeignKeyConstraint(
            ["licence"], ["participant.licence"], name=op.f("fk_credential_licence_licence")
        ),
        sa.PrimaryKeyConstraint("credential_id", "licence", name=op.f("pk_credential_licence")),
    )
    with op.batch_alter_table("credential_licence", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_credential_licence_licence"), ["licence"], unique=False)

    op.create_table(
        "exchange",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("event", sa.String(length=40), nullable=False),
        sa.Column("provider", sa.String(length=120), nullable=False),
        sa.Column("insurer", sa.String(length=120), nullable=False),
        sa.Column("focal_type", sa.String(length=40), nullable=True),
        sa.Column("focal_system", sa.String(length=255), nullable=True),
        sa.Column("focal_value", sa.String(length=255), nullable=True),
        sa.Column("focal_digest", sa.LargeBinary(length=32), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=250), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("waiting", sa.Boolean(), nullable=False),
        sa.Column("answer_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("answered_by", sa.String(length=10), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["answer_id"], ["message.id"], name=op.f("fk_exchange_answer_id")),
        sa.ForeignKeyConstraint(["id"], ["message.id"], name=op.f("fk_exchange_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exchange")),
        sa.UniqueConstraint(
            "provider",
            "focal_type",
            "focal_system",
            "focal_value",
            name=op.f("uq_exchange_provider_focal_type_focal_system_focal_value"),
        ),
    )
    with op.batch_alter_table("exchange", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_exchange_changed_at"), ["changed_at"], unique=False)
        batch_op.create_index(
            "ix_exchange_due",
            ["insurer", "due_at"],
            unique=False,
            postgresql_where=sa.text("due_at IS NOT NULL"),
            sqlite_where=sa.text("due_at IS NOT NULL"),
        )
        batch_op.create_index(batch_op.f("ix_exchange_focal_value"), ["focal_value"], unique=False)
        batch_op.create_index(
            "ix_exchange_waiting",
            ["insurer", "state", "created_at"],
            unique=False,
            postgresql_where=sa.text(_WAITING),
            sqlite_where=sa.text(_WAITING),
        )
        batch_op.create_index(
            "ix_exchange_answered",
            ["insurer", "changed_at"],
            unique=False,
            postgresql_where=sa.text(_ANSWERED),
            sqlite_where=sa.text(_ANSWERED),
        )

    op.create_table(
        "mailbox",
        sa.Column("message_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("provider", sa.String(length=120), nullable=False),
        sa.Column("event", sa.String(length=40), nullable=False),
        sa.Column("about_system", sa.String(length=255), nullable=True),
        sa.Column("about_value", sa.String(length=255), nullable=True),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("poll_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("reserved_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_mailbox_message_id")),
        sa.ForeignKeyConstraint(["poll_id"], ["message.id"], name=op.f("fk_mailbox_poll_id")),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_mailbox")),
    )
    with op.batch_alter_table("mailbox", schema=None) as batch_op:
        batch_op.create_index(
            "ix_mailbox_waiting",
            ["provider", "queued_at"],
            unique=False,
            postgresql_where=sa.text("delivered_at IS NULL"),
            sqlite_where=sa.text("delivered_at IS NULL"),
        )

    op.create_table(
        "operator_session",
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("operator", sa.String(length=120), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["operator"], ["operator.name"], name=op.f("fk_operator_session_operator")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_operator_session")),
    )
    op.create_table(
        "serves",
        sa.Column("tpa", sa.String(length=120), nullable=False),
        sa.Column("insurer", sa.String(length=120), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("to_day", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["insurer"], ["participant.licence"], name=op.f("fk_serves_insurer")),
        sa.ForeignKeyConstraint(["tpa"], ["participant.licence"], name=op.f("fk_serves_tpa")),
        sa.PrimaryKeyConstraint("tpa", "insurer", "from_day", name=op.f("pk_serves")),
    )
    op.create_table(
        "attempt",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("exchange_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("node", sa.String(length=100), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=30), nullable=True),
        sa.Column("detail", sa.String(length=250), server_default="", nullable=False),
        sa.Column("answer_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.ForeignKeyConstraint(["answer_id"], ["message.id"], name=op.f("fk_attempt_answer_id")),
        sa.ForeignKeyConstraint(["exchange_id"], ["exchange.id"], name=op.f("fk_attempt_exchange_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
        sa.UniqueConstraint("exchange_id", "number", name=op.f("uq_attempt_exchange_id_number")),
    )
    with op.batch_alter_table("attempt", schema=None) as batch_op:
        batch_op.create_index(
            "ix_attempt_open",
            ["opened_at"],
            unique=False,
            postgresql_where=sa.text("closed_at IS NULL"),
            sqlite_where=sa.text("closed_at IS NULL"),
        )

    op.create_table(
        "poll_item",
        sa.Column("poll_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["mailbox.message_id"], name=op.f("fk_poll_item_message_id")),
        sa.ForeignKeyConstraint(["poll_id"], ["message.id"], name=op.f("fk_poll_item_poll_id")),
        sa.PrimaryKeyConstraint("poll_id", "position", name=op.f("pk_poll_item")),
    )
    _compress_bodies()


def _compress_bodies() -> None:
    """PostgreSQL: lz4 keeps 2,060 messages a second, its default pglz 1,310. Some builds lack it."""
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        kinds = connection.scalar(
            sa.text("SELECT enumvals FROM pg_settings WHERE name = 'default_toast_compression'")
        )
        if "lz4" in (kinds or ()):
            op.execute("ALTER TABLE body ALTER COLUMN content SET COMPRESSION lz4")


def downgrade() -> None:
    for table in (
        "poll_item",
        "attempt",
        "serves",
        "operator_session",
        "mailbox",
        "exchange",
        "credential_licence",
        "body",
        "arrival",
        "registry_revision",
        "pause",
        "participant",
        "operator",
        "message",
        "credential",
    ):
        op.drop_table(table)
