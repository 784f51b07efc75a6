"""What became of one request: its attempts, its messages, and, on demand, what they say?"""

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus

import msgspec
import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from claimgw.clearinghouse.dossier import Dossier, dossiers
from claimgw.console.entrance import Visitor, acting_visitor, visitor
from claimgw.console.overview import unless_known
from claimgw.console.room import id_in, room_of
from claimgw.store import exchanges, lines, messages, redrives
from claimgw.store.letters import QUEUE
from claimgw.store.redrives import Redrive, Redriven

_MOST_SHOWN = 400_000  # characters; a browser chokes on 10 MB in one element

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Case:
    """One exchange with all that belongs to it. `others`: what it is about, and what is about it.

    `again`: what operators had sent or judged again.
    """

    line: lines.Line
    dossier: Dossier
    others: list[lines.Line]
    messages: list[lines.Belonging]
    again: list[tuple[Redriven, Redrive]]


@dataclass(frozen=True, slots=True)
class Content:
    """What one message says, in lines; `cut`: only its beginning."""

    message_id: str
    text: str
    cut: bool


async def show(request: Request) -> Response:
    """The whole page."""
    who = await visitor(request)
    return _answer(request, "case.html", who, await _open(request))


async def live(request: Request) -> Response:
    """The part that changes; 304 when nothing has but the time."""
    who = await visitor(request)
    case = await _open(request)
    return unless_known(request, _tag(who, case)) or _answer(request, "case_live.html", who, case)


async def content(request: Request) -> Response:
    """What a message says. It holds personal data, so it takes a deliberate click, and is written down."""
    who, fields = await acting_visitor(request)
    case = await _open(request)
    wanted = fields.get("message", "")
    if wanted not in {held.message.id for held in case.messages}:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    room = room_of(request)
    async with room.database.read() as unit:
        body = await messages.content(unit, wanted)
    _log.info("message read", operator=who.name, exchange=case.line.id, message=wanted)
    told = "The bytes of this message are no longer kept." if body is None else ""
    shown = None if body is None else _readable(wanted, body)
    return room.renderer.page(request, "content.html", who=who, case=case, shown=shown, told=told)


async def _open(request: Request) -> Case:
    exchange_id = id_in(request, "exchange_id")
    async with room_of(request).database.read() as unit:
        line, found = await lines.line(unit, exchange_id), await exchanges.find(unit, exchange_id)
        if line is None or found is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        [dossier] = await dossiers(unit, [found])
        others = [one.id for one in (dossier.about, *dossier.followers) if one is not None]
        return Case(
            line,
            dossier,
            await lines.some(unit, others),
            await lines.messages_of(unit, exchange_id),
            await redrives.of_exchange(unit, exchange_id),
        )


def _answer(request: Request, template: str, who: Visitor, case: Case) -> Response:
    tag = _tag(who, case)
    answer = room_of(request).renderer.page(
        request,
        template,
        who=who,
        case=case,
        may_go_again=who.may_act and case.line.state in QUEUE,
        live=f"/exchanges/{case.line.id}/live",
        tag=tag,
    )
    answer.headers["ETag"] = tag
    return answer


def _tag(who: Visitor, case: Case) -> str:
    digest = hashlib.blake2b(repr(case).encode(), digest_size=12).hexdigest()
    return f'"{digest}-{who.csrf[:12]}-{who.role}"'


def _readable(message_id: str, body: bytes) -> Content:
    with suppress(msgspec.DecodeError, RecursionError):
        # Only white space is added: 100.00 stays 100.00.
        body = msgspec.json.format(body, indent=2) if len(body) <= _MOST_SHOWN else body
    text = body.decode(errors="replace")
    return Content(message_id, text[:_MOST_SHOWN], len(text) > _MOST_SHOWN)
