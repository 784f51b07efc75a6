"""Does a gateway at work keep its figures apart, take keys beside certificates, and stop when told to?"""

import asyncio
from pathlib import Path

import httpx
import pytest
import trustme

from claimgw.client import Credentials, GatewayClient
from claimgw.store.database import Database
from claimgw.store.schema import upgrade
from tests.cli.console import Terminal
from tests.gateway import FALCON, HOSPITAL, example, register
from tests.insurers.peers import unused_port
from tests.processes.forked import forked
from tests.processes.running import PLAIN, Process, processes, server, until, worker

pytestmark = pytest.mark.processes


async def _registered(address: str) -> str:
    database = Database(address)
    await upgrade(database)
    key = await register(database, HOSPITAL)
    await register(database, FALCON)
    await database.close()
    return key


@pytest.fixture
def key(tmp_path: Path) -> str:
    """A hospital's key, in a database that knows one insurer in the process."""
    return asyncio.run(_registered(at(tmp_path)))


def at(folder: Path) -> str:
    return f"sqlite:///{folder / 'claimgw.db'}"


def figures_of(port: int) -> str:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/metrics", **PLAIN).text
    except httpx.TransportError:
        return ""


def test_figures_with_an_address_of_their_own_are_only_there(tmp_path: Path, key: str) -> None:
    port = unused_port()
    figures = {"CLAIMGW_METRICS_HOST": "127.0.0.1", "CLAIMGW_METRICS_PORT": str(port)}
    gateway = forked(server(at(tmp_path), tmp_path, "node", **figures))
    with processes(gateway):
        assert "claimgw_exchanges" in until(lambda: figures_of(port), "the figures are shown")
        public = gateway.url.replace("$process-message", "metrics")
        assert httpx.get(public, **PLAIN).status_code == 404
        assert gateway.stop() == 0


def test_a_worker_shows_its_figures_and_stops_when_told_to(tmp_path: Path, key: str) -> None:
    port = unused_port()
    figures = {"CLAIMGW_METRICS_HOST": "127.0.0.1", "CLAIMGW_METRICS_PORT": str(port)}
    working = worker(at(tmp_path), tmp_path, "worker", **figures)
    with processes(working):
        assert "claimgw_exchanges" in until(lambda: figures_of(port), "the figures are shown")
        assert working.stop() == 0


def test_a_key_is_enough_where_certificates_are_taken_too(tmp_path: Path, key: str) -> None:
    authority = trustme.CA()
    own = authority.issue_cert("127.0.0.1")
    files = {name: tmp_path / f"{name}.pem" for name in ("authority", "certificate", "key")}
    authority.cert_pem.write_to_path(files["authority"])
    own.cert_chain_pems[0].write_to_path(files["certificate"])
    own.private_key_pem.write_to_path(files["key"])
    encrypted = {
        "CLAIMGW_TLS_CERTIFICATE": str(files["certificate"]),
        "CLAIMGW_TLS_KEY": str(files["key"]),
        "CLAIMGW_TLS_CLIENT_AUTHORITY": str(files["authority"]),
    }
    gateway = forked(server(at(tmp_path), tmp_path, "node", **encrypted))
    gateway.health = ""  # over TLS the helper does not ask; the client tries until it is there
    url = gateway.url.replace("http://", "https://")

    async def send() -> str | None:
        async with GatewayClient(url, Credentials(key=key, authority=files["authority"]), tries=10) as client:
            return (await client.send(example("claim-request-professional"))).outcome

    with processes(gateway):
        assert asyncio.run(send()) == "complete"


@pytest.fixture
def gateway(tmp_path: Path, key: str) -> Process:
    return forked(server(at(tmp_path), tmp_path, "node", "--worker"))


def test_messages_are_sent_and_polled_from_a_terminal(tmp_path: Path, key: str, gateway: Process) -> None:
    url = gateway.url.removesuffix("/$process-message")
    terminal = Terminal(at(tmp_path), CLAIMGW_URL=url, CLAIMGW_KEY=key)
    claim, refused = tmp_path / "claim.json", tmp_path / "refused.json"
    claim.write_bytes(example("claim-request-professional").replace(b"CLM-2026-03101", b"C-1-QUEUE-0"))
    refused.write_bytes(example("claim-request-refused"))
    with processes(gateway):
        [answered] = terminal.read("send", str(claim))
        assert (answered["outcome"], answered["written_by"]) == ("queued", FALCON)
        assert "FR-00027 at Bundle.entry[1].resource.visitMood" in terminal.type(
            "send", str(claim), str(refused), code=1
        )
        inbox = tmp_path / "inbox"
        polled = until(
            lambda: terminal.read("poll", HOSPITAL, "--count", "5", "--out", str(inbox))["messages"],
            "the late answer can be polled",
        )
        assert [(row["about"], row["outcome"]) for row in polled] == [("C-1-QUEUE-0", "complete")]
        [file] = inbox.iterdir()
        assert file.name.startswith("claim-response-")
        assert "1 of 1 would be accepted" in terminal.type("validate", str(file))
        assert "Nothing is waiting" in terminal.type("poll", HOSPITAL)
        again = tmp_path / "again"
        [row] = terminal.read("delivered", HOSPITAL, "--from", "2026-01-01", "--out", str(again))
        assert (row["event"], row["offers"]) == ("claim-response", 1)
        assert (again / file.name).read_bytes() == file.read_bytes()
        assert "Nothing was delivered" in terminal.type("delivered", HOSPITAL, "--to", "2026-01-01")


def test_a_refused_poll_and_a_gateway_that_is_away_are_one_sentence(
    tmp_path: Path, key: str, gateway: Process
) -> None:
    url = gateway.url.removesuffix("/$process-message")
    terminal = Terminal(at(tmp_path), CLAIMGW_URL=url, CLAIMGW_KEY=key)
    with processes(gateway):
        assert "GE-00020" in terminal.type("poll", "provider:PR-9999", code=1)
        assert "GE-00019" in terminal.type("send", "-", "--key", "bad", stdin="{}", code=1)
    assert "no answer" in terminal.type("poll", HOSPITAL, "--tries", "1", code=1)
