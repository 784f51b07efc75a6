"""How do a million rows get there? By one statement for each table, which the database carries out itself.

Only the oldest have a body, as many as are looked at: a million bodies would cost 20 GB and change nothing.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from claimgw.store.database import driver_url

# Numbers of what waits; a new fill of the same database begins after those of the one before.
_NUMBERS = {
    "sqlite": (
        "WITH RECURSIVE numbers(n) AS (SELECT :first UNION ALL SELECT n + 1 FROM numbers WHERE n < :last)"
    ),
    "postgresql": (
        "WITH numbers(n) AS (SELECT generate_series(CAST(:first AS bigint), CAST(:last AS bigint)))"
    ),
}
_ID = {
    "sqlite": "printf('00000000000070008000%012x', n)",
    "postgresql": "CAST('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0') AS uuid)",
}
# One a millisecond.
_MOMENT = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f000', :since, '+' || ((n - :first) / 1000.0) || ' seconds')",
    "postgresql": "CAST(:since AS timestamptz) + (n - :first) * interval '1 millisecond'",
}
_MESSAGES = (
    "INSERT INTO message (id, sender, receiver, event, bundle_id, header_id, size, received_at)"
    " {numbers} SELECT {id}, :sender, :receiver, :event, 'bundle-' || n, 'header-' || n, :size, {moment}"
    " FROM numbers"
)
_BODIES = (
    "INSERT INTO body (message_id, content) {numbers} SELECT {id}, :content FROM numbers WHERE n < :bodies"
)
_MAILBOX = (
    "INSERT INTO mailbox (message_id, provider, event, about_system, about_value, size, queued_at)"
    " {numbers} SELECT {id}, :receiver, :event, 'http://alwaha.example', 'CLM-' || n, :size, {moment}"
    " FROM numbers"
)
_EXCHANGES = (
    "INSERT INTO exchange (id, event, provider, insurer, focal_type, focal_system, focal_value, state,"
    " created_at, changed_at, due_at, waiting, revision)"
    " {numbers} SELECT {id}, :event, :sender, :receiver, 'Claim', 'http://alwaha.example', 'CLM-' || n,"
    " 'held', {moment}, {moment}, {moment}, false, 0 FROM numbers"
)
# What the database does by itself within minutes of such a fill; it must not fall into what is measured.
_SETTLED = {
    "sqlite": ["PRAGMA wal_checkpoint(TRUNCATE)"],
    "postgresql": ["VACUUM (ANALYZE)", "CHECKPOINT"],
}


@dataclass(frozen=True, slots=True)
class Backlog:
    """So many messages from one to the other, of which so many have a body, all of them the same."""

    sender: str
    receiver: str
    event: str
    count: int
    bodies: int
    content: bytes


async def fill_mailbox(address: str, backlog: Backlog, first: int) -> None:
    """Let them wait in the mailbox of the receiver, numbered from `first`; the last few minutes' work."""
    await _fill(address, backlog, first, _MAILBOX)


async def fill_lane(address: str, backlog: Backlog, first: int) -> None:
    """Let them be held for the receiver, all of them due."""
    await _fill(address, backlog, first, _EXCHANGES)


async def ask(address: str, statement: str, **given: Any) -> Any:
    """One value out of the database."""
    engine = create_async_engine(driver_url(address))
    try:
        async with engine.begin() as connection:
            found = await connection.execute(text(statement), given)
            return found.scalar() if found.returns_rows else None
    finally:
        await engine.dispose()


async def _fill(address: str, backlog: Backlog, first: int, table: str) -> None:
    url = driver_url(address)
    kind = url.get_backend_name()
    since = datetime.now(UTC) - timedelta(seconds=60) - timedelta(milliseconds=backlog.count)
    given: dict[str, Any] = {
        "first": first,
        "last": first + backlog.count - 1,
        "bodies": first + backlog.bodies,
        "sender": backlog.sender,
        "receiver": backlog.receiver,
        "event": backlog.event,
        "size": len(backlog.content),
        "content": backlog.content,
        "since": since if kind == "postgresql" else since.replace(tzinfo=None).isoformat(" "),
    }
    parts = {"numbers": _NUMBERS[kind], "id": _ID[kind], "moment": _MOMENT[kind]}
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        for statement in (_MESSAGES, _BODIES, table):
            written = text(statement.format(**parts))
            await connection.execute(written, {name: given[name] for name in written.compile().params})
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        for settled in _SETTLED[kind]:
            await connection.execute(text(settled))
    await engine.dispose()
