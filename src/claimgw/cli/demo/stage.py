"""Where does the story play? A gateway, two insurers, two providers, in a folder of their own."""

import asyncio
import io
import json
import os
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import typer

from claimgw.cli.demo.claims import Author
from claimgw.cli.demo.programs import Program
from claimgw.cli.operators import operators_app
from claimgw.cli.participants import participants_app
from claimgw.cli.session import Refusal
from claimgw.client import Credentials, GatewayClient, ProviderClient

HOSPITAL, CLINIC = "provider:PR-1001", "provider:PR-1002"
FALCON, DESERT_ROSE = "payer:INS-2001", "payer:INS-2002"
NAMES = {
    HOSPITAL: "Al Waha General Hospital",
    CLINIC: "Nakheel Dental and Eye Clinic",
    FALCON: "Falcon Cooperative Insurance",
    DESERT_ROSE: "Desert Rose Insurance",
}
INSURERS = (FALCON, DESERT_ROSE)
OPERATOR = "admin"


@dataclass(frozen=True, slots=True)
class Pace:
    """How long things may take: settings of the gateway, and of the insurers."""

    gateway: dict[str, str]
    insurers: dict[str, float]


# Short enough for all of it to be seen in a minute.
QUICK = Pace(
    {"CLAIMGW_RETRY_WAITS": "1", "CLAIMGW_LOOK_SECONDS": "0.2", "CLAIMGW_LEASE_SECONDS": "2"},
    {"connect_seconds": 1, "answer_seconds": 2, "grace_seconds": 2},
)
# For a person: time to read, and not to fall asleep.
CALM = Pace(
    {"CLAIMGW_RETRY_WAITS": "5,15,60"}, {"connect_seconds": 2, "answer_seconds": 10, "grace_seconds": 15}
)


@dataclass(frozen=True, slots=True)
class Ports:
    """Where everybody listens on loopback."""

    gateway: int
    insurers: dict[str, int]

    def url(self, party: str = "") -> str:
        """The base address of an insurer by its licence, or of the gateway."""
        return f"http://127.0.0.1:{self.insurers[party] if party else self.gateway}"


@dataclass(frozen=True, slots=True)
class Stage:
    """Everybody is there and ready. `clients` speak to the gateway, each with one participant's key.

    `hospital` is one of the providers, with all that the SDK has for it.
    """

    author: Author
    gateway: Program
    insurers: dict[str, Program]
    clients: dict[str, GatewayClient]
    hospital: ProviderClient
    ports: Ports

    async def received(self, insurer: str) -> list[dict[str, Any]]:
        """What a sandbox has had so far, one row for each MessageHeader.id."""
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.get(f"{self.ports.url(insurer)}/received")
        rows: list[dict[str, Any]] = answer.json()["received"]
        return rows

    async def order(self, insurer: str, what: str, details: dict[str, Any]) -> None:
        """Have a sandbox do something by itself: `ask`, `pay` and what else its control page lists."""
        async with httpx.AsyncClient(trust_env=False) as client:
            done = await client.post(f"{self.ports.url(insurer)}/control/{what}", json=details)
        if done.status_code >= 300:
            raise Refusal(f"{NAMES[insurer]} does not {what}: {done.text}")


def typed(app: typer.Typer, *words: str) -> str:
    """What the command line prints for these words: the stage is set as a person would. Raises Refusal."""
    printed = io.StringIO()
    with redirect_stdout(printed):
        code = app(words, standalone_mode=False)
    if code:
        raise Refusal(f"'{words[0]}' did not work; see above")
    return printed.getvalue()


@contextmanager
def database_in(folder: Path) -> Iterator[str]:
    """The settings of this process point at the stage's database for as long as it is set."""
    address = f"sqlite:///{folder / 'claimgw.db'}"
    before = os.environ.get("CLAIMGW_DATABASE")
    os.environ["CLAIMGW_DATABASE"] = address
    try:
        yield address
    finally:
        del os.environ["CLAIMGW_DATABASE"]
        if before is not None:
            os.environ["CLAIMGW_DATABASE"] = before


def set_up(folder: Path, ports: Ports, pace: Pace) -> dict[str, str]:
    """Enter all four participants into a new database; their keys by licence."""
    with database_in(folder):
        for licence, name in NAMES.items():
            more: list[str] = []
            if licence in INSURERS:
                more = ["--endpoint", f"{ports.url(licence)}/$process-message"]
                more += [
                    part for name_, value in pace.insurers.items() for part in ("--set", f"{name_}={value}")
                ]
            typed(participants_app, "add", licence, "--name", name, *more, "--json")
        return {
            licence: json.loads(typed(participants_app, "key", licence, "--label", "demo", "--json"))["key"]
            for licence in NAMES
        }


def move(folder: Path, ports: Ports) -> None:
    """Tell a database that was set up before where the insurers are now."""
    with database_in(folder):
        for licence in INSURERS:
            endpoint = f"{ports.url(licence)}/$process-message"
            typed(participants_app, "change", licence, "--endpoint", endpoint, "--json")


def add_operator(folder: Path) -> str:
    """Make the console's account; its password."""
    password = secrets.token_urlsafe(12)
    file = folder / "password"
    file.touch(mode=0o600)
    try:
        file.write_text(password)
        with database_in(folder):
            typed(operators_app, "add", OPERATOR, "--role", "admin", "--password-file", str(file))
    finally:
        file.unlink()
    return password


@asynccontextmanager
async def raised(folder: Path, ports: Ports, pace: Pace, keys: dict[str, str]) -> AsyncIterator[Stage]:
    """The stage with all its processes, which are stopped at the end whatever happened."""
    gateway = Program(
        "the gateway",
        ["serve", "--host", "127.0.0.1", "--port", str(ports.gateway), "--worker"],
        {
            "CLAIMGW_DATABASE": f"sqlite:///{folder / 'claimgw.db'}",
            "CLAIMGW_NODE": "demo",
            # Nobody on this stage has been anywhere else.
            "CLAIMGW_COMPLETE_HISTORY": "true",
            **pace.gateway,
        },
        f"{ports.url()}/health/ready",
        folder / "gateway.log",
    )
    insurers = {licence: _insurer(licence, folder, ports, keys[licence]) for licence in INSURERS}
    programs = [gateway, *insurers.values()]
    async with AsyncExitStack() as held:
        for program in programs:
            held.push_async_callback(program.stop)
        await asyncio.gather(*(program.start() for program in programs))
        clients = {
            licence: await held.enter_async_context(GatewayClient(ports.url(), Credentials(key)))
            for licence, key in keys.items()
        }
        hospital = ProviderClient(ports.url(), HOSPITAL, Credentials(keys[HOSPITAL]), interval=0.2)
        held.push_async_callback(hospital.close)
        yield Stage(Author(), gateway, insurers, clients, hospital, ports)


def _insurer(licence: str, folder: Path, ports: Ports, key: str) -> Program:
    number = licence.partition(":")[2]
    gateway = f"{ports.url()}/$process-message"
    return Program(
        NAMES[licence],
        ["sandbox", number, "--port", str(ports.insurers[licence]), "--gateway", gateway],
        {"CLAIMGW_KEY": key},  # not an argument: those are seen by everybody who lists the processes
        f"{ports.url(licence)}/health",
        folder / f"{number}.log",
    )
