"""What do all nodes have to agree on, so that delivery goes on when one of them ends?"""

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, String, Table, text

from claimgw.store.tables.columns import Id, Instant, Licence, metadata

# A process that serves or delivers. Its work is taken over once `beat` has stood still for a lease, by the
# watch of whoever looks: clocks of different machines need not agree.
node = Table(
    "node",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("role", String(10), nullable=False),
    Column("release", String(40), nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("beat", Integer, nullable=False),
    Column("beaten_at", Instant, nullable=False),
)

# One row: the oldest revision whose code may go on beside the newest. Migrations write it.
schema_floor = Table(
    "schema_floor",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("oldest", String(32), nullable=False),
)

# Written when it changes, never by a message that goes its way. `probe_at`: when one may be let through.
breaker = Table(
    "breaker",
    metadata,
    Column("licence", Licence, ForeignKey("participant.licence"), primary_key=True),
    Column("state", String(10), nullable=False),
    Column("since", Instant, nullable=False),
    Column("reason", String(250), nullable=False, server_default=""),
    Column("opened", Integer, nullable=False, server_default="0"),
    Column("probe_at", Instant, nullable=True),
    Column("prober", String(100), nullable=True),
    Column("revision", Integer, nullable=False),
)

# How many calls of the window of time that began then nodes have taken out, slice by slice.
allowance = Table(
    "allowance",
    metadata,
    Column("licence", Licence, primary_key=True),
    Column("since", Instant, nullable=False),
    Column("taken", Integer, nullable=False),
)

# What is wrong at this moment, once each; an ended one is kept, so that the next of its kind can be grouped.
alert = Table(
    "alert",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", String(30), nullable=False),
    Column("subject", Licence, nullable=False),
    Column("text", String(500), nullable=False),
    Column("detail", JSON, nullable=True),
    Column("since", Instant, nullable=False),
    Column("told_at", Instant, nullable=True),
    Column("ended_at", Instant, nullable=True),
    Column("end_told_at", Instant, nullable=True),
    Index(
        "ix_alert_present",
        "kind",
        "subject",
        unique=True,
        postgresql_where=text("ended_at IS NULL"),
        sqlite_where=text("ended_at IS NULL"),
    ),
)
