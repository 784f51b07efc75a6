"""Where is it kept what later messages refer to, which batch a claim came in, and what a message is about?

Revision: 0003, after 0002.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_BEFORE = "state IN ('held', 'unconfirmed', 'awaiting-correction', 'queued', 'partial')"
_WAITING = "state IN ('unchecked', 'held', 'unconfirmed', 'awaiting-correction', 'queued', 'partial')"
_CANCELLING = "event = 'cancel-request' AND state = 'in-flight'"


def upgrade() -> None:
    _refer("about_id", "exchange")
    _refer("batch_id", "message")
    _waiting(_WAITING)
    op.create_index(
        "ix_exchange_cancelling",
        "exchange",
        ["about_id"],
        unique=True,
        postgresql_where=sa.text(_CANCELLING),
        sqlite_where=sa.text(_CANCELLING),
    )
    _relation()
    _statement()
    _before_us()


def _refer(column: str, table: str) -> None:
    """A new column that refers to another table, written out: alembic would copy the table on SQLite.

    With foreign keys on, to drop the old table would break every row that refers to it.
    """
    kind = sa.Uuid(as_uuid=False).compile(dialect=op.get_bind().dialect)
    op.execute(
        f"ALTER TABLE exchange ADD COLUMN {column} {kind}"
        f" CONSTRAINT fk_exchange_{column} REFERENCES {table} (id)"
    )
    op.create_index(op.f(f"ix_exchange_{column}"), "exchange", [column])


def _waiting(states: str) -> None:
    op.drop_index("ix_exchange_waiting", "exchange")
    op.create_index(
        "ix_exchange_waiting",
        "exchange",
        ["insurer", "state", "created_at"],
        postgresql_where=sa.text(states),
        sqlite_where=sa.text(states),
    )


def _relation() -> None:
    op.create_table(
        "relation",
        sa.Column("exchange_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("system", sa.String(length=255), nullable=False),
        sa.Column("value", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(["exchange_id"], ["exchange.id"], name=op.f("fk_relation_exchange_id")),
        sa.PrimaryKeyConstraint("exchange_id", "kind", "system", "value", name=op.f("pk_relation")),
    )
    op.create_index(op.f("ix_relation_value_kind"), "relation", ["value", "kind"])
    op.create_table(
        "topic",
        sa.Column("message_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("system", sa.String(length=255), nullable=False),
        sa.Column("value", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["mailbox.message_id"], name=op.f("fk_topic_message_id")),
        sa.PrimaryKeyConstraint("message_id", "system", "value", name=op.f("pk_topic")),
    )


def _statement() -> None:
    op.create_table(
        "statement",
        sa.Column("message_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("exchange_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("provider", sa.String(length=120), nullable=False),
        sa.Column("insurer", sa.String(length=120), nullable=False),
        sa.Column("event", sa.String(length=40), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=True),
        sa.Column("system", sa.String(length=255), nullable=True),
        sa.Column("value", sa.String(length=255), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("adjudication", sa.String(length=20), nullable=True),
        sa.Column("authorization", sa.String(length=255), nullable=True),
        sa.Column("created", sa.String(length=40), nullable=True),
        sa.Column("amount", sa.String(length=40), nullable=True),
        sa.Column("by_gateway", sa.Boolean(), nullable=False),
        sa.Column("withdrawn_by", sa.String(length=10), nullable=True),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_statement_message_id")),
        sa.ForeignKeyConstraint(["exchange_id"], ["exchange.id"], name=op.f("fk_statement_exchange_id")),
        sa.PrimaryKeyConstraint("message_id", "position", name=op.f("pk_statement")),
    )
    op.create_index(op.f("ix_statement_exchange_id"), "statement", ["exchange_id"])
    op.create_index(op.f("ix_statement_value"), "statement", ["value"])
    op.create_index("ix_statement_authorization", "statement", ["authorization", "provider", "insurer"])


def _before_us() -> None:
    op.create_table(
        "history_start",
        sa.Column("provider", sa.String(length=120), nullable=False),
        sa.Column("insurer", sa.String(length=120), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("set_by", sa.String(length=120), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("provider", "insurer", name=op.f("pk_history_start")),
    )
    op.create_table(
        "imported",
        sa.Column("provider", sa.String(length=120), nullable=False),
        sa.Column("insurer", sa.String(length=120), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("system", sa.String(length=255), nullable=False),
        sa.Column("value", sa.String(length=255), nullable=False),
        sa.Column("event", sa.String(length=40), nullable=False),
        sa.Column("standing", sa.String(length=12), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("provider", "insurer", "type", "system", "value", name=op.f("pk_imported")),
    )


def downgrade() -> None:
    for name in ("imported", "history_start", "statement", "topic", "relation"):
        op.drop_table(name)
    op.drop_index("ix_exchange_cancelling", "exchange")
    _waiting(_BEFORE)
    for column in ("batch_id", "about_id"):
        op.drop_index(op.f(f"ix_exchange_{column}"), "exchange")
        op.drop_column("exchange", column)
