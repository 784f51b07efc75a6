"""Who is let in, by key, by a proxy's word, or because the house is open?"""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import quote

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from claimgw.ids import new_id
from claimgw.store.credentials import Credential, CredentialKind, add_credential, revoke_credential
from claimgw.store.database import Database
from tests.clearinghouse.spoken import START, polling
from tests.endpoint.doors import Doors, open_doors
from tests.gateway import CLINIC, HOSPITAL, running

PROXY_HEADER = "x-client-certificate"


@pytest.mark.parametrize(
    ("written", "status"),
    [
        (lambda key: f"Bearer {key}", 200),
        (lambda key: f"bearer  {key}", 200),
        (lambda key: key, 401),
        (lambda key: f"Basic {key}", 401),
        (lambda key: f"Bearer {key} {key}", 401),
        (lambda key: f"Bearer {key[:-1]}", 401),
        (lambda _: "Bearer", 401),
        (lambda _: "", 401),
    ],
)
async def test_a_key_is_shown_as_a_bearer_token(
    written: Callable[[str], str], status: int, doors: Doors
) -> None:
    response = await doors.gateway.post(polling(), authorization=written(doors.key))
    assert response.status_code == status


async def test_all_strangers_look_the_same_from_outside(doors: Doors) -> None:
    told = {
        (await doors.gateway.post(polling(), key)).content
        for key in (None, "ABC", "cgw_" + "x" * 43, doors.expired, doors.revoked)
    }
    assert len(told) == 1


async def test_a_middleware_speaks_for_all_its_licences_and_no_other(sqlite: str) -> None:
    async with open_doors(sqlite) as doors:
        key = "cgw_" + "m" * 43
        async with doors.gateway.database.write() as unit:
            await add_credential(unit, _credential(hashlib.sha256(key.encode()).digest(), CLINIC, HOSPITAL))
        doors.clock.advance(3)
        statuses = [
            (await doors.gateway.post(polling(sender=licence), key)).status_code
            for licence in (HOSPITAL, CLINIC, "provider:PR-1004")
        ]
        assert statuses == [200, 200, 403]


def _credential(digest: bytes, *licences: str, kind: CredentialKind = CredentialKind.KEY) -> Credential:
    return Credential(new_id(START), kind, "test", digest, frozenset(licences), START, None, None)


async def _certified(database: Database) -> str:
    """A registered client certificate as a proxy passes it on."""
    issued = trustme.CA().issue_cert("hospital.example", not_after=datetime(2030, 1, 1, tzinfo=UTC))
    pem = issued.cert_chain_pems[0].bytes()
    der = x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)
    async with database.write() as unit:
        digest = hashlib.sha256(der).digest()
        await add_credential(unit, _credential(digest, HOSPITAL, kind=CredentialKind.CERTIFICATE))
    return quote(pem.decode(), safe="")


@pytest.mark.parametrize(
    ("trusted", "status"), [("127.0.0.1", 200), ("127.0.0.0/8", 200), ("10.0.0.1", 401), ("", 401)]
)
async def test_a_certificate_in_a_header_counts_only_from_a_trusted_proxys_socket(
    trusted: str, status: int, sqlite: str
) -> None:
    async with open_doors(sqlite, trusted_proxies=trusted) as doors:
        shown = await _certified(doors.gateway.database)
        doors.clock.advance(3)
        response = await doors.gateway.post(polling(), **{PROXY_HEADER: shown})
        assert response.status_code == status


async def test_an_address_that_a_header_claims_is_not_believed(sqlite: str) -> None:
    async with open_doors(sqlite, trusted_proxies="10.0.0.1") as doors:
        shown = await _certified(doors.gateway.database)
        doors.clock.advance(3)
        claims = {"x-forwarded-for": "10.0.0.1", "forwarded": "for=10.0.0.1", PROXY_HEADER: shown}
        assert (await doors.gateway.post(polling(), **claims)).status_code == 401


@pytest.mark.parametrize("shown", ["", "-", "%00", "-----BEGIN CERTIFICATE-----", quote("é" * 100)])
async def test_a_spoilt_certificate_in_a_header_lets_nobody_in(shown: str, sqlite: str) -> None:
    async with open_doors(sqlite, trusted_proxies="127.0.0.1") as doors:
        assert (await doors.gateway.post(polling(), **{PROXY_HEADER: shown})).status_code == 401


async def test_an_open_house_lets_anybody_in_as_any_participant(sqlite: str) -> None:
    async with open_doors(sqlite, open=True) as doors:
        assert (await doors.gateway.post(polling())).status_code == 200
        assert (await doors.gateway.post(polling(sender="provider:PR-9999"))).status_code == 403


DOORS = (
    ("POST", "/$process-message"),
    ("POST", "/$validate"),
    ("GET", "/exchanges?identifier=CLM-1"),
    ("GET", "/insurers/INS-2001"),
)


@pytest.mark.parametrize(("method", "path"), DOORS)
async def test_every_door_of_a_participant_wants_a_credential(method: str, path: str, doors: Doors) -> None:
    headers = {"content-type": "application/fhir+json"}
    response = await doors.gateway.client.request(method, path, content=polling(), headers=headers)
    assert response.status_code == 401
    assert response.json()["resourceType"] == "OperationOutcome"


async def test_a_revoked_key_is_refused_within_five_seconds_on_every_node(address: str) -> None:
    async with (
        open_doors(address) as doors,
        running(address, clock=doors.clock, worker=False, console=False) as other,
    ):
        nodes = (doors.gateway, other)
        assert [(await node.post(polling(), doors.key)).status_code for node in nodes] == [200, 200]
        registry = await other.house.parts.registry.current()
        known = registry.credential(hashlib.sha256(doors.key.encode()).digest())
        assert known is not None
        async with other.database.write() as unit:
            await revoke_credential(unit, known.id, doors.clock.now())
        doors.clock.advance(5)
        assert [(await node.post(polling(), doors.key)).status_code for node in nodes] == [401, 401]
