"""Which SQL does the gateway send for one claim, in how many transactions? Asked of the databases themselves.

Whatever stands between, an ORM or a driver, the server's log and SQLite's trace tell every statement.
"""

import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# An entry of PostgreSQL's log: the process of the session, and the statement; its further lines are indented.
_LOGGED = re.compile(r"\[(\d+)\] LOG:  (?:execute [^:]*|statement): (.*(?:\n\t.*)*)")
_TABLE = re.compile(r"\b(?:FROM|INTO|UPDATE)\s+([a-z_]+)", re.IGNORECASE)
_ENDS = {"COMMIT", "ROLLBACK", "END"}
_BEGINS = {"BEGIN", "START"}
_WRITES = {"INSERT", "UPDATE", "DELETE"}

Said = tuple[str, str]  # a session and a statement of it


@dataclass(frozen=True, slots=True)
class Sql:
    """For one claim, on average. `by_kind`: verb and table; beginnings and ends of transactions too."""

    statements: float
    transactions: float
    writing: float
    by_kind: dict[str, float]


class Told:
    """What was heard so far. `forget` begins anew."""

    def __init__(self, hear: Callable[[], Sequence[Said]]) -> None:
        self._hear = hear
        self._before = 0

    def forget(self) -> None:
        self._before = len(self._hear())

    def of(self, claims: int) -> Sql:
        """All since, divided among so many claims."""
        said = self._hear()[self._before :]
        transactions, writing = _transactions(said)
        kinds = Counter(_kind(statement) for _, statement in said)
        return Sql(
            round(len(said) / claims, 1),
            round(transactions / claims, 1),
            round(writing / claims, 1),
            {kind: round(count / claims, 1) for kind, count in kinds.most_common() if count >= claims / 10},
        )


def logged(log: Path) -> Told:
    """What a PostgreSQL writes that logs all statements."""

    return Told(lambda: _LOGGED.findall(log.read_text(errors="replace")))


@contextmanager
def traced() -> Iterator[Told]:
    """What the SQLite connections of this process are told that are opened in the block."""
    said: list[Said] = []
    connect: Callable[..., sqlite3.Connection] = sqlite3.connect

    def connected(*given: Any, **named: Any) -> sqlite3.Connection:
        connection = connect(*given, **named)
        connection.set_trace_callback(lambda statement: said.append((str(id(connection)), statement)))
        return connection

    # Nothing is between the drivers and this function, and SQLite has no log.
    setattr(sqlite3, "connect", connected)  # noqa: B010 - an assignment would be an error for mypy
    try:
        yield Told(lambda: said)
    finally:
        setattr(sqlite3, "connect", connect)  # noqa: B010


def _verb(statement: str) -> str:
    return statement.lstrip().split(maxsplit=1)[0].rstrip(";").upper()


def _kind(statement: str) -> str:
    verb = _verb(statement)
    tables = list(dict.fromkeys(_TABLE.findall(statement))) if verb not in _BEGINS | _ENDS else []
    return " ".join([verb, ", ".join(tables[:4])]).strip()


def _transactions(said: Sequence[Said]) -> tuple[int, int]:
    """How many there were, and how many of them wrote. A statement outside of any is one by itself."""
    count = writing = 0
    wrote: dict[str, bool] = {}
    for session, statement in said:
        verb = _verb(statement)
        writes = verb in _WRITES or (verb == "WITH" and any(word in statement for word in _WRITES))
        if verb in _BEGINS:
            wrote[session] = False
        elif verb in _ENDS:
            count += 1
            writing += wrote.pop(session, False)
        elif session in wrote:
            wrote[session] |= writes
        else:
            count += 1
            writing += writes
    return count, writing
