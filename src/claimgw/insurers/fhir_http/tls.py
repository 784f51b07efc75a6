"""How is the connection to one insurer secured? Its authority, our certificate, TLS 1.2 or better."""

import ssl
from pathlib import Path

from claimgw.errors import ConfigurationError
from claimgw.insurers.spi import Connection


def context(connection: Connection) -> ssl.SSLContext:
    """The context for every connection to that insurer. Raises ConfigurationError naming the unusable file.

    With `tls.authority` set, only the authorities in that file are trusted, not the system's.
    """
    tls, whose = connection.tls, f"insurer {connection.licence}"
    if tls.key and not tls.certificate:
        raise ConfigurationError(f"{whose}: a key is set without a certificate; set both or neither")
    made = _trusting(tls.authority, whose)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.check_hostname = tls.check_hostname
    if tls.certificate:
        _present(made, tls.certificate, tls.key, whose)
    return made


def _trusting(authority: Path | None, whose: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=authority)
    except ssl.SSLError as fault:
        raise ConfigurationError(
            f"{whose}: the authority file {authority} holds no PEM certificate"
        ) from fault
    except OSError as fault:
        raise ConfigurationError(
            f"{whose}: the authority file {authority} cannot be read: {fault.strerror}"
        ) from fault


def _present(made: ssl.SSLContext, certificate: Path, key: Path | None, whose: str) -> None:
    for file in (certificate, key):
        if file is not None:
            _readable(file, whose)
    try:
        # An empty password is handed over because OpenSSL would otherwise ask for one on the terminal.
        made.load_cert_chain(certificate, key, password="")
    except (ssl.SSLError, ValueError) as fault:
        raise ConfigurationError(
            f"{whose}: the certificate {certificate} and its key {key or certificate} cannot be used; "
            "they must be PEM, belong together, and the key must not be encrypted"
        ) from fault


def _readable(file: Path, whose: str) -> None:
    # load_cert_chain does not say which of the two files is missing.
    try:
        file.open("rb").close()
    except OSError as fault:
        raise ConfigurationError(f"{whose}: the file {file} cannot be read: {fault.strerror}") from fault
