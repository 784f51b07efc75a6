"""Who stands ready when a benchmark begins? Insurer, database, gateway, and what it is compared with."""

import asyncio
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg

from benchmarks.messages import ANSWERED, Sent
from benchmarks.processor import parent_of
from claimgw.store import Database, schema
from tests.gateway import FALCON, HOSPITAL, register
from tests.insurers.peers import unused_port
from tests.postgres import Postgres, running_postgres
from tests.processes.running import Process, executed, processes, server

# As many held claims are on their way at the same time as real-time ones with the usual eight connections.
LANE = {"most_in_flight": 8, "most_connections": 64}


class Kind(StrEnum):
    """On which database."""

    SQLITE = "SQLite"
    POSTGRES = "PostgreSQL"


@dataclass(frozen=True, slots=True)
class Site:
    """Where databases are made, and which processes work for them besides the app's own."""

    kind: Kind
    folder: Path
    postgres: Postgres | None
    processes: tuple[int, ...]

    def database(self) -> str:
        """The address of a new one, empty."""
        if self.postgres is None:
            return f"sqlite:///{self.folder / secrets.token_hex(6)}.db"
        return asyncio.run(self.postgres.create())


@dataclass(frozen=True, slots=True)
class Contender:
    """Something that takes messages: where, by which key, and the processes it consists of.

    `message`, `replaced`, `proof`, `most`: what it is sent, as `load.Order` has it.
    """

    name: str
    urls: tuple[str, ...]
    key: str
    processes: tuple[int, ...]
    message: Sent = Sent.CLAIM
    replaced: Mapping[str, str] = field(default_factory=dict)
    proof: str = ANSWERED
    most: int = 0


@contextmanager
def site(kind: Kind) -> Iterator[Site]:
    """A folder on disk, and a PostgreSQL that loses nothing."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="claimgw-bench-")))
        if kind is Kind.SQLITE:
            yield Site(kind, folder, None, ())
        else:
            postgres = stack.enter_context(running_postgres(durable=True))
            yield Site(kind, folder, postgres, (asyncio.run(_postmaster(postgres)),))


async def _postmaster(postgres: Postgres) -> int:
    connection = await asyncpg.connect(await postgres.create())
    try:
        return parent_of(await connection.fetchval("SELECT pg_backend_pid()"))
    finally:
        await connection.close()


@contextmanager
def insurer(*, silent: bool = False) -> Iterator[str]:
    """The address of an insurer in a process of its own."""
    options = ["--silent"] if silent else []
    running = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.insurer", *options], stdout=subprocess.PIPE, text=True
    )
    assert running.stdout is not None
    try:
        yield f"http://127.0.0.1:{running.stdout.readline().strip()}/$process-message"
    finally:
        running.kill()
        running.wait()
        running.stdout.close()


async def prepare(
    address: str, insurers: Mapping[str, str], providers: Sequence[str] = (HOSPITAL,)
) -> tuple[str, ...]:
    """Tables, these insurers, licence and address of each, and these providers, whose keys are returned."""
    database = Database(address)
    try:
        await schema.upgrade(database)
        for licence, endpoint in insurers.items():
            await register(database, licence, endpoint=endpoint, settings=LANE)
        return tuple([await register(database, licence) for licence in providers])
    finally:
        await database.close()


@contextmanager
def gateway(where: Site, insurer_url: str, *, nodes: int = 1) -> Iterator[Contender]:
    """`claimgw serve`, in so many processes on a new database."""
    address = where.database()
    (key,) = asyncio.run(prepare(address, {FALCON: insurer_url}))
    with serving(where, address, key, nodes=nodes) as contender:
        yield contender


@contextmanager
def serving(where: Site, address: str, key: str, *, nodes: int = 1) -> Iterator[Contender]:
    """The same on a database that was prepared, for who has that key. It delivers what is held, too."""
    environment = {
        "CLAIMGW_LOG_LEVEL": "warning",
        "CLAIMGW_WORKER": "true",
        # The sender has one credential and stands for many providers.
        "CLAIMGW_LICENCE_RATE": "0",
    }
    name = secrets.token_hex(3)
    started = [
        server(address, where.folder, f"node-{name}-{number}", **environment) for number in range(nodes)
    ]
    with processes(*started):
        yield Contender(
            "claimgw" if nodes == 1 else f"claimgw, {nodes} processes",
            tuple(one.url for one in started),
            key,
            tuple(one.handle.pid for one in started),
        )


@contextmanager
def rival(where: Site, name: str, insurer_url: str) -> Iterator[Contender]:
    """The app of that name in `benchmarks.rivals`, under uvicorn, on a database of its own."""
    port = unused_port()
    process = Process(
        [f"benchmarks.rivals.{name}:app", "--port", str(port), "--no-access-log", "--log-level", "warning"],
        {"DATABASE_URL": where.database(), "INSURER_URL": insurer_url},
        where.folder / f"{name}.log",
        f"http://127.0.0.1:{port}/$process-message",
        f"http://127.0.0.1:{port}/health/ready",
        begin=executed("uvicorn"),
    )
    with processes(process):
        yield Contender(name, (process.url,), "none", (process.handle.pid,))
