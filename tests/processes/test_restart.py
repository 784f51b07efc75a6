"""Does a gateway get over a PostgreSQL that crashes under load? `make restart` is the long one."""

from pathlib import Path

import pytest

from tests.processes.restart import play, table

pytestmark = pytest.mark.processes


def test_a_crash_of_postgresql_costs_no_claim_and_is_over_in_seconds(tmp_path: Path) -> None:
    found = play(tmp_path, servers=1, rate=10, restarts=1, apart=3)
    assert not found.problems, table(found)
    assert len(found.sent) >= 20
