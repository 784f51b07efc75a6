"""Do the books balance? Both sides, what contradicts, and what was sent and not acknowledged."""

from starlette.requests import Request
from starlette.responses import Response

from claimgw.console.balance import LISTED
from claimgw.console.entrance import visitor
from claimgw.console.pages import LEDGER
from claimgw.console.room import room_of


async def show(request: Request) -> Response:
    """The whole page."""
    who, room = await visitor(request), room_of(request)
    balance = await room.books.look()
    return room.renderer.page(
        request,
        "ledger.html",
        who=who,
        page=LEDGER,
        balance=balance,
        books=balance.books,
        listed=balance.books.unacknowledged[:LISTED],
    )
