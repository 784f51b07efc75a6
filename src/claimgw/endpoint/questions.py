"""What may a caller ask about insurers? JSON for machines."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from claimgw.access.callers import Stranger
from claimgw.access.participants import Kind, Mode, Participant
from claimgw.access.registry import Snapshot
from claimgw.clearinghouse.delivery.gate import taken_for_down
from claimgw.clearinghouse.delivery.hours import Closed, next_change, sentence, standing
from claimgw.clearinghouse.open import Refusal
from claimgw.clearinghouse.parts import Parts
from claimgw.endpoint.identity import Doorkeeper
from claimgw.endpoint.outcomes import refuse, stranger
from claimgw.messages.findings import Finding
from claimgw.messages.identifiers import LicenceKind


class InsurerView(BaseModel):
    """What an insurer can do, and whether it takes messages now: as a sentence, why not, and until when.

    `next_change`: when it closes or opens by its hours; null if nobody knows. `time_zone`: of the sentence.
    """

    licence: str
    name: str
    kind: str
    accepting: bool
    sentence: str
    reason: str | None
    next_change: datetime | None
    time_zone: str
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
        view = _insurer(parts, await parts.registry.current(), licence)
        if view is None:
            finding = Finding("GE-00015", "", "No insurer or TPA has this licence", "Give its licence number")
            return refuse(Refusal(404, (finding,)))
        return JSONResponse(view.model_dump(mode="json"))

    return router


def _insurer(parts: Parts, registry: Snapshot, licence: str) -> InsurerView | None:
    key = licence if ":" in licence else f"{LicenceKind.PAYER}:{licence}"
    insurer = registry.participant(key)
    if insurer is None or insurer.kind is Kind.PROVIDER:
        return None
    can = insurer.settings
    reason, told, change = _standing(parts, registry, insurer)
    return InsurerView(
        licence=insurer.licence,
        name=insurer.name,
        kind=insurer.kind.value,
        accepting=reason is None,
        sentence=told,
        reason=reason,
        next_change=change,
        time_zone=can.hours.zone,
        mode=can.mode.value,
        real_time=can.real_time,
        batch=can.batch,
        discovery=can.discovery,
        claims_without_policy=can.claims_without_policy,
        gap_benefit=can.gap_benefit,
        attachment_types=list(can.attachment_types),
        attachment_bytes=can.attachment_bytes,
    )


def _standing(
    parts: Parts, registry: Snapshot, insurer: Participant
) -> tuple[str | None, str, datetime | None]:
    """Why it takes no messages now, the sentence about that, and when it changes, if somebody knows."""
    hours, now = insurer.settings.hours, parts.clock.now()
    held, why = standing(hours, now), _barred(parts, registry, insurer)
    if why is None and isinstance(held, Closed):
        return f"closed: {held.reason}" if held.reason else "closed", sentence(hours, now), held.opens
    if why is None and (circuit := parts.breakers.open(insurer.licence, registry)) is not None:
        why = taken_for_down(circuit)
    if why is not None:
        return why, f"not accepting at the moment; {why}", None
    return None, sentence(hours, now), next_change(held)


def _barred(parts: Parts, registry: Snapshot, insurer: Participant) -> str | None:
    """Why it has no messages now, whatever its hours are."""
    if insurer.blocked:
        return "blocked"
    if (pause := registry.paused(insurer.licence)) is not None:
        return f"paused: {pause.reason}"
    if (drain := registry.drained(insurer.licence)) is not None:
        return f"takes nothing new: {drain.reason}"
    if insurer.settings.mode is Mode.ONLINE and parts.lines.line(insurer) is None:
        return "no connection"
    return None
