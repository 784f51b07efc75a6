"""What do the messages of a claim's life say that later messages refer to?

No name, number or birth date of a person is here: a patient stands as a digest. docs/memory.md lists it all.
"""

from sqlalchemy import Boolean, Column, Date, ForeignKey, Index, Integer, String, Table

from claimgw.store.tables.columns import Id, Instant, Licence, metadata, where_set

# What requests have in common: `kind` is "episode", "invoice", "encounter", "batch", "patient"; or what they
# refer to: "prior", "authorization", "answers", "cancels".
relation = Table(
    "relation",
    metadata,
    Column("exchange_id", Id, ForeignKey("exchange.id"), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("system", String(255), primary_key=True),
    Column("value", String(255), primary_key=True),
    Index(None, "value", "kind"),
)

# What else a waiting message is about than the mailbox says: a payment speaks of many claims.
topic = Table(
    "topic",
    metadata,
    Column("message_id", Id, ForeignKey("mailbox.message_id"), primary_key=True),
    Column("system", String(255), primary_key=True),
    Column("value", String(255), primary_key=True),
    Index(None, "value", "system"),
)

# What an insurer, or the gateway in its place, has said to a provider: answers and what it began by itself.
# `position`: 0 for the focal resource, 1 for a question inside the answer. `exchange_id`: the request that is
# answered. `withdrawn_by`: who cancelled an advanced authorization.
statement = Table(
    "statement",
    metadata,
    Column("message_id", Id, ForeignKey("message.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("exchange_id", Id, ForeignKey("exchange.id"), nullable=True),
    Column("provider", Licence, nullable=False),
    Column("insurer", Licence, nullable=False),
    Column("event", String(40), nullable=False),
    Column("type", String(40), nullable=True),
    Column("system", String(255), nullable=True),
    Column("value", String(255), nullable=True),
    Column("outcome", String(20), nullable=True),
    Column("adjudication", String(20), nullable=True),
    Column("authorization", String(255), nullable=True),
    Column("created", String(40), nullable=True),
    Column("amount", String(40), nullable=True),
    Column("by_gateway", Boolean, nullable=False),
    Column("withdrawn_by", String(10), nullable=True),
    Index(None, "exchange_id"),
    Index(None, "value"),
    where_set("authorization", "provider", "insurer", name="ix_statement_authorization"),
)

# History of a pair begins on that day: what is older is not on record. `set_by`: "" if the first message did.
history_start = Table(
    "history_start",
    metadata,
    Column("provider", Licence, primary_key=True),
    Column("insurer", Licence, primary_key=True),
    Column("since", Date, nullable=False),
    Column("set_by", String(120), nullable=False),
    Column("set_at", Instant, nullable=False),
)

# Identifiers of before, imported: they are known, and nothing else is known of them.
imported = Table(
    "imported",
    metadata,
    Column("provider", Licence, primary_key=True),
    Column("insurer", Licence, primary_key=True),
    Column("type", String(40), primary_key=True),
    Column("system", String(255), primary_key=True),
    Column("value", String(255), primary_key=True),
    Column("event", String(40), nullable=False),
    Column("standing", String(12), nullable=False),
    Column("imported_at", Instant, nullable=False),
    Index(None, "value"),
)
