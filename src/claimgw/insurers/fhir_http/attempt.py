"""How far did one attempt get? Told by what carries it out, not guessed from an exception."""

import asyncio
import ssl
from enum import StrEnum

from claimgw.insurers.fhir_http.wire import Wire


class Stage(StrEnum):
    """What has been done for the attempt so far. The peer can have read of it only from CONNECTED on."""

    WAITING = "waiting"  # for one of the insurer's connections to become free
    CONNECTING = "connecting"  # name, TCP and TLS
    CONNECTED = "connected"  # the request is being written, or its answer awaited
    ANSWERING = "answering"  # the head of the answer was read


class Attempt:
    """One call, followed on its way. It moves its deadline: connecting has a limit of its own."""

    def __init__(self, deadline: asyncio.Timeout, connect_seconds: float) -> None:
        self.stage = Stage.WAITING
        self.refusable = False  # may the peer still refuse our certificate?
        self._deadline = deadline
        self._end = deadline.when()
        self._connect_seconds = connect_seconds
        self._wire: Wire | None = None

    def connecting(self) -> None:
        """A new connection is begun."""
        self.stage = Stage.CONNECTING
        limit = asyncio.get_running_loop().time() + self._connect_seconds
        self._deadline.reschedule(limit if self._end is None else min(limit, self._end))

    def connected(self, wire: Wire) -> None:
        """A connection is there, new or used before; the next thing is that the request is written."""
        if self.stage is Stage.CONNECTING:
            self._deadline.reschedule(self._end)
            tls: ssl.SSLObject | None = wire.transport.get_extra_info("ssl_object")
            # TLS 1.3 (RFC 8446 §4.4.2.4): a server checks our certificate after our side of the handshake
            # has ended, and reads no application data before it has. In TLS 1.2 that is inside the handshake,
            # and a later refusal belongs to a renegotiation, begun after the server had read the request.
            self.refusable = tls is not None and tls.version() == "TLSv1.3"
        self.stage = Stage.CONNECTED
        self._wire = wire

    def answering(self) -> None:
        """The head of the answer was read."""
        self.stage = Stage.ANSWERING
        self.refusable = False

    async def refusal(self) -> Exception | None:
        """What broke a connection on which our certificate could be refused; asked once it is given up."""
        if not self.refusable or self._wire is None:
            return None
        # The alert may have come while the request was being written: then a failed write ended the attempt,
        # and the alert shows here, within a turn or two of the loop.
        await asyncio.wait([self._wire.gone], timeout=1)
        return self._wire.broken_by
