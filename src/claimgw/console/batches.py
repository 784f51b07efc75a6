"""What became of the claims of one batch?"""

from collections import Counter
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from claimgw.console.entrance import visitor
from claimgw.console.room import id_in, room_of
from claimgw.store import lines, messages


async def show(request: Request) -> Response:
    """The page; 404 for what is no batch of which anything was kept."""
    who = await visitor(request)
    batch_id = id_in(request, "batch_id")
    async with room_of(request).database.read() as unit:
        batch, claims = await messages.find(unit, batch_id), await lines.of_batch(unit, batch_id)
    if batch is None or not claims:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    counts = Counter(claim.state for claim in claims).most_common()
    return room_of(request).renderer.page(
        request, "batch.html", who=who, batch=batch, claims=claims, counts=counts
    )
