"""How is delivery set going again where it was paused?"""

import structlog
from starlette.requests import Request
from starlette.responses import Response

from claimgw.console.entrance import acting_visitor
from claimgw.console.room import room_of
from claimgw.console.signin import go
from claimgw.store.pauses import end_pause

_log = structlog.get_logger(__name__)


async def resume(request: Request) -> Response:
    """End one pause. To end it twice is no fault: two operators may click at once."""
    who, fields = await acting_visitor(request)
    room, scope = room_of(request), fields.get("scope", "")
    if scope.isprintable():
        async with room.database.write() as unit:
            ended = await end_pause(unit, scope)
        _log.info("delivery resumed", operator=who.name, scope=scope, ended=ended)
    room.watch.forget()
    return go(request, "/")
