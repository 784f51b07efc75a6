"""Are statements and transactions counted as the database was told them?"""

from pathlib import Path

import pytest

from benchmarks.statements import Told, logged

LOG = """\
2026-01-01 00:00:00 UTC [7] LOG:  statement: BEGIN;
2026-01-01 00:00:00 UTC [7] LOG:  execute __asyncpg_stmt_1__: INSERT INTO message (id)
\tVALUES ($1)
2026-01-01 00:00:00 UTC [7] DETAIL:  Parameters: $1 = '1'
2026-01-01 00:00:00 UTC [8] LOG:  statement: BEGIN READ ONLY;
2026-01-01 00:00:00 UTC [8] LOG:  execute __asyncpg_stmt_2__: SELECT id
\tFROM mailbox
2026-01-01 00:00:00 UTC [8] LOG:  statement: ROLLBACK;
2026-01-01 00:00:00 UTC [7] LOG:  statement: COMMIT;
2026-01-01 00:00:00 UTC [9] LOG:  execute x: WITH kept AS (INSERT INTO body VALUES ($1)) SELECT 1
"""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    file = tmp_path / "log"
    file.write_text(LOG)
    return file


def test_statements_are_counted_by_verb_and_table(log: Path) -> None:
    told = logged(log).of(claims=1)
    assert told.statements == 7
    assert told.by_kind["INSERT message"] == 1
    assert told.by_kind["SELECT mailbox"] == 1
    assert told.by_kind["BEGIN"] == 2


def test_a_transaction_that_writes_is_told_from_one_that_reads(log: Path) -> None:
    told = logged(log).of(claims=1)
    # One of each, and a statement by itself that writes.
    assert (told.transactions, told.writing) == (3, 2)


def test_what_was_said_before_does_not_count() -> None:
    said = [("1", "SELECT 1 FROM message")]
    told = Told(lambda: said)
    told.forget()
    said.append(("1", "UPDATE exchange SET state = 'held'"))
    assert told.of(claims=2).by_kind == {"UPDATE exchange": 0.5}
