"""What does every page of the console work with?"""

from dataclasses import dataclass
from typing import cast

from starlette.requests import HTTPConnection

from claimgw.access.operators import Operators
from claimgw.clock import Clock
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
    renderer: Renderer
    https: bool

    def secure(self, request: HTTPConnection) -> bool:
        return self.https or request.url.scheme == "https"


def room_of(request: HTTPConnection) -> Room:
    return cast(Room, request.app.state.room)
