"""Can an insurer be reached from here, and how is the connection secured?"""

import asyncio
import ssl
from dataclasses import asdict, dataclass
from datetime import datetime
from urllib.parse import urlsplit

import typer
from cryptography import x509

from claimgw.access.participants import FHIR_HTTP, Participant
from claimgw.cli.accounts import known
from claimgw.cli.arguments import AsJson, LicenceArgument
from claimgw.cli.output import print_fields, print_json
from claimgw.cli.session import REFUSED, Refusal, run
from claimgw.clock import SystemClock
from claimgw.errors import ClaimgwError
from claimgw.insurers.fhir_http.tls import context
from claimgw.insurers.spi import Connection, Health, find_adapter
from claimgw.store.database import Database

commands = typer.Typer()


@dataclass(frozen=True, slots=True)
class Handshake:
    """What a TLS handshake with the endpoint showed; `fault` None: it was good."""

    fault: str | None
    version: str | None = None
    cipher: str | None = None
    subject: str | None = None
    issuer: str | None = None
    not_after: datetime | None = None


@commands.command("test", epilog="Example: claimgw participants test payer:INS-2001")
def try_(licence: LicenceArgument, as_json: AsJson = False) -> None:
    """Try an insurer's connection, without sending it a message. Exits with 1 if it cannot be reached."""

    async def work(database: Database) -> tuple[Health, Handshake | None]:
        async with database.read() as unit:
            participant = Participant.read(await known(unit, licence))
        return await _probe(participant), await _handshake(participant)

    health, tls = run(work)
    if as_json:
        print_json({"licence": licence, "health": asdict(health), "tls": tls and asdict(tls)})
    else:
        print_fields(licence, asdict(health).items())
        if tls is not None:
            print_fields("TLS", [(name, value) for name, value in asdict(tls).items() if value is not None])
    if not health.reachable:
        raise typer.Exit(REFUSED)


async def _probe(participant: Participant) -> Health:
    if participant.adapter is None:
        raise Refusal(f"{participant.licence} is not called by the gateway; there is nothing to try")
    factory = find_adapter(participant.adapter)
    adapter = factory(participant.connection(), clock=SystemClock(), door=_shut)
    try:
        return await adapter.probe()
    finally:
        await adapter.close()


async def _shut(_: bytes) -> bytes:
    """An insurer on trial has no way in."""
    raise ClaimgwError("a connection on trial delivers nothing")


async def _handshake(participant: Participant) -> Handshake | None:
    """None where there is no TLS of ours."""
    url = urlsplit(participant.endpoint or "")
    if participant.adapter != FHIR_HTTP or url.scheme != "https" or url.hostname is None:
        return None
    connection = participant.connection()
    try:
        async with asyncio.timeout(connection.connect_seconds):
            return await _shake(url.hostname, url.port or 443, connection)
    except TimeoutError:
        return Handshake(f"no handshake within {connection.connect_seconds:g} s")
    except ssl.SSLCertVerificationError as fault:
        return Handshake(fault.verify_message)
    except OSError as fault:
        return Handshake(fault.strerror or type(fault).__name__)


async def _shake(host: str, port: int, connection: Connection) -> Handshake:
    _, writer = await asyncio.open_connection(host, port, ssl=context(connection))
    try:
        tls: ssl.SSLObject = writer.get_extra_info("ssl_object")
        shown = tls.getpeercert(binary_form=True)
        cipher = tls.cipher()
        assert shown is not None
        assert cipher is not None
        peer = x509.load_der_x509_certificate(shown)
        return Handshake(
            fault=None,
            version=tls.version(),
            cipher=cipher[0],
            subject=peer.subject.rfc4514_string(),
            issuer=peer.issuer.rfc4514_string(),
            not_after=peer.not_valid_after_utc,
        )
    finally:
        writer.transport.abort()
