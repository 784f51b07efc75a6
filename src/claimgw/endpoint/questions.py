"""What may a caller ask about insurers? JSON for machines."""

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from claimgw.access.callers import Stranger
from claimgw.access.participants import Kind
from claimgw.access.registry import Snapshot
from claimgw.clearinghouse.open import Refusal
from claimgw.clearinghouse.parts import Parts
from claimgw.endpoint.identity import Doorkeeper
from claimgw.endpoint.outcomes import refuse, stranger
from claimgw.messages.findings import Finding
from claimgw.messages.identifiers import LicenceKind


class InsurerView(BaseModel):
    """What an insurer can do, and whether it takes messages now."""

    licence: str
    name: str
    kind: str
    accepting: bool
    reason: str | None
    mode: str
    real_time: bool
    batch: bool
    discovery: bool
    claims_without_policy: bool
    gap_benefit: bool
    attachment_types: list[str]
    attachment_bytes: int


def routes(parts: Parts, doorkeeper: Doorkeeper) -> APIRouter:
    """GET /insurers/{licence}."""
    router = APIRouter(tags=["questions"])

    @router.get("/insurers/{licence}", response_model=InsurerView)
    async def show_insurer(request: Request, licence: str) -> Response:
        if isinstance(await doorkeeper.caller(request), Stranger):
            return stranger()
        view = _insurer(await parts.registry.current(), licence)
        if view is None:
            finding = Finding("GE-00015", "", "No insurer or TPA has this licence", "Give its licence number")
            return refuse(Refusal(404, (finding,)))
        return JSONResponse(view.model_dump(mode="json"))

    return router


def _insurer(registry: Snapshot, licence: str) -> InsurerView | None:
    key = licence if ":" in licence else f"{LicenceKind.PAYER}:{licence}"
    insurer = registry.participant(key)
    if insurer is None or insurer.kind is Kind.PROVIDER:
        return None
    pause = registry.paused(key)
    reason = "blocked" if insurer.blocked else f"paused: {pause.reason}" if pause else None
    can = insurer.settings
    return InsurerView(
        licence=insurer.licence,
        name=insurer.name,
        kind=insurer.kind.value,
        accepting=reason is None,
        reason=reason,
        mode=can.mode.value,
        real_time=can.real_time,
        batch=can.batch,
        discovery=can.discovery,
        claims_without_policy=can.claims_without_policy,
        gap_benefit=can.gap_benefit,
        attachment_types=list(can.attachment_types),
        attachment_bytes=can.attachment_bytes,
    )
