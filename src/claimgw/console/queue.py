"""What waits for a person, and how does an operator have it sent again?"""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlencode
from uuid import UUID

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from claimgw.clearinghouse.delivery import dead_letters, redrive
from claimgw.clearinghouse.delivery.redrive import Choice
from claimgw.console.entrance import Visitor, acting_visitor, visitor
from claimgw.console.pages import QUEUE
from claimgw.console.room import room_of
from claimgw.console.signin import go
from claimgw.messages.identifiers import LicenceKind
from claimgw.store import letters, redrives
from claimgw.store.letters import Selection
from claimgw.store.participants import all_participants
from claimgw.store.records import State

_SHOWN = 50
_LONGEST_REASON = 120
# What waits by itself is shown when it is asked for.
_FOR_A_PERSON = tuple(state for state in letters.QUEUE if state is not State.HELD)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for. The insurer is one that is registered, or "" for all; `state` None: for a person."""

    insurer: str
    state: State | None

    @property
    def selection(self) -> Selection:
        return Selection(self.insurer or None, (self.state,) if self.state else _FOR_A_PERSON)


async def show(request: Request) -> Response:
    """The list; of one insurer with what can be done about it."""
    who = await visitor(request)
    async with room_of(request).database.read() as unit:
        insurers = [
            one for one in await all_participants(unit) if one.licence.startswith(f"{LicenceKind.PAYER}:")
        ]
        wanted = _wanted(request.query_params, {one.licence for one in insurers})
        found = await dead_letters.oldest(unit, wanted.selection, _SHOWN + 1)
        going = await redrives.going(unit, wanted.insurer) if wanted.insurer else []
    return room_of(request).renderer.page(
        request,
        "queue.html",
        who=who,
        page=QUEUE,
        wanted=wanted,
        insurers=insurers,
        names={one.licence: one.name for one in insurers},
        choosable=letters.QUEUE,
        found=found[:_SHOWN],
        more=len(found) > _SHOWN,
        going=going,
    )


async def confirm(request: Request) -> Response:
    """What would become of each that was chosen; nothing is done yet."""
    who, fields = await acting_visitor(request)
    return await _rehearsed(request, who, _choice(fields))


async def resend(request: Request) -> Response:
    """Have it done, for a reason."""
    who, fields = await acting_visitor(request)
    choice, reason = _choice(fields), fields.get("reason", "").strip()
    if not reason or len(reason) > _LONGEST_REASON or not reason.isprintable():
        told = f"Say why, in at most {_LONGEST_REASON} characters: it is kept with each of them."
        return await _rehearsed(request, who, choice, told)
    room = room_of(request)
    done = await redrive.resend(room.database, room.clock, choice, who.name, reason)
    _log.info("sent again", operator=who.name, insurer=choice.insurer, count=done.sent)
    room.watch.forget()
    return go(request, f"{QUEUE.path}?{urlencode({'insurer': choice.insurer})}")


async def stop(request: Request) -> Response:
    """Take back what has not gone out yet. To stop twice is no fault."""
    who, fields = await acting_visitor(request)
    room, insurer = room_of(request), fields.get("insurer", "")
    if insurer.isprintable():
        count = await redrive.stop(room.database, insurer, who.name, room.clock.now())
        _log.info("sending again was stopped", operator=who.name, insurer=insurer, count=count)
    room.watch.forget()
    return go(request, f"{QUEUE.path}?{urlencode({'insurer': insurer})}")


def _wanted(asked: Mapping[str, str], known: set[str]) -> Wanted:
    insurer, state = asked.get("insurer", ""), asked.get("state", "")
    return Wanted(insurer if insurer in known else "", State(state) if state in set(letters.QUEUE) else None)


def _choice(fields: Mapping[str, str]) -> Choice:
    """By the boxes that were ticked, or all that were shown. Raises HTTPException."""
    prefix = "shown." if "all" in fields else "id."
    ids = [name.removeprefix(prefix) for name in fields if name.startswith(prefix)]
    if not ids or not all(_is_id(one) for one in ids):
        raise HTTPException(HTTPStatus.BAD_REQUEST, "Choose at least one request: go back, and tick it.")
    insurer = fields.get("insurer", "")
    if not insurer.isprintable():
        raise HTTPException(HTTPStatus.BAD_REQUEST, "There is no such insurer.")
    return Choice(insurer, ids)


def _is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


async def _rehearsed(request: Request, who: Visitor, choice: Choice, told: str = "") -> Response:
    foreseen = await redrive.foresee(room_of(request).database, choice)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if told else HTTPStatus.OK
    return room_of(request).renderer.page(
        request,
        "queue_confirm.html",
        status=status,
        who=who,
        page=QUEUE,
        choice=choice,
        foreseen=foreseen,
        fates=redrive.FATES,
        told=told,
    )
