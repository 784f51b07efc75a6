"""What was delivered to a provider, and does it have it? GET /mailbox/delivered, POST /mailbox/confirmed."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from claimgw.access.callers import Caller, Stranger
from claimgw.clearinghouse.open import Refusal
from claimgw.clearinghouse.parts import Parts
from claimgw.endpoint.exchange_view import NamedView
from claimgw.endpoint.identity import Doorkeeper
from claimgw.endpoint.outcomes import fhir, refuse, stranger
from claimgw.messages.findings import Finding
from claimgw.messages.identifiers import LicenceKind
from claimgw.store import messages, offers
from claimgw.store.delivered import Delivered, Place, deliveries, delivery

_Serve = Callable[[Parts, Caller, Request], Awaitable[Response]]

_MOST = 500
_PAGE = 100
_TAKEN = {"provider", "from", "to", "count", "after"}
_HINT = "Ask /mailbox/delivered with from=, to=, count=, after=, and provider= for one of several"


class DeliveredView(BaseModel):
    """One message as it was delivered last. `id` is the gateway's own, `place` where to go on after it.

    `header`, `bundle` and `about` are those of the message, `poll` the MessageHeader.id of the
    poll that was given it; `offers` how many polls were. `confirmed` is the same as `delivered` for providers
    that do not confirm.
    """

    id: str
    event: str
    header: str
    bundle: str
    about: NamedView | None
    queued: datetime
    delivered: datetime
    poll: str
    offers: int
    confirmed: datetime | None
    place: str


class ConfirmedView(BaseModel):
    """How many messages of the poll were not confirmed before; `confirms`: whether it makes a difference."""

    confirmed: int
    confirms: bool


@dataclass(frozen=True, slots=True)
class _Asked:
    """A usable question."""

    provider: str
    begin: datetime | None
    end: datetime | None
    after: Place | None
    count: int


def routes(parts: Parts, doorkeeper: Doorkeeper) -> APIRouter:
    """GET /mailbox/delivered, GET /mailbox/delivered/{id}, POST /mailbox/confirmed."""
    router = APIRouter(tags=["mailbox"])

    async def known(request: Request, serve: _Serve) -> Response:
        caller = await doorkeeper.caller(request)
        return stranger() if isinstance(caller, Stranger) else await serve(parts, caller, request)

    @router.get(
        "/mailbox/delivered", response_model=list[DeliveredView], openapi_extra={"parameters": _PARAMETERS}
    )
    async def list_delivered(request: Request) -> Response:
        return await known(request, _list)

    @router.get("/mailbox/delivered/{message_id}", response_class=Response)
    async def show_delivered(request: Request) -> Response:
        return await known(request, _show)

    @router.post("/mailbox/confirmed", response_model=ConfirmedView, openapi_extra={"parameters": [_POLL]})
    async def confirm_poll(request: Request) -> Response:
        return await known(request, _confirm)

    return router


async def _list(parts: Parts, caller: Caller, request: Request) -> Response:
    asked = _asked(request.query_params, caller)
    if isinstance(asked, Refusal):
        return refuse(asked)
    async with parts.database.read() as unit:
        found = await deliveries(
            unit,
            asked.provider,
            begin=asked.begin,
            end=asked.end,
            after=asked.after,
            most=asked.count + 1,
        )
    views = [_view(one) for one in found[: asked.count]]
    response = JSONResponse([view.model_dump(mode="json") for view in views])
    if len(found) > asked.count:
        following = {**request.query_params, "after": views[-1].place}
        response.headers["link"] = f'<{request.url.path}?{urlencode(following)}>; rel="next"'
    return response


async def _show(parts: Parts, caller: Caller, request: Request) -> Response:
    """The message once more, byte for byte. It changes nothing."""
    wanted = _id(request.path_params["message_id"])
    async with parts.database.read() as unit:
        found = await delivery(unit, wanted) if wanted else None
        if found is None or found.entry.provider not in caller.licences:
            return refuse(_NOT_DELIVERED)
        raw = await messages.content(unit, found.entry.message_id)
    return refuse(_GONE) if raw is None else fhir(raw)


async def _confirm(parts: Parts, caller: Caller, request: Request) -> Response:
    """The caller has what a poll of its own was given."""
    registry, own = await parts.registry.current(), _providers(caller)
    header = request.query_params.get("poll", "")
    confirmed = 0
    async with parts.database.write() as unit:
        for provider in own:
            for poll in await messages.arrived(unit, provider, "", header):
                confirmed += await offers.confirm(unit, poll.message_id, parts.clock.now())
    known = [registry.participant(provider) for provider in own]
    confirms = any(one is not None and one.settings.confirms for one in known)
    return JSONResponse(ConfirmedView(confirmed=confirmed, confirms=confirms).model_dump())


_PARAMETERS = [
    {"name": name, "in": "query", "schema": {"type": kind}, "description": meaning}
    for name, kind, meaning in (
        ("from", "string", "a moment: only what was delivered then or later"),
        ("to", "string", "a moment: only what was delivered then or before"),
        ("provider", "string", "whose mailbox, if the credential speaks for several providers"),
        (
            "count",
            "integer",
            f"how many at most, in the order of delivery: 1 to {_MOST}; {_PAGE} if not given",
        ),
        ("after", "string", "place of a message: only later ones; the header Link has the next page"),
    )
]
_POLL = {
    "name": "poll",
    "in": "query",
    "required": True,
    "schema": {"type": "string"},
    "description": "MessageHeader.id of the poll whose messages are safe",
}
_NOT_DELIVERED = Refusal(
    404,
    (Finding("GE-00009", "", "No such message was delivered to the caller", "/mailbox/delivered lists all"),),
)
_GONE = Refusal(410, (Finding("GE-00023", "", "The content of the message is kept no longer"),))


def _providers(caller: Caller) -> list[str]:
    return sorted(one for one in caller.licences if one.startswith(LicenceKind.PROVIDER))


def _asked(query: QueryParams, caller: Caller) -> _Asked | Refusal:
    if not set(query) <= _TAKEN or len(query.multi_items()) != len(query):
        return _refusal("The question has parameters that are not known, or one twice")
    own = _providers(caller)
    named = query.get("provider")
    wanted = [one for one in own if named in (None, one, one.partition(":")[2])]
    if len(wanted) != 1:
        return _refusal("The credential speaks for none, or for several, of the providers asked about")
    count = query.get("count", str(_PAGE))
    if not (count.isascii() and count.isdecimal() and 0 < int(count) <= _MOST):
        return _refusal(f"count is no number from 1 to {_MOST}")
    try:
        begin, end = (_moment(query[name]) if name in query else None for name in ("from", "to"))
        after = _place(query["after"]) if "after" in query else None
    except (ValueError, OverflowError):
        return _refusal("from and to are no moments such as 2026-11-01T08:00:00Z, or after is no place")
    return _Asked(wanted[0], begin, end, after, int(count))


def _refusal(text: str) -> Refusal:
    return Refusal(400, (Finding("GE-00016", "", text, _HINT),))


def _moment(text: str) -> datetime:
    """A day means its beginning; without a zone it is UTC."""
    # In an address a plus sign stands for a space.
    moment = datetime.fromisoformat(text.replace(" ", "+"))
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _place(text: str) -> Place:
    at, _, message_id = text.partition("_")
    return Place(_moment(at), str(UUID(message_id)))


def _id(text: str) -> str | None:
    try:
        return str(UUID(text))
    except ValueError:
        return None


def _view(one: Delivered) -> DeliveredView:
    entry = one.entry
    assert entry.delivered_at is not None
    system, value = entry.about_system, entry.about_value
    return DeliveredView(
        id=entry.message_id,
        event=entry.event,
        header=one.header_id,
        bundle=one.bundle_id,
        about=NamedView(system=system, value=value) if system and value else None,
        queued=entry.queued_at,
        delivered=entry.delivered_at,
        poll=one.poll,
        offers=entry.offers,
        confirmed=entry.confirmed_at,
        place=f"{entry.delivered_at:%Y-%m-%dT%H:%M:%S.%fZ}_{entry.message_id}",
    )
