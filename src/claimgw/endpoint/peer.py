"""How does the certificate of a direct TLS caller reach the app? uvicorn does not hand it on by itself."""

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from claimgw.endpoint.identity import CERTIFICATE


class PeerProtocol(HttpToolsProtocol):
    """uvicorn's own protocol, with the client's certificate (DER) put into every scope of the connection."""

    _certificate: bytes | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        tls = transport.get_extra_info("ssl_object")
        self._certificate = tls.getpeercert(True) if tls is not None else None

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if self._certificate is not None:
            # Typed as closed in uvicorn; ASGI lets servers add extensions of their own.
            scope = cast(dict[str, Any], self.scope)
            scope.setdefault("extensions", {})[CERTIFICATE] = self._certificate
