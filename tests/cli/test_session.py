"""Does a command find the right database, or say why it cannot?"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import typer

from claimgw.cli.session import REFUSED, USAGE, run
from claimgw.store.schema import current, head
from tests.postgres import Postgres


def _code(address: str) -> int:
    with pytest.raises(typer.Exit) as ended:
        run(current, address)
    return ended.value.exit_code


def test_a_new_file_gets_its_tables_by_the_first_command(tmp_path: Path) -> None:
    assert run(current, f"sqlite:///{tmp_path / 'new.db'}") == head()


@pytest.fixture
async def empty(postgres: Postgres) -> AsyncIterator[str]:
    """The address of a shared database without tables."""
    address = await postgres.create()
    yield address
    await postgres.drop(address)


def test_a_shared_database_is_not_migrated_on_the_way(empty: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert _code(empty) == USAGE
    assert "run 'claimgw db upgrade'" in capsys.readouterr().err
    assert _code(empty) == USAGE


def test_an_address_of_another_kind_is_written_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    assert _code("oracle://somewhere") == USAGE
    assert "'oracle' is no database claimgw knows" in capsys.readouterr().err


def test_a_database_that_is_away_is_a_refusal(capsys: pytest.CaptureFixture[str]) -> None:
    assert _code("postgresql://nobody@/none?host=/nowhere") == REFUSED
    assert "does not answer" in capsys.readouterr().err
