"""Is this process alive, and can it take messages?"""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from claimgw.clearinghouse.parts import Parts
from claimgw.errors import StoreUnavailable
from claimgw.store import schema


async def live(_: Request) -> Response:
    """It answers, so it lives."""
    return JSONResponse({"status": "live"})


@dataclass(frozen=True, slots=True)
class Ready:
    """200 if the database answers and has tables this release can work on, otherwise 503 with the reason."""

    parts: Parts

    async def handle(self, _: Request) -> Response:
        try:
            fits = await schema.serves(self.parts.database)
        except StoreUnavailable as fault:
            return JSONResponse({"status": "unready", "reason": str(fault)}, status_code=503)
        if not fits:
            reason = "the database has not this release's tables; run 'claimgw db upgrade'"
            return JSONResponse({"status": "unready", "reason": reason}, status_code=503)
        return JSONResponse({"status": "ready", "node": self.parts.node})
