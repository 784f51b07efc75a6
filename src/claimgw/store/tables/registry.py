"""Who takes part, with which credentials, who operates the gateway, and what is paused?"""

from sqlalchemy import JSON, Column, Date, ForeignKey, Index, Integer, LargeBinary, String, Table

from claimgw.store.tables.columns import Id, Instant, Licence, metadata

# `settings` holds what differs per participant (limits, grace, TLS files, capabilities).
# Null `events`: all that its kind may send.
participant = Table(
    "participant",
    metadata,
    Column("licence", Licence, primary_key=True),
    Column("kind", String(10), nullable=False),
    Column("name", String(250), nullable=False),
    Column("endpoint", String(500), nullable=True),
    Column("adapter", String(60), nullable=True),
    Column("events", JSON, nullable=True),
    Column("settings", JSON, nullable=False),
    Column("blocked_at", Instant, nullable=True),
    Column("blocked_reason", String(250), nullable=True),
    Column("created_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
)

# How a participant was registered from a moment on, and who changed it; never changed itself.
participant_change = Table(
    "participant_change",
    metadata,
    Column("id", Id, primary_key=True),
    Column("licence", Licence, ForeignKey("participant.licence"), nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("made_by", String(120), nullable=False),
    Column("fields", JSON, nullable=False),
    Index(None, "licence", "made_at"),
)

# A TPA stands in for insurers, from a day to a day (the last included, null: open).
serves = Table(
    "serves",
    metadata,
    Column("tpa", Licence, ForeignKey("participant.licence"), primary_key=True),
    Column("insurer", Licence, ForeignKey("participant.licence"), primary_key=True),
    Column("from_day", Date, primary_key=True),
    Column("to_day", Date, nullable=True),
)

# The secret itself is nowhere: SHA-256 of an API key, or of a certificate in DER.
credential = Table(
    "credential",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", String(12), nullable=False),
    Column("label", String(120), nullable=False),
    Column("digest", LargeBinary(32), nullable=False, unique=True),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=True),
    Column("revoked_at", Instant, nullable=True),
)

# One credential may speak for several licences.
credential_licence = Table(
    "credential_licence",
    metadata,
    Column("credential_id", Id, ForeignKey("credential.id"), primary_key=True),
    Column("licence", Licence, ForeignKey("participant.licence"), primary_key=True),
    Index(None, "licence"),
)

# One row that every change of the registry moves on, so that a node sees in one look whether its copy is old.
registry_revision = Table(
    "registry_revision",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("revision", Integer, nullable=False),
)

operator = Table(
    "operator",
    metadata,
    Column("name", String(120), primary_key=True),
    Column("role", String(10), nullable=False),
    Column("password_hash", String(255), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("disabled_at", Instant, nullable=True),
)

operator_session = Table(
    "operator_session",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),
    Column("operator", String(120), ForeignKey("operator.name"), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
)

# Scope "*" for all lanes, otherwise one licence. Kind "hold": delivery stands still. "drain": what is held
# is delivered, and nothing new is taken.
pause = Table(
    "pause",
    metadata,
    Column("scope", Licence, primary_key=True),
    Column("reason", String(250), nullable=False),
    Column("since", Instant, nullable=False),
    Column("by", String(120), nullable=False),
    Column("kind", String(10), nullable=False, server_default="hold"),
)
