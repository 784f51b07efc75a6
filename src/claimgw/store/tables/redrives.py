"""What did operators have sent or judged again, who did, and why?"""

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table

from claimgw.store.tables.columns import Id, Instant, Licence, metadata

# One order of an operator, to one insurer. `kind`: "resend" or "rejudge". `chosen`: by what, in words.
redrive = Table(
    "redrive",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", String(10), nullable=False),
    Column("insurer", Licence, nullable=False),
    Column("chosen", String(250), nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("made_by", String(120), nullable=False),
    Column("reason", String(250), nullable=False),
    Column("stopped_at", Instant, nullable=True),
    Column("stopped_by", String(120), nullable=True),
    Index(None, "insurer"),
)

# One exchange of the order, and how it stood before; `tries`: the attempts made until then.
redriven = Table(
    "redriven",
    metadata,
    Column("redrive_id", Id, ForeignKey("redrive.id"), primary_key=True),
    Column("exchange_id", Id, ForeignKey("exchange.id"), primary_key=True),
    Column("at", Instant, nullable=False),
    Column("state", String(20), nullable=False),
    Column("reason", String(250), nullable=False),
    Column("due_at", Instant, nullable=True),
    Column("tries", Integer, nullable=False),
    Index(None, "exchange_id", "at"),
)
