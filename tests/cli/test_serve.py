"""When does the gateway refuse to start, and what does it say then?"""

import asyncio
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from claimgw.cli.configuration import read_settings
from claimgw.cli.serve import may_start
from claimgw.cli.serving import Listener, is_loopback
from claimgw.cli.session import REFUSED, USAGE, Refusal
from claimgw.errors import ConfigurationError
from claimgw.ids import new_id
from claimgw.store.credentials import (
    Credential,
    CredentialKind,
    add_credential,
    all_credentials,
    revoke_credential,
)
from claimgw.store.database import Database
from tests.cli.console import Terminal
from tests.gateway import HOSPITAL, register

NOW = datetime.now(UTC)


def refused(address: str, *words: str, **settings: str) -> tuple[int, str]:
    """Exit code and words of a server that does not start; a process, for it sets up logging for good."""
    done = subprocess.run(
        [sys.executable, "-m", "claimgw", *words],
        env={**os.environ, "CLAIMGW_DATABASE": address, **settings},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr


@pytest.fixture
def new(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'new.db'}"


def test_without_any_credential_it_says_what_to_do(new: str) -> None:
    code, said = refused(new, "serve")
    assert code == REFUSED
    assert "there is no credential" in said
    for way_out in ("claimgw participants add", "claimgw participants key", "claimgw serve --open"):
        assert way_out in said


async def test_a_live_credential_lets_it_start(address: str, database: Database) -> None:
    with pytest.raises(Refusal, match="there is no credential"):
        await may_start(read_settings(database=address), asyncio.Event())
    await register(database, HOSPITAL)
    await may_start(read_settings(database=address), asyncio.Event())


async def test_credentials_that_are_over_open_no_door(address: str, database: Database) -> None:
    await register(database, HOSPITAL)
    async with database.write() as unit:
        [alive] = await all_credentials(unit)
        await revoke_credential(unit, alive.id, NOW)
        await add_credential(
            unit,
            Credential(
                id=new_id(NOW),
                kind=CredentialKind.KEY,
                label="old",
                digest=b"0" * 32,
                licences=frozenset({HOSPITAL}),
                created_at=NOW - timedelta(days=2),
                expires_at=NOW - timedelta(days=1),
                revoked_at=None,
            ),
        )
    with pytest.raises(Refusal, match="there is no credential"):
        await may_start(read_settings(database=address), asyncio.Event())


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "gateway.example"])
async def test_open_doors_are_for_loopback_only(new: str, host: str) -> None:
    with pytest.raises(ConfigurationError, match="on loopback only"):
        await may_start(read_settings(database=new, open=True, host=host), asyncio.Event())


async def test_open_doors_on_loopback_need_no_credential(new: str) -> None:
    await may_start(read_settings(database=new, open=True), asyncio.Event())


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.1.2.3", True), ("::1", True), ("localhost", True), ("0.0.0.0", False)],
)
def test_loopback_is_what_only_this_machine_can_reach(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


@pytest.mark.parametrize("command", [["participants", "list"], ["db", "current"], ["serve"], ["worker"]])
def test_a_setting_written_wrong_is_named(new: str, command: list[str]) -> None:
    assert "CLAIMGW_PORT" in Terminal(new, CLAIMGW_PORT="eighty").type(*command, code=USAGE)


def test_a_port_in_use_is_one_sentence() -> None:
    first = Listener("127.0.0.1", 0)
    with first.socket:
        first.socket.listen()
        port = int(first.url().rpartition(":")[2])
        with pytest.raises(Refusal, match=f"cannot listen on 127.0.0.1:{port}: Address already in use"):
            Listener("127.0.0.1", port)


def test_tls_files_that_cannot_be_used_are_named(new: str, tmp_path: Path) -> None:
    bad = tmp_path / "bad.pem"
    bad.write_text("no certificate")
    code, said = refused(new, "serve", "--open", CLAIMGW_TLS_CERTIFICATE=str(bad), CLAIMGW_TLS_KEY=str(bad))
    assert code == USAGE
    assert "TLS files cannot be used" in said


def test_the_behaviours_of_the_sandbox_are_listed(new: str) -> None:
    terminal = Terminal(new)
    rows = terminal.read("sandbox", "--behaviours")
    assert "SILENT[-<K>]" in {row["ending"] for row in rows}
    assert "-APPROVE" in terminal.type("sandbox", "--behaviours")


def test_a_sandbox_without_insurers_is_written_wrong(new: str) -> None:
    assert "INS-2001" in Terminal(new).type("sandbox", code=USAGE)
