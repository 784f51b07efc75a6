"""Which certificate does the caller hold, and may a proxy vouch for it?"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import unquote

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from claimgw.errors import ConfigurationError

Network = IPv4Network | IPv6Network

_PEM = b"-----BEGIN CERTIFICATE-----"


@dataclass(frozen=True, slots=True)
class Certificate:
    """A client certificate, as far as it matters. `digest` is SHA-256 of the DER; moments are aware UTC.

    Nobody checks a chain here: the TLS handshake proved that the caller holds the private key, and the
    digest picks out this one certificate. Who signed it adds nothing.
    """

    digest: bytes
    subject: str
    not_before: datetime
    not_after: datetime

    def valid_at(self, now: datetime) -> bool:
        return self.not_before <= now <= self.not_after


def read_certificate(data: bytes) -> Certificate | None:
    """From DER or PEM (of a chain: the first, which is the caller's own). None if it is neither."""
    try:
        parsed = (
            x509.load_pem_x509_certificate(data) if _PEM in data else x509.load_der_x509_certificate(data)
        )
        return Certificate(
            digest=hashlib.sha256(parsed.public_bytes(Encoding.DER)).digest(),
            subject=parsed.subject.rfc4514_string(),
            not_before=parsed.not_valid_before_utc,
            not_after=parsed.not_valid_after_utc,
        )
    except ValueError:
        return None


def read_forwarded(header: str) -> Certificate | None:
    """From a proxy's header: URL-encoded PEM, nginx's `$ssl_client_escaped_cert`. None if unusable."""
    # `unquote_plus` would turn the "+" of base64 into blanks.
    return read_certificate(unquote(header).encode())


def read_networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """The addresses of proxies, "10.0.0.7" or "10.0.0.0/24". Raises ConfigurationError naming a bad one."""
    try:
        return tuple(ip_network(text) for text in texts)
    except ValueError as fault:
        raise ConfigurationError(f"trusted proxies: {fault}; write 10.0.0.7 or 10.0.0.0/24") from fault


def vouches(peer: str | None, trusted: Sequence[Network]) -> bool:
    """Whether a header of this peer may be believed.

    `peer` is the address of the socket itself, never one out of X-Forwarded-For: that a stranger can write.
    """
    try:
        address = ip_address(peer or "")
    except ValueError:  # a unix socket, or none
        return False
    address = _plain(address)
    return any(address.version == network.version and address in network for network in trusted)


def _plain(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    # A socket that listens for both kinds shows IPv4 callers as ::ffff:10.0.0.7.
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
