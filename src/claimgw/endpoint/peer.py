"""What does the app learn of the connection itself? What uvicorn does not hand on by itself."""

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from claimgw.endpoint.identity import CERTIFICATE

# Under this name an asyncio.Event stands in the scope; it is set when the server is told to stop.
ENDING = "claimgw.ending"


class PeerProtocol(HttpToolsProtocol):
    """uvicorn's own protocol. Into every scope of the connection it puts the client's certificate (DER), and
    an event for answers without an end: uvicorn waits for them when it stops, and tells them nothing."""

    _certificate: bytes | None = None

    # asyncio declares the base of all transports here, and uvicorn the one that it is.
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._ending = asyncio.Event()
        tls = transport.get_extra_info("ssl_object")
        self._certificate = tls.getpeercert(True) if tls is not None else None

    def on_message_begin(self) -> None:
        super().on_message_begin()
        # Typed as closed in uvicorn; ASGI lets servers add extensions of their own.
        extensions = cast(dict[str, Any], self.scope).setdefault("extensions", {})
        extensions[ENDING] = self._ending
        if self._certificate is not None:
            extensions[CERTIFICATE] = self._certificate

    def shutdown(self) -> None:
        self._ending.set()
        super().shutdown()
