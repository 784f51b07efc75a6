"""Does a client certificate let its holder in, over real TLS and through a proxy, and nobody else?"""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
import trustme

from claimgw.access.certificates import read_certificate
from claimgw.endpoint.peer import PeerProtocol
from claimgw.ids import new_id
from claimgw.store.credentials import Credential, CredentialKind, add_credential
from tests.gateway import BEGINNING, FALCON, FHIR, HOSPITAL, Gateway, example, register, running
from tests.served import served


@dataclass
class Authority:
    """A throw-away authority, a server's certificate and what clients show."""

    root: trustme.CA
    folder: Path

    def client(self, name: str) -> tuple[ssl.SSLContext, bytes]:
        """A context that shows a new certificate, and that certificate in PEM."""
        issued = self.root.issue_cert(f"{name}.example")
        context = self.nobody()
        issued.configure_cert(context)
        return context, issued.cert_chain_pems[0].bytes()

    def nobody(self) -> ssl.SSLContext:
        """A context that shows no certificate."""
        context = ssl.create_default_context()
        self.root.configure_trust(context)
        return context

    def server(self) -> dict[str, str]:
        issued = self.root.issue_cert("127.0.0.1")
        issued.private_key_and_cert_chain_pem.write_to_path(self.folder / "server.pem")
        self.root.cert_pem.write_to_path(self.folder / "root.pem")
        return {"certificate": str(self.folder / "server.pem"), "root": str(self.folder / "root.pem")}


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(trustme.CA(), tmp_path)


@asynccontextmanager
async def over_tls(gateway: Gateway, authority: Authority) -> AsyncIterator[str]:
    files = authority.server()
    async with served(
        gateway.app,
        ssl_certfile=files["certificate"],
        ssl_ca_certs=files["root"],
        ssl_cert_reqs=ssl.CERT_OPTIONAL,
        http=PeerProtocol,
    ) as base:
        yield f"{base}/$process-message"


async def grant(gateway: Gateway, pem: bytes, *licences: str) -> None:
    certificate = read_certificate(pem)
    assert certificate is not None
    async with gateway.database.write() as unit:
        await add_credential(
            unit,
            Credential(
                id=new_id(BEGINNING),
                kind=CredentialKind.CERTIFICATE,
                label="test",
                digest=certificate.digest,
                licences=frozenset(licences),
                created_at=BEGINNING,
            ),
        )


async def post(url: str, context: ssl.SSLContext, raw: bytes, **headers: str) -> int:
    async with httpx.AsyncClient(verify=context, trust_env=False) as client:
        return (await client.post(url, content=raw, headers={**FHIR, **headers})).status_code


async def test_only_the_holder_of_a_registered_certificate_is_let_in(
    authority: Authority, tmp_path: Path
) -> None:
    known, pem = authority.client("hospital")
    unknown, _ = authority.client("stranger")
    claim = example("claim-request-professional")
    async with running(f"sqlite:///{tmp_path}/claimgw.db", worker=False) as gateway:
        await register(gateway.database, HOSPITAL)
        await register(gateway.database, FALCON)
        await grant(gateway, pem, HOSPITAL)
        async with over_tls(gateway, authority) as url:
            assert await post(url, authority.nobody(), claim) == 401
            assert await post(url, unknown, claim) == 401
            assert await post(url, known, claim) == 200
            assert await post(url, known, example("claim-response-deferred")) == 403


async def test_one_certificate_may_speak_for_several_licences(authority: Authority, tmp_path: Path) -> None:
    middleware, pem = authority.client("middleware")
    async with running(f"sqlite:///{tmp_path}/claimgw.db", worker=False) as gateway:
        for licence in (HOSPITAL, "provider:PR-1002", FALCON, "payer:INS-2002"):
            await register(gateway.database, licence)
        await grant(gateway, pem, HOSPITAL, "provider:PR-1002")
        async with over_tls(gateway, authority) as url:
            for name in ("claim-request-professional", "claim-request-vision"):
                assert await post(url, middleware, example(name)) == 200


async def test_a_certificate_in_a_header_counts_only_if_the_socket_is_the_proxys(
    authority: Authority, tmp_path: Path
) -> None:
    _, pem = authority.client("hospital")
    claim = example("claim-request-professional")
    header = {"x-client-certificate": quote(pem.decode())}
    for trusted, status in ("192.0.2.7", 401), ("127.0.0.1", 200):
        address = f"sqlite:///{tmp_path}/{status}.db"
        async with running(address, worker=False, trusted_proxies=(trusted,)) as gateway:
            await register(gateway.database, HOSPITAL)
            await register(gateway.database, FALCON)
            await grant(gateway, pem, HOSPITAL)
            async with served(gateway.app) as base:
                url = f"{base}/$process-message"
                # A stranger may write any header it likes; what counts is where the socket comes from.
                forged = {**header, "x-forwarded-for": trusted}
                assert await post(url, authority.nobody(), claim, **forged) == status
