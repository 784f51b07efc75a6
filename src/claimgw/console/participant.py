"""Who is this participant, and what was changed of it: who did it, when, what was it before? Read-only."""

from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from claimgw.console.entrance import visitor
from claimgw.console.room import room_of
from claimgw.store.participant_changes import changes_of
from claimgw.store.participants import find_participant
from claimgw.store.pauses import EVERYWHERE, all_pauses

_MOST = 200


async def show(request: Request) -> Response:
    """The whole page, the newest changes first. Raises HTTPException 404 for a licence nobody registered."""
    who = await visitor(request)
    licence: str = request.path_params["licence"]
    if not licence.isprintable():  # a database would complain
        raise HTTPException(HTTPStatus.NOT_FOUND)
    async with room_of(request).database.read() as unit:
        record = await find_participant(unit, licence)
        if record is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        made = await changes_of(unit, licence)
        pauses = [one for one in await all_pauses(unit) if one.scope in (licence, EVERYWHERE)]
    return room_of(request).renderer.page(
        request,
        "participant.html",
        who=who,
        record=record,
        pauses=pauses,
        changes=made[::-1][:_MOST],
        more=max(0, len(made) - _MOST),
    )
