"""Where is each message kept, byte for byte, and which ids has each sender used?"""

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, String, Table, UniqueConstraint

from claimgw.store.tables.columns import Id, Instant, Licence, metadata, where_set

# `exchange_id` is the request a message belongs to; `replies_to` the message it answers on the wire.
message = Table(
    "message",
    metadata,
    Column("id", Id, primary_key=True),
    Column("sender", Licence, nullable=False),
    Column("receiver", Licence, nullable=False),
    Column("event", String(40), nullable=False),
    Column("bundle_id", String(64), nullable=False),
    Column("header_id", String(64), nullable=False),
    Column("size", Integer, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("exchange_id", Id, ForeignKey("message.id"), nullable=True),
    Column("replies_to", Id, ForeignKey("message.id"), nullable=True),
    where_set("exchange_id"),
    where_set("replies_to"),
    Index(None, "header_id"),
    Index(None, "bundle_id"),
)

# An answer that an insurer sent by itself, and that could not be used. `codes`: of its findings, with commas.
refused_answer = Table(
    "refused_answer",
    metadata,
    Column("message_id", Id, ForeignKey("message.id"), primary_key=True),
    Column("insurer", Licence, nullable=False),
    Column("refused_at", Instant, nullable=False),
    Column("codes", String(250), nullable=False),
    Index(None, "insurer", "refused_at"),
)

# Apart from `message`, so that nothing that scans messages reads bodies.
body = Table(
    "body",
    metadata,
    Column("message_id", Id, ForeignKey("message.id"), primary_key=True),
    Column("content", LargeBinary, nullable=False),
)

# One narrow row for every message posted to us. It outlives the bodies: ids stay used for ever.
arrival = Table(
    "arrival",
    metadata,
    Column("sender", Licence, primary_key=True),
    Column("bundle_id", String(64), primary_key=True),
    Column("header_id", String(64), nullable=False),
    Column("digest", LargeBinary(32), nullable=False),
    Column("message_id", Id, ForeignKey("message.id"), nullable=False),
    UniqueConstraint("sender", "header_id"),
)
