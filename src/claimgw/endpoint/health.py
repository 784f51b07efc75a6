"""Is this process alive, can it take messages, and do the books balance?"""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from claimgw.clearinghouse.parts import Parts
from claimgw.errors import StoreUnavailable
from claimgw.store import books, schema


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


@dataclass(frozen=True, slots=True)
class Balanced:
    """503 if the last look at the ledger has found a difference; ids are for `claimgw ledger`.

    It says nothing of readiness: such a process serves as well as any.
    """

    parts: Parts

    async def handle(self, _: Request) -> Response:
        try:
            async with self.parts.database.read() as unit:
                wrong = await books.unbalanced(unit)
        except StoreUnavailable as fault:
            return JSONResponse({"status": "unknown", "reason": str(fault)}, status_code=503)
        if wrong is None:
            return JSONResponse({"status": "balanced"})
        told = {
            "status": "unbalanced",
            "reason": wrong.text,
            "since": wrong.since.isoformat(),
            **wrong.detail,
        }
        return JSONResponse(told, status_code=503)
