"""What waits for each provider to poll, and which poll was given what?"""

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, text

from claimgw.store.tables.columns import Id, Instant, Licence, metadata

_WAITING = "delivered_at IS NULL"
_DELIVERED = "delivered_at IS NOT NULL"
_UNCONFIRMED = "delivered_at IS NOT NULL AND confirmed_at IS NULL"


def _of_provider(name: str, *columns: str, where: str) -> Index:
    """Nobody's poll looks at rows that another provider, or another state, has."""
    return Index(name, "provider", *columns, postgresql_where=text(where), sqlite_where=text(where))


# `about_*` is the business identifier the message answers: the focus filter of a poll.
# `poll_id`: the poll that has it, or had it last, until `reserved_until`; once delivered that is when it is
# offered again unless it is confirmed before.
# `client`: the credential whose poll was given it; `confirmed_at`: when that client let us know that it has
# it, for providers registered to do so, otherwise when it was delivered; `offers`: how many polls had it.
mailbox = Table(
    "mailbox",
    metadata,
    Column("message_id", Id, ForeignKey("message.id"), primary_key=True),
    Column("provider", Licence, nullable=False),
    Column("event", String(40), nullable=False),
    Column("about_system", String(255), nullable=True),
    Column("about_value", String(255), nullable=True),
    Column("size", Integer, nullable=False),
    Column("queued_at", Instant, nullable=False),
    Column("poll_id", Id, ForeignKey("message.id"), nullable=True),
    Column("reserved_until", Instant, nullable=True),
    Column("delivered_at", Instant, nullable=True),
    Column("client", Id, nullable=True),
    Column("confirmed_at", Instant, nullable=True),
    Column("offers", Integer, nullable=False, server_default="0"),
    _of_provider("ix_mailbox_waiting", "queued_at", "message_id", where=_WAITING),
    _of_provider("ix_mailbox_waiting_event", "event", "queued_at", "message_id", where=_WAITING),
    _of_provider("ix_mailbox_unconfirmed", "reserved_until", "message_id", where=_UNCONFIRMED),
    _of_provider("ix_mailbox_unconfirmed_event", "event", "reserved_until", "message_id", where=_UNCONFIRMED),
    _of_provider("ix_mailbox_client", "client", "delivered_at", where=_UNCONFIRMED),
    _of_provider("ix_mailbox_delivered", "delivered_at", "message_id", where=_DELIVERED),
    Index("ix_mailbox_about", "provider", "about_value"),
)

# What a poll was answered with, in order: the same poll sent again gets the same messages again.
# `before`: how many polls had it before, as this one was told.
poll_item = Table(
    "poll_item",
    metadata,
    Column("poll_id", Id, ForeignKey("message.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("message_id", Id, ForeignKey("mailbox.message_id"), nullable=False),
    Column("before", Integer, nullable=False, server_default="0"),
)

# The last notice to a provider's webhook: `told_of` is the newest message that waited then.
mailbox_notice = Table(
    "mailbox_notice",
    metadata,
    Column("provider", Licence, ForeignKey("participant.licence"), primary_key=True),
    Column("told_of", Id, ForeignKey("mailbox.message_id"), nullable=False),
    Column("told_at", Instant, nullable=False),
)
