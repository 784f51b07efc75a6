"""What did operators change about how bad the breach of a rule is?"""

from sqlalchemy import Column, Date, ForeignKey, Integer, String, Table

from claimgw.store.tables.columns import Instant, Licence, metadata

# Rows are never taken away: an ended one tells who changed what, and messages of its days are judged by it.
# With a participant it is a grace, which is that one's only. Null `direction`: every; null `to_day`: open.
rule_change = Table(
    "rule_change",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("rule", String(64), nullable=False),
    Column("direction", String(10), nullable=True),
    Column("severity", String(12), nullable=False),
    Column("participant", Licence, ForeignKey("participant.licence"), nullable=True),
    Column("from_day", Date, nullable=False),
    Column("to_day", Date, nullable=True),
    Column("owner", String(120), nullable=False),
    Column("reason", String(250), nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("made_by", String(120), nullable=False),
    Column("ended_at", Instant, nullable=True),
    Column("ended_by", String(120), nullable=True),
)
