"""How did an attempt without a whole answer end? One table, read by how far it had got."""

import errno
import socket
import ssl
from collections.abc import Iterator, Sequence
from typing import TypeVar, assert_never

from claimgw.insurers.fhir_http.attempt import Attempt, Stage
from claimgw.insurers.spi import NotSent, NotSentFault, Unanswered, UnansweredFault

# The first row of which any exception in the chain of causes is an instance. Once a connection stood, what is
# no fault of the system is an end before time, or an answer that is not HTTP.
BEFORE_CONNECTED: tuple[tuple[type[BaseException], NotSentFault], ...] = (
    (socket.gaierror, NotSentFault.UNRESOLVED),
    (ssl.SSLError, NotSentFault.TLS),
    # TCP itself ends by a refusal or in time: these three come from inside the handshake, as does a FIN.
    (ConnectionResetError, NotSentFault.TLS),
    (ConnectionAbortedError, NotSentFault.TLS),
    (BrokenPipeError, NotSentFault.TLS),
    (TimeoutError, NotSentFault.CONNECT_TIMEOUT),
)
AFTER_CONNECTED: tuple[tuple[type[BaseException], UnansweredFault], ...] = (
    (TimeoutError, UnansweredFault.SILENT),
    (OSError, UnansweredFault.RESET),
)

# Alerts by which a server says that it does not take our certificate (RFC 8446 §6.2), as OpenSSL names them.
CERTIFICATE_REFUSALS = frozenset(
    {
        "SSLV3_ALERT_HANDSHAKE_FAILURE",
        "SSLV3_ALERT_BAD_CERTIFICATE",
        "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE",
        "SSLV3_ALERT_CERTIFICATE_REVOKED",
        "SSLV3_ALERT_CERTIFICATE_EXPIRED",
        "SSLV3_ALERT_CERTIFICATE_UNKNOWN",
        "TLSV1_ALERT_UNKNOWN_CA",
        "TLSV1_ALERT_ACCESS_DENIED",
        "TLSV1_ALERT_DECRYPT_ERROR",
        "TLSV13_ALERT_CERTIFICATE_REQUIRED",
    }
)

Fault = TypeVar("Fault", NotSentFault, UnansweredFault)


def ending(fault: Exception, attempt: Attempt, refusal: BaseException | None = None) -> NotSent | Unanswered:
    """What that exception means for an attempt that had got so far. `detail` holds nothing of any body.

    `refusal` is what the connection itself was broken by, see `Attempt.refusal`.
    """
    chain = (*_chain(fault), *_chain(refusal))
    what = _what(chain)
    match attempt.stage:
        case Stage.WAITING:
            return NotSent(NotSentFault.PAUSED, f"waiting for a free connection: {what}")
        case Stage.CONNECTING:
            return NotSent(_meaning(BEFORE_CONNECTED, chain, NotSentFault.REFUSED), f"connecting: {what}")
        case Stage.CONNECTED if attempt.refusable and _reasons(chain) & CERTIFICATE_REFUSALS:
            return NotSent(NotSentFault.TLS, f"our certificate was refused: {what}")
        case Stage.CONNECTED:
            return Unanswered(
                _meaning(AFTER_CONNECTED, chain, UnansweredFault.CLOSED), f"before the answer: {what}"
            )
        case Stage.ANSWERING:
            return Unanswered(
                _meaning(AFTER_CONNECTED, chain, UnansweredFault.CLOSED), f"inside the answer: {what}"
            )
        case _:
            assert_never(attempt.stage)


def _chain(fault: BaseException | None) -> Iterator[BaseException]:
    while fault is not None:
        yield fault
        fault = fault.__cause__ or fault.__context__


def _meaning(
    table: Sequence[tuple[type[BaseException], Fault]], chain: Sequence[BaseException], otherwise: Fault
) -> Fault:
    rows = (meaning for kind, meaning in table if any(isinstance(fault, kind) for fault in chain))
    return next(rows, otherwise)


def _reasons(chain: Sequence[BaseException]) -> set[str]:
    return {fault.reason for fault in chain if isinstance(fault, ssl.SSLError) and fault.reason}


def _what(chain: Sequence[BaseException]) -> str:
    """The most telling name in the chain. Never str(exception): it may quote the answer."""
    for fault in reversed(chain):
        if isinstance(fault, ssl.SSLCertVerificationError):
            return str(fault.verify_message)
        if isinstance(fault, ssl.SSLError) and fault.reason:
            return fault.reason
        if isinstance(fault, OSError) and fault.errno is not None and fault.errno in errno.errorcode:
            return errno.errorcode[fault.errno]
    named = [type(fault).__name__ for fault in chain if isinstance(fault, OSError)]
    return named[0] if named else type(chain[0]).__name__
