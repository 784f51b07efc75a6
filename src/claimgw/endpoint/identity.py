"""Who stands at the door? The caller, from what came with the request and from the socket itself."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request

from claimgw.access.callers import Caller, Shown, Stranger, identify
from claimgw.access.certificates import Network
from claimgw.access.registry import Registry
from claimgw.clock import Clock

# Where `peer.py` puts the client's certificate; the name is our own, ASGI has no settled one in uvicorn.
CERTIFICATE = "claimgw.client_certificate"


@dataclass(frozen=True, slots=True)
class Doorkeeper:
    """Knows callers by key or certificate. `open_house`: everybody may speak for every participant."""

    registry: Registry
    clock: Clock
    trusted: Sequence[Network]
    certificate_header: str
    open_house: bool = False

    async def caller(self, request: Request) -> Caller | Stranger:
        """The caller, or why nobody is let in. Raises StoreUnavailable."""
        registry = await self.registry.current()
        if self.open_house:
            return Caller(frozenset(registry.participants), "open")
        return identify(
            Shown(
                authorization=request.headers.get("authorization"),
                certificate=request.scope.get("extensions", {}).get(CERTIFICATE),
                forwarded=request.headers.get(self.certificate_header),
                # The socket's own: uvicorn is told not to rewrite it from headers that strangers can send.
                peer=request.client.host if request.client else None,
            ),
            registry,
            trusted=self.trusted,
            now=self.clock.now(),
        )
