"""What may a caller ask about its own exchanges? GET /exchanges: where each stands and why, in JSON."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from claimgw.access.callers import Stranger
from claimgw.clearinghouse.delivery import gate
from claimgw.clearinghouse.dossier import Dossier, dossiers, eyes_of
from claimgw.clearinghouse.open import Refusal
from claimgw.clearinghouse.parts import Parts
from claimgw.endpoint.exchange_view import ExchangeView, exchange_view
from claimgw.endpoint.identity import Doorkeeper
from claimgw.endpoint.outcomes import refuse, stranger
from claimgw.messages.findings import Finding
from claimgw.store import cases
from claimgw.store.cases import By

_LONGEST = 255
_MOST = 50
_PAGE = 20
_NAMES = ", ".join(f"{by}=…" for by in By)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A usable question. `before` is the id of an exchange: only earlier ones are wanted."""

    by: By
    system: str | None
    value: str
    before: str | None
    count: int


def routes(parts: Parts, doorkeeper: Doorkeeper) -> APIRouter:
    """GET /exchanges."""
    router = APIRouter(tags=["questions"])

    @router.get("/exchanges", response_model=list[ExchangeView], openapi_extra={"parameters": _PARAMETERS})
    async def find_exchanges(request: Request) -> Response:
        caller = await doorkeeper.caller(request)
        if isinstance(caller, Stranger):
            return stranger()
        # Read here: FastAPI would echo it in an error of its own, and before it is known who asks.
        asked = _asked(request.query_params)
        if isinstance(asked, Refusal):
            return refuse(asked)
        eyes = eyes_of(caller.licences)
        async with parts.database.read() as unit:
            found = await cases.search(
                unit, asked.by, asked.system, asked.value, eyes, before=asked.before, most=asked.count + 1
            )
            told = await dossiers(unit, found[: asked.count])
            seen = await cases.seen(unit, _others(told), eyes)
        registry, now = await parts.registry.current(), parts.clock.now()
        views = [
            exchange_view(
                one,
                caller.licences,
                seen,
                gate.next_attempt(parts.breakers, registry, one.exchange, now),
            )
            for one in told
        ]
        response = JSONResponse([view.model_dump(mode="json") for view in views])
        if len(found) > asked.count:
            response.headers["link"] = _next(request, told[-1].exchange.id)
        return response

    return router


_PARAMETERS = [
    {"name": name, "in": "query", "schema": {"type": kind}, "description": meaning}
    for name, kind, meaning in (
        ("identifier", "string", "SYSTEM|VALUE or VALUE of a request; also the id of a Bundle or header"),
        ("invoice", "string", "SYSTEM|VALUE or VALUE of a patient invoice"),
        ("episode", "string", "SYSTEM|VALUE or VALUE of an episode of care"),
        ("header", "string", "MessageHeader.id of a message, or of the batch it came in"),
        ("count", "integer", f"how many at most, newest first: 1 to {_MOST}; {_PAGE} if not given"),
        ("before", "string", "id of an exchange: only earlier ones; the header Link has the next page"),
    )
]


def _asked(query: QueryParams) -> _Asked | Refusal:
    named = [(by, query[by.value]) for by in By if query.get(by.value)]
    taken = {by.value for by in By} | {"count", "before"}
    if len(named) != 1 or not set(query) <= taken or len(query.multi_items()) != len(query):
        return _refusal("The question names none of its parameters, several of them or others")
    [(by, text)] = named
    system, bar, value = (None, "", text) if by is By.HEADER else text.rpartition("|")
    if not value or len(text) > _LONGEST or not text.isprintable():
        return _refusal("The question names no usable identifier")
    count, before = query.get("count", str(_PAGE)), query.get("before")
    if not (count.isascii() and count.isdecimal() and 0 < int(count) <= _MOST):
        return _refusal(f"count is no number from 1 to {_MOST}")
    if before is not None and not _is_id(before):
        return _refusal("before is no id of an exchange")
    return _Asked(by, system if bar else None, value, before, int(count))


def _refusal(text: str) -> Refusal:
    return Refusal(400, (Finding("GE-00016", "", text, f"Ask /exchanges with one of {_NAMES}"),))


def _is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def _next(request: Request, last: str) -> str:
    asked = {**request.query_params, "before": last}
    return f'<{request.url.path}?{urlencode(asked)}>; rel="next"'


def _others(told: Iterable[Dossier]) -> list[str]:
    return [one.id for held in told for one in (held.about, *held.followers) if one is not None]
