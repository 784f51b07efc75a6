"""Is the connection to an insurer secured as its settings say, and is a fault of TLS never *sent*?"""

import asyncio
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives import serialization

from claimgw.clock import ManualClock
from claimgw.errors import ConfigurationError
from claimgw.insurers import fhir_http
from claimgw.insurers.fhir_http.attempt import Attempt, Stage
from claimgw.insurers.fhir_http.endings import ending
from claimgw.insurers.spi import (
    Answered,
    Connection,
    Health,
    NotSent,
    NotSentFault,
    Reply,
    Tls,
    Unanswered,
    UnansweredFault,
)
from tests.insurers.peers import JSON, LOOPS, Goodbye, Talk, answer, insurer, no_door, peer, run_on

V12, V13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


@dataclass(frozen=True)
class Papers:
    """Authorities and their files."""

    ca: trustme.CA
    stranger: trustme.CA
    ca_file: Path
    ours: Path  # our certificate and key, by `ca`
    strange: Path  # the same, by `stranger`

    @property
    def trusting(self) -> Tls:
        return Tls(authority=self.ca_file)


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    folder = tmp_path_factory.mktemp("papers")
    made = Papers(trustme.CA(), trustme.CA(), folder / "ca.pem", folder / "ours.pem", folder / "strange.pem")
    made.ca.cert_pem.write_to_path(str(made.ca_file))
    made.ca.issue_cert("gateway.example").private_key_and_cert_chain_pem.write_to_path(str(made.ours))
    made.stranger.issue_cert("gateway.example").private_key_and_cert_chain_pem.write_to_path(
        str(made.strange)
    )
    return made


def _server(
    certificate: trustme.LeafCert,
    version: ssl.TLSVersion | None = None,
    clients: trustme.CA | None = None,
) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    if version:
        context.minimum_version = context.maximum_version = version
    if clients:
        clients.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


async def _answer_once(talk: Talk) -> None:
    await talk.request()
    await talk.send(answer(b"{}"))
    await talk.gone()


@pytest.mark.parametrize("version", [V12, V13])
async def test_an_insurer_of_the_set_authority_is_answered_by_with_our_certificate(
    clock: ManualClock, papers: Papers, version: ssl.TLSVersion
) -> None:
    shown = []

    async def script(talk: Talk) -> None:
        shown.append(talk.writer.get_extra_info("peercert"))
        await _answer_once(talk)

    server = _server(papers.ca.issue_cert("127.0.0.1"), version, clients=papers.ca)
    ours = Tls(authority=papers.ca_file, certificate=papers.ours)
    async with peer(script, server) as there, insurer(there.address, clock, tls=ours) as adapter:
        assert await adapter.deliver(b"{}", seconds=5) == Answered(200, b"{}", JSON)
    assert ("DNS", "gateway.example") in shown[0]["subjectAltName"]


@pytest.mark.parametrize(
    ("fault", "detail"),
    [
        ("expired", "certificate has expired"),
        ("other host", "IP address mismatch, certificate is not valid for '127.0.0.1'."),
        ("unknown authority", "unable to get local issuer certificate"),
        ("system authorities only", "unable to get local issuer certificate"),
    ],
)
async def test_an_insurer_whose_certificate_is_wrong_is_sent_nothing_ever(
    clock: ManualClock, papers: Papers, fault: str, detail: str
) -> None:
    certificates = {
        "expired": papers.ca.issue_cert("127.0.0.1", not_after=datetime(2020, 1, 1, tzinfo=UTC)),
        "other host": papers.ca.issue_cert("other.example"),
        "unknown authority": papers.stranger.issue_cert("127.0.0.1"),
    }
    server = _server(certificates.get(fault) or papers.ca.issue_cert("127.0.0.1"))
    tls = Tls() if fault == "system authorities only" else papers.trusting
    async with peer(_answer_once, server) as there, insurer(there.address, clock, tls=tls) as adapter:
        for _ in range(2):  # never a fallback, the second time neither
            reply = await adapter.deliver(b"{}", seconds=5)
            assert reply == NotSent(NotSentFault.TLS, f"connecting: {detail}")
        assert await adapter.probe() == Health(False, f"tls, connecting: {detail}", 0.0)
    assert there.received == b""


async def test_without_the_check_of_the_host_name_the_authority_still_counts(
    clock: ManualClock, papers: Papers
) -> None:
    tls = Tls(authority=papers.ca_file, check_hostname=False)
    for authority, expected in ((papers.ca, Answered), (papers.stranger, NotSent)):
        server = _server(authority.issue_cert("other.example"))
        async with peer(_answer_once, server) as there, insurer(there.address, clock, tls=tls) as adapter:
            assert isinstance(await adapter.deliver(b"{}", seconds=5), expected)


async def test_a_plain_http_server_at_a_tls_address_is_sent_nothing(
    clock: ManualClock, papers: Papers
) -> None:
    async def script(talk: Talk) -> None:
        await talk.read(1)
        await talk.send(answer(b"", "400 Bad Request"))

    async with peer(script) as there:
        address = there.address.replace("http:", "https:")
        async with insurer(address, clock, tls=papers.trusting) as adapter:
            reply = await adapter.deliver(b"{}", seconds=5)
    assert reply == NotSent(NotSentFault.TLS, "connecting: WRONG_VERSION_NUMBER")


async def test_a_tls_server_at_a_plain_address_leaves_the_arrival_unknown(
    clock: ManualClock, papers: Papers
) -> None:
    server = _server(papers.ca.issue_cert("127.0.0.1"))
    async with (
        peer(_answer_once, server) as there,
        insurer(there.address.replace("https:", "http:"), clock) as adapter,
    ):
        assert isinstance(await adapter.deliver(b"{}", seconds=5), Unanswered)
    assert there.received == b""


@pytest.mark.parametrize("goodbye", Goodbye)
async def test_a_peer_that_leaves_inside_the_handshake_was_sent_nothing(
    clock: ManualClock, papers: Papers, goodbye: Goodbye
) -> None:
    async def script(talk: Talk) -> None:
        await talk.read(10)
        await talk.leave(goodbye)

    async with peer(script) as there:
        address = there.address.replace("http:", "https:")
        async with insurer(address, clock, tls=papers.trusting) as adapter:
            reply = await adapter.deliver(b"{}", seconds=5)
    assert isinstance(reply, NotSent)
    assert reply.fault is NotSentFault.TLS


async def test_a_peer_that_is_silent_in_the_handshake_was_sent_nothing(
    clock: ManualClock, papers: Papers
) -> None:
    async def script(talk: Talk) -> None:
        await talk.gone()

    async with peer(script) as there:
        address = there.address.replace("http:", "https:")
        async with insurer(address, clock, tls=papers.trusting, connect_seconds=0.2) as adapter:
            reply = await adapter.deliver(b"{}", seconds=5)
    assert reply == NotSent(NotSentFault.CONNECT_TIMEOUT, "connecting: TimeoutError")


@contextmanager
def _strict(server: ssl.SSLContext) -> Iterator[str]:
    """A server in a thread, for its alerts: asyncio closes on a failed handshake without sending one."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            plain, _ = listening.accept()
            secured = server.wrap_socket(plain, server_side=True, do_handshake_on_connect=False)
            with secured:
                with pytest.raises(ssl.SSLError):
                    secured.do_handshake()
                # What is left unread at a close makes the kernel send a reset, which may overtake the alert.
                with socket.socket(fileno=secured.detach()) as rest:
                    while rest.recv(65536):
                        pass

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"https://127.0.0.1:{listening.getsockname()[1]}/$process-message"
        finally:
            thread.join(10)
            assert not thread.is_alive()


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("version", [V12, V13])
@pytest.mark.parametrize("shown", ["no certificate", "a stranger's certificate"])
def test_an_insurer_that_refuses_our_certificate_was_sent_nothing(
    loop: str, clock: ManualClock, papers: Papers, version: ssl.TLSVersion, shown: str
) -> None:
    certificate = papers.strange if shown == "a stranger's certificate" else None
    tls = Tls(authority=papers.ca_file, certificate=certificate)
    server = _server(papers.ca.issue_cert("127.0.0.1"), version, clients=papers.ca)

    async def refused(size: int) -> Reply:
        with _strict(server) as address:
            async with insurer(address, clock, tls=tls) as adapter:
                return await adapter.deliver(b"x" * size, seconds=5)

    # In TLS 1.3 the alert races with the writing of the request: short ones are out before it comes.
    for size in (10, 100_000, 1_000_000):
        reply = run_on(loop, refused(size))
        assert isinstance(reply, NotSent), reply
        assert reply.fault is NotSentFault.TLS


async def test_an_alert_about_our_certificate_counts_only_while_a_handshake_can_be_open() -> None:
    alert = ssl.SSLError(1, "[SSL: TLSV1_ALERT_UNKNOWN_CA]")
    alert.reason = "TLSV1_ALERT_UNKNOWN_CA"
    attempt = Attempt(asyncio.timeout(5), connect_seconds=1)
    attempt.stage = Stage.CONNECTED
    unknown = Unanswered(UnansweredFault.RESET, "before the answer: TLSV1_ALERT_UNKNOWN_CA")
    assert ending(alert, attempt) == unknown
    attempt.refusable = True
    assert isinstance(ending(alert, attempt), NotSent)
    attempt.answering()
    assert isinstance(ending(alert, attempt), Unanswered)


@dataclass
class Relay:
    """Passes bytes between the adapter and a peer, and cuts both off after so many in one direction."""

    address: str
    up: int = 0
    down: int = 0


@asynccontextmanager
async def _relay(port: int, *, up: int, down: int) -> AsyncIterator[Relay]:
    tasks: set[asyncio.Task[None]] = set()

    async def both(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)

        async def pipe(
            source: asyncio.StreamReader, target: asyncio.StreamWriter, which: str, most: int
        ) -> None:
            while (passed := getattr(relay, which)) < most:
                data = await source.read(min(65536, most - passed))
                if not data:
                    return
                setattr(relay, which, passed + len(data))
                target.write(data)
                await target.drain()

        try:
            pipes = {
                asyncio.create_task(pipe(reader, far_writer, "up", up)),
                asyncio.create_task(pipe(far_reader, writer, "down", down)),
            }
            await asyncio.wait(pipes, return_when=asyncio.FIRST_COMPLETED)
            for task in pipes:
                task.cancel()
            await asyncio.gather(*pipes, return_exceptions=True)
        finally:
            writer.close()
            far_writer.close()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(both(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    relay = Relay(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/$process-message")
    try:
        yield relay
    finally:
        server.close()
        await server.wait_closed()
        await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.parametrize("version", [V12, V13])
@pytest.mark.parametrize("direction", ["up", "down"])
async def test_a_tls_connection_cut_anywhere_is_not_sent_only_if_nothing_was_read(
    clock: ManualClock, papers: Papers, version: ssl.TLSVersion, direction: str
) -> None:
    server = _server(papers.ca.issue_cert("127.0.0.1"), version, clients=papers.ca)
    tls = Tls(authority=papers.ca_file, certificate=papers.ours)
    message, whole = b"x" * 2000, 1 << 30

    async def script(talk: Talk) -> None:
        while not talk.received.endswith(message) and await talk.some():
            pass
        await talk.send(answer(b"{}"))
        await talk.gone()

    async def cut(after: int) -> tuple[object, int, Relay]:
        limits = {"up": whole, "down": whole} | {direction: after}
        async with (
            peer(script, server) as there,
            _relay(there.port, **limits) as relay,
            insurer(relay.address, clock, tls=tls) as adapter,
        ):
            reply = await adapter.deliver(message, seconds=5)
        return reply, len(there.received), relay

    reply, _, relay = await cut(whole)
    assert isinstance(reply, Answered)
    total: int = getattr(relay, direction)
    seen = set()
    for after in range(0, total, max(1, total // 30)):
        reply, read, _ = await cut(after)
        seen.add(type(reply))
        assert not (isinstance(reply, NotSent) and read), (after, reply, read)
        assert not (isinstance(reply, Answered) and read < len(message)), (after, reply, read)
    assert {NotSent, Unanswered} <= seen


def _locked(pem: bytes) -> bytes:
    """The key in that file, encrypted."""
    key = serialization.load_pem_private_key(pem, password=None)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"secret"),
    )


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"authority": "missing.pem"}, "missing.pem cannot be read: No such file"),
        ({"authority": "junk.pem"}, "junk.pem holds no PEM certificate"),
        ({"authority": "."}, "cannot be read"),
        ({"certificate": "missing.pem"}, "missing.pem cannot be read: No such file"),
        ({"certificate": "ours.pem", "key": "missing.pem"}, "missing.pem cannot be read: No such file"),
        ({"certificate": "junk.pem"}, "junk.pem cannot be used"),
        ({"certificate": "ours.pem", "key": "strange.pem"}, "belong together"),
        ({"certificate": "ours.pem", "key": "locked.pem"}, "must not be encrypted"),
        ({"certificate": "ca.pem"}, "cannot be used"),
        ({"key": "ours.pem"}, "without a certificate"),
    ],
)
def test_a_certificate_file_that_cannot_be_used_is_refused_at_once(
    clock: ManualClock, papers: Papers, fields: dict[str, str], says: str
) -> None:
    folder = papers.ca_file.parent
    (folder / "junk.pem").write_text("junk")
    (folder / "locked.pem").write_bytes(_locked(papers.ours.read_bytes()))
    files = {name: folder / file for name, file in fields.items()}
    tls = Tls(files.get("authority"), files.get("certificate"), files.get("key"))
    connection = Connection("INS-1", "Insurer", "https://127.0.0.1/", tls=tls)
    with pytest.raises(ConfigurationError, match=f"INS-1: .*{says}"):
        fhir_http.adapter(connection, clock=clock, door=no_door)
