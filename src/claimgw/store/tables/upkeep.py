"""Who looked after the store last, and of which messages are the bytes no longer kept?"""

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, String, Table

from claimgw.store.tables.columns import Id, Instant, metadata

# What one process at a time does for all. `begun_at`: when it last did.
chore = Table(
    "chore",
    metadata,
    Column("name", String(20), primary_key=True),
    Column("begun_at", Instant, nullable=False),
    Column("node", String(100), nullable=False),
)

# In the place of a row of `body` once its time is over: either the one or the other is there.
body_gone = Table(
    "body_gone",
    metadata,
    Column("message_id", Id, ForeignKey("message.id"), primary_key=True),
    Column("gone_at", Instant, nullable=False),
)

# How far each kind has been looked through: what is before `reached` is deleted, of another kind, or lingers.
retention = Table(
    "retention",
    metadata,
    Column("kind", String(20), primary_key=True),
    Column("reached", Id, nullable=False),
    Column("deleted", Integer, nullable=False),
    Column("bytes", BigInteger, nullable=False),
)

# What was old enough and still moved, or had come to rest too lately: it is looked at again.
lingering = Table(
    "lingering",
    metadata,
    Column("kind", String(20), primary_key=True),
    Column("message_id", Id, ForeignKey("message.id"), primary_key=True),
)
