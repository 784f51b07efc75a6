"""What does every page of the console work with?"""

from dataclasses import dataclass
from http import HTTPStatus
from typing import cast
from uuid import UUID

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request

from claimgw.access.operators import Operators
from claimgw.clock import Clock
from claimgw.console.balance import Books
from claimgw.console.rendering import Renderer
from claimgw.console.watch import Watch
from claimgw.store.database import Database


@dataclass(frozen=True, slots=True)
class Room:
    """`https`: browsers reach us by TLS, even if a proxy ends it and we see plain HTTP."""

    database: Database
    operators: Operators
    clock: Clock
    watch: Watch
    books: Books
    renderer: Renderer
    https: bool

    def secure(self, request: HTTPConnection) -> bool:
        return self.https or request.url.scheme == "https"


def id_in(request: Request, name: str) -> str:
    """The id in the path. Raises HTTPException 404 for what is none: a database would complain."""
    text: str = request.path_params[name]
    try:
        known = str(UUID(text)) == text
    except ValueError:
        known = False
    if not known:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return text


def room_of(request: HTTPConnection) -> Room:
    return cast(Room, request.app.state.room)
