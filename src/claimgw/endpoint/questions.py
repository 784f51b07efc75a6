"""What may a caller ask about its own exchanges and about insurers? JSON for machines."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from claimgw.access.callers import Caller, Stranger
from claimgw.access.participants import Kind
from claimgw.access.registry import Snapshot
from claimgw.clearinghouse.open import Refusal
from claimgw.clearinghouse.parts import Parts
from claimgw.endpoint.identity import Doorkeeper
from claimgw.endpoint.outcomes import refuse, stranger
from claimgw.messages.findings import Finding
from claimgw.messages.identifiers import LicenceKind
from claimgw.store import Unit, attempts, exchanges, messages
from claimgw.store.records import Attempt, Exchange

_LONGEST = 255
_NO_IDENTIFIER = Finding(
    "GE-00016", "", "The question names no usable identifier", "Ask /exchanges?identifier=…"
)


class AttemptView(BaseModel):
    """One try to deliver; without `ended` it is open, and it is unknown whether it arrived."""

    number: int
    began: datetime
    ended: datetime | None
    outcome: str | None


class ExchangeView(BaseModel):
    """Where a request stands, why it waits and when it is tried again."""

    id: str
    event: str
    provider: str
    insurer: str
    identifier: str | None
    state: str
    reason: str
    received: datetime
    changed: datetime
    next_attempt: datetime | None
    answered_by: str | None
    attempts: list[AttemptView]


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
    """GET /exchanges and GET /insurers/{licence}."""
    router = APIRouter(tags=["questions"])

    @router.get("/exchanges", response_model=list[ExchangeView])
    async def find_exchanges(
        request: Request,
        identifier: Annotated[
            str, Query(description="claim (SYSTEM|VALUE or VALUE), header or bundle id; required")
        ] = "",
    ) -> Response:
        caller = await doorkeeper.caller(request)
        if isinstance(caller, Stranger):
            return stranger()
        # Looked at here: FastAPI would echo it in an error of its own, and before it is known who asks.
        if not 0 < len(identifier) <= _LONGEST or not identifier.isprintable():
            return refuse(Refusal(400, (_NO_IDENTIFIER,)))
        async with parts.database.read() as unit:
            found = [
                await _view(unit, exchange)
                for exchange in await _find(unit, identifier)
                if _concerns(exchange, caller)
            ]
        return JSONResponse([view.model_dump(mode="json") for view in found])

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


async def _find(unit: Unit, identifier: str) -> list[Exchange]:
    system, bar, value = identifier.rpartition("|")
    found = {
        exchange.id: exchange
        for exchange in await exchanges.by_value(unit, value)
        if not bar or (exchange.focal and exchange.focal.system == system)
    }
    for message in await messages.by_wire_id(unit, identifier):
        about = await exchanges.find(unit, message.exchange_id or message.id)
        if about is not None:
            found[about.id] = about
    return list(found.values())


def _concerns(exchange: Exchange, caller: Caller) -> bool:
    return exchange.provider in caller.licences or exchange.insurer in caller.licences


async def _view(unit: Unit, exchange: Exchange) -> ExchangeView:
    return ExchangeView(
        id=exchange.id,
        event=exchange.event,
        provider=exchange.provider,
        insurer=exchange.insurer,
        identifier=exchange.focal.value if exchange.focal else None,
        state=exchange.state.value,
        reason=exchange.reason,
        received=exchange.created_at,
        changed=exchange.changed_at,
        next_attempt=exchange.due_at,
        answered_by=exchange.answered_by.value if exchange.answered_by else None,
        attempts=[_attempt(made) for made in await attempts.of_exchange(unit, exchange.id)],
    )


def _attempt(made: Attempt) -> AttemptView:
    return AttemptView(number=made.number, began=made.opened_at, ended=made.closed_at, outcome=made.outcome)


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
