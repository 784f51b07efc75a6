"""What has become of each request, and of each try to deliver it?"""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
    text,
)

from claimgw.store.tables.columns import Id, Instant, Licence, metadata, where_set

_WAITING = "state IN ('unchecked', 'held', 'unconfirmed', 'awaiting-correction', 'queued', 'partial')"
_GIVEN_UP = "state = 'given-up'"
_CANCELLING = "event = 'cancel-request' AND state = 'in-flight'"
_ANSWERED = "answered_by = 'insurer'"

# The id of an exchange is the id of its request message.
# `insurer` names the lane: the licence the request was addressed to (an insurer or a TPA).
# `waiting`: the provider's session is still open and has not been answered.
# `about_id`: the earlier request that this one is about (its claim, its original); it never overtakes it.
# `batch_id`: the batch that it came in.
# `tries`, `mailed`: how many attempts were opened for it and how many messages put into the mailbox, to be
# counted against their rows. Null where a release before these columns took it in.
exchange = Table(
    "exchange",
    metadata,
    Column("id", Id, ForeignKey("message.id"), primary_key=True),
    Column("event", String(40), nullable=False),
    Column("provider", Licence, nullable=False),
    Column("insurer", Licence, nullable=False),
    Column("focal_type", String(40), nullable=True),
    Column("focal_system", String(255), nullable=True),
    Column("focal_value", String(255), nullable=True),
    Column("focal_digest", LargeBinary(32), nullable=True),
    Column("state", String(20), nullable=False),
    Column("reason", String(250), nullable=False, server_default=""),
    Column("created_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=True),
    Column("waiting", Boolean, nullable=False),
    Column("answer_id", Id, ForeignKey("message.id"), nullable=True),
    Column("answered_by", String(10), nullable=True),
    Column("about_id", Id, ForeignKey("exchange.id"), nullable=True),
    Column("batch_id", Id, ForeignKey("message.id"), nullable=True),
    Column("revision", Integer, nullable=False),
    Column("tries", Integer, nullable=True),
    Column("mailed", Integer, nullable=True),
    # An identifier stands for one request; what was refused never stood for anything.
    Index(
        "ix_exchange_identity",
        "provider",
        "focal_type",
        "focal_system",
        "focal_value",
        unique=True,
        postgresql_where=text("state <> 'refused'"),
        sqlite_where=text("state <> 'refused'"),
    ),
    Index(
        "ix_exchange_due",
        "insurer",
        "due_at",
        "id",
        postgresql_where=text("due_at IS NOT NULL"),
        sqlite_where=text("due_at IS NOT NULL"),
    ),
    Index(None, "changed_at"),
    where_set("about_id"),
    where_set("batch_id"),
    # Two cancellations of one claim at once: one of them is first, the other hears so.
    Index(
        "ix_exchange_cancelling",
        "about_id",
        unique=True,
        postgresql_where=text(_CANCELLING),
        sqlite_where=text(_CANCELLING),
    ),
    Index(None, "focal_value"),
    # For the console: what waits, and when each insurer answered last, whatever the backlog.
    Index(
        "ix_exchange_waiting",
        "insurer",
        "state",
        "created_at",
        postgresql_where=text(_WAITING),
        sqlite_where=text(_WAITING),
    ),
    # Dead letters: nobody tries any more, and an operator may.
    Index(
        "ix_exchange_given_up",
        "insurer",
        "changed_at",
        postgresql_where=text(_GIVEN_UP),
        sqlite_where=text(_GIVEN_UP),
    ),
    Index(
        "ix_exchange_answered",
        "insurer",
        "changed_at",
        postgresql_where=text(_ANSWERED),
        sqlite_where=text(_ANSWERED),
    ),
)

# Open (`closed_at` null) means unknown, not failed: it may have arrived.
attempt = Table(
    "attempt",
    metadata,
    Column("id", Id, primary_key=True),
    Column("exchange_id", Id, ForeignKey("exchange.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("node", String(100), nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("closed_at", Instant, nullable=True),
    Column("outcome", String(30), nullable=True),
    Column("detail", String(250), nullable=False, server_default=""),
    Column("answer_id", Id, ForeignKey("message.id"), nullable=True),
    UniqueConstraint("exchange_id", "number"),
    Index(
        "ix_attempt_open",
        "opened_at",
        postgresql_where=text("closed_at IS NULL"),
        sqlite_where=text("closed_at IS NULL"),
    ),
)
