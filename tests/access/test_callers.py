"""Is a caller known by what it shows, and a stranger by nothing it can invent?"""

import hashlib
from datetime import timedelta
from urllib.parse import quote

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from claimgw.access.callers import Caller, Shown, Stranger, Unusable, identify
from claimgw.access.certificates import Certificate, read_certificate, read_forwarded, read_networks, vouches
from claimgw.access.keys import key_digest
from claimgw.access.registry import Snapshot
from claimgw.errors import ConfigurationError
from claimgw.store.credentials import Credential, CredentialKind
from tests.access.registered import NOW, provider, snapshot

PEM = trustme.CA().issue_cert("clinic.example").cert_chain_pems[0].bytes()
DER = x509.load_pem_x509_certificate(PEM).public_bytes(Encoding.DER)
CERTIFICATE = read_certificate(DER)
OTHER_DER = x509.load_pem_x509_certificate(
    trustme.CA().issue_cert("clinic.example").cert_chain_pems[0].bytes()
).public_bytes(Encoding.DER)
# The same in every process: they name tests, and all workers of pytest-xdist must see the same names.
KEYS = {
    name: "cgw_" + letter * 43
    for letter, name in zip("ABCD", ("good", "expired", "revoked", "never entered"), strict=True)
}
LICENCES = frozenset({"provider:PR-1001", "provider:PR-1002"})
PROXIES = read_networks(["10.0.0.0/24", "fd00::1"])


def _credential(name: str, digest: bytes | None, kind: CredentialKind = CredentialKind.KEY) -> Credential:
    assert digest is not None
    return Credential(
        id=name,
        kind=kind,
        label=name,
        digest=digest,
        licences=LICENCES,
        created_at=NOW,
        expires_at=NOW if name == "expired" else None,
        revoked_at=NOW if name == "revoked" else None,
    )


REGISTRY: Snapshot = snapshot(
    [provider(), provider("PR-1002")],
    [_credential(name, key_digest(KEYS[name])) for name in ("good", "expired", "revoked")]
    + [_credential("certificate", hashlib.sha256(DER).digest(), CredentialKind.CERTIFICATE)],
)


def _is(shown: Shown) -> Caller | Stranger:
    return identify(shown, REGISTRY, trusted=PROXIES, now=NOW)


def _bearer(name: str) -> str:
    return f"Bearer {KEYS[name]}"


def test_a_good_key_speaks_for_all_its_licences() -> None:
    assert _is(Shown(_bearer("good"))) == Caller(LICENCES, "good")


@pytest.mark.parametrize("written", ["bearer {}", "BEARER  {}", " Bearer {} "])
def test_the_scheme_is_read_as_http_reads_it(written: str) -> None:
    assert _is(Shown(written.format(KEYS["good"]))) == Caller(LICENCES, "good")


@pytest.mark.parametrize(
    ("authorization", "stranger"),
    [
        (None, Stranger(Unusable.NONE_GIVEN)),
        ("", Stranger(Unusable.MALFORMED)),
        ("Bearer", Stranger(Unusable.MALFORMED)),
        ("Bearer ABC", Stranger(Unusable.MALFORMED)),
        ("Basic dXNlcjpwYXNz", Stranger(Unusable.MALFORMED)),
        (f"Bearer {KEYS['good']} {KEYS['good']}", Stranger(Unusable.MALFORMED)),
        (_bearer("never entered"), Stranger(Unusable.UNKNOWN)),
        (_bearer("expired"), Stranger(Unusable.EXPIRED, "expired")),
        (_bearer("revoked"), Stranger(Unusable.REVOKED, "revoked")),
    ],
)
def test_a_key_that_is_not_good_leaves_a_stranger(authorization: str | None, stranger: Stranger) -> None:
    assert _is(Shown(authorization)) == stranger


def test_a_certificate_of_our_own_tls_socket_lets_in() -> None:
    assert _is(Shown(certificate=DER)) == Caller(LICENCES, "certificate")


def test_a_certificate_with_the_same_name_from_another_authority_does_not() -> None:
    assert _is(Shown(certificate=OTHER_DER)) == Stranger(Unusable.UNKNOWN)


@pytest.mark.parametrize("peer", ["10.0.0.7", "::ffff:10.0.0.7", "fd00::1"])
def test_a_certificate_that_a_trusted_proxy_hands_on_lets_in(peer: str) -> None:
    assert _is(Shown(forwarded=quote(PEM), peer=peer)) == Caller(LICENCES, "certificate")


@pytest.mark.parametrize("peer", ["10.0.1.7", "127.0.0.1", "fd00::2", "", None, "unix:"])
def test_the_same_header_from_anybody_else_does_not(peer: str | None) -> None:
    assert _is(Shown(forwarded=quote(PEM), peer=peer)) == Stranger(Unusable.UNTRUSTED_PROXY)


def test_an_empty_header_of_the_proxy_is_no_certificate() -> None:
    assert _is(Shown(forwarded="", peer="10.0.0.7")) == Stranger(Unusable.NONE_GIVEN)


@pytest.mark.parametrize(
    "header", ["x", "%", "%ff%fe", "-----BEGIN CERTIFICATE-----", quote(PEM)[:300], quote("ö")], ids=range(6)
)
def test_a_header_that_is_no_certificate_is_malformed(header: str) -> None:
    assert _is(Shown(forwarded=header, peer="10.0.0.7")) == Stranger(Unusable.MALFORMED)


def test_a_dummy_key_does_not_spoil_a_good_certificate() -> None:
    assert _is(Shown("Bearer ABC", certificate=DER)) == Caller(LICENCES, "certificate")


def test_of_several_bad_credentials_the_first_is_named() -> None:
    assert _is(Shown(_bearer("revoked"), certificate=OTHER_DER)) == Stranger(Unusable.REVOKED, "revoked")


def test_a_certificate_is_good_only_between_its_dates() -> None:
    assert CERTIFICATE is not None
    late = identify(Shown(certificate=DER), REGISTRY, now=CERTIFICATE.not_after + timedelta(seconds=1))
    assert late == Stranger(Unusable.EXPIRED, "certificate")
    assert not CERTIFICATE.valid_at(CERTIFICATE.not_before - timedelta(seconds=1))


def test_a_certificate_is_the_same_in_every_form() -> None:
    forms = [
        read_certificate(DER),
        read_certificate(PEM),
        read_forwarded(quote(PEM)),
        read_forwarded(PEM.decode()),
    ]
    assert forms == [CERTIFICATE] * 4
    assert isinstance(CERTIFICATE, Certificate)
    assert CERTIFICATE.digest == hashlib.sha256(DER).digest()


def test_of_a_chain_the_first_certificate_counts() -> None:
    authority = trustme.CA()
    assert read_certificate(PEM + authority.cert_pem.bytes()) == CERTIFICATE


def test_no_proxy_is_trusted_unless_named() -> None:
    assert not vouches("127.0.0.1", ())


@pytest.mark.parametrize("text", ["10.0.0.300", "10.0.0.1/24", "proxy.example"])
def test_a_bad_network_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="trusted proxies: "):
        read_networks([text])
