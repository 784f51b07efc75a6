"""What do the tests of this room get besides clock and databases? One database, where one is enough."""

from pathlib import Path

import pytest


@pytest.fixture
def sqlite(tmp_path: Path) -> str:
    """The address of an embedded database that the gateway will make: for what both kinds do alike."""
    return f"sqlite:///{tmp_path / 'claimgw.db'}"
