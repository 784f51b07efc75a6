"""Who is calling? A caller with its licences, or a stranger and why."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import structlog

from claimgw.access.certificates import Certificate, Network, read_certificate, read_forwarded, vouches
from claimgw.access.keys import key_digest
from claimgw.access.registry import Snapshot

_BEARER = re.compile(r"bearer +(\S+)", re.IGNORECASE)

_log = structlog.get_logger(__name__)


class Unusable(StrEnum):
    """Why a credential does not let its bearer in. For our log; outside they all look the same."""

    NONE_GIVEN = "none given"
    MALFORMED = "malformed"
    UNKNOWN = "unknown"
    EXPIRED = "expired"  # or not yet valid
    REVOKED = "revoked"
    UNTRUSTED_PROXY = "sent by an address that is no trusted proxy"


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who may speak for these licences."""

    licences: frozenset[str]
    credential_id: str


@dataclass(frozen=True, slots=True)
class Stranger:
    """Somebody who showed nothing that lets them in. The credential is named if it was known once."""

    reason: Unusable
    credential_id: str | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """What came with a request.

    `authorization` is the header, `certificate` the DER out of our own TLS socket, `forwarded` the proxy's
    header, `peer` the address of the socket (never one that a header names).
    """

    authorization: str | None = None
    certificate: bytes | None = None
    forwarded: str | None = None
    peer: str | None = None


def identify(
    shown: Shown, registry: Snapshot, *, trusted: Sequence[Network] = (), now: datetime
) -> Caller | Stranger:
    """The first of key, own TLS and proxy that is good lets in; if none is, the first fault is told.

    A bad key does not spoil a good certificate: some clients send a dummy Authorization (spec §9.2).
    """
    verdicts: list[Caller | Stranger] = []
    if shown.authorization is not None:
        verdicts.append(_by_key(shown.authorization, registry, now))
    if shown.certificate is not None:
        verdicts.append(_by_certificate(read_certificate(shown.certificate), registry, now))
    if shown.forwarded:  # nginx sends it empty for a caller without a certificate
        if vouches(shown.peer, trusted):
            verdicts.append(_by_certificate(read_forwarded(shown.forwarded), registry, now))
        else:
            verdicts.append(Stranger(Unusable.UNTRUSTED_PROXY))
    for verdict in verdicts:
        if isinstance(verdict, Caller):
            return verdict
    stranger = next((v for v in verdicts if isinstance(v, Stranger)), Stranger(Unusable.NONE_GIVEN))
    _log.info("stranger refused", reason=stranger.reason.value, credential=stranger.credential_id)
    return stranger


def caller_by_digest(digest: bytes, registry: Snapshot, now: datetime) -> Caller | Stranger:
    """Who holds the key or certificate with this SHA-256, at that moment."""
    held = registry.credential(digest)
    if held is None:
        return Stranger(Unusable.UNKNOWN)
    if held.revoked_at is not None:
        return Stranger(Unusable.REVOKED, held.id)
    if held.expires_at is not None and held.expires_at <= now:
        return Stranger(Unusable.EXPIRED, held.id)
    return Caller(held.licences, held.id)


def _by_key(authorization: str, registry: Snapshot, now: datetime) -> Caller | Stranger:
    bearer = _BEARER.fullmatch(authorization.strip())
    digest = key_digest(bearer[1]) if bearer else None
    return Stranger(Unusable.MALFORMED) if digest is None else caller_by_digest(digest, registry, now)


def _by_certificate(certificate: Certificate | None, registry: Snapshot, now: datetime) -> Caller | Stranger:
    if certificate is None:
        return Stranger(Unusable.MALFORMED)
    verdict = caller_by_digest(certificate.digest, registry, now)
    if isinstance(verdict, Caller) and not certificate.valid_at(now):
        return Stranger(Unusable.EXPIRED, verdict.credential_id)
    return verdict
