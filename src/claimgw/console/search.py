"""Where is what somebody has a number of: a claim, an invoice, an episode, a batch, an authorization?"""

from starlette.requests import Request
from starlette.responses import Response

from claimgw.console.entrance import visitor
from claimgw.console.pages import SEARCH
from claimgw.console.room import room_of
from claimgw.store import lines

_LONGEST = 255


async def show(request: Request) -> Response:
    """The field, and what was found under `for`; a value that can be no identifier finds nothing."""
    who = await visitor(request)
    wanted = request.query_params.get("for", "").strip()
    found: list[lines.Line] = []
    if 0 < len(wanted) <= _LONGEST and wanted.isprintable():
        async with room_of(request).database.read() as unit:
            found = await lines.about_anything(unit, wanted)
    return room_of(request).renderer.page(
        request, "search.html", who=who, page=SEARCH, wanted=wanted, found=found, most=lines.RECENT
    )
