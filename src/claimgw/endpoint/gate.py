"""Who is turned away before anything is made of its request? ASGI, outside of all else."""

from dataclasses import dataclass, field

from starlette.types import ASGIApp, Receive, Scope, Send

from claimgw.clock import Clock
from claimgw.endpoint.entrance import SMALL, Entrance, TurnedAway, come_again
from claimgw.endpoint.rates import Spacing
from claimgw.endpoint.request_id import HEADER, name_of
from claimgw.endpoint.unread import UnreadResponse, is_small, throw_away

_DOORS = ("$process-message", "$validate")
# So many answers may be held back at once; each is an open connection and a task.
_MOST_HELD = 500


@dataclass(slots=True)
class Gate:
    """In front of the doors that read messages. What it turns away costs a tenth of what the doors cost."""

    app: ASGIApp
    entrance: Entrance
    clock: Clock
    _held: int = 0
    _spacing: Spacing = field(init=False)

    def __post_init__(self) -> None:
        self._spacing = Spacing(self.clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "POST" and scope["path"].endswith(_DOORS):
            refused = self.entrance.at_first_sight(scope)
            if refused is not None:
                await self._turn_away(refused, scope, receive, send)
                return
        await self.app(scope, receive, send)

    async def _turn_away(self, refused: TurnedAway, scope: Scope, receive: Receive, send: Send) -> None:
        answer = come_again(refused)
        answer.headers[HEADER] = name_of(scope, self.clock)
        if not is_small(scope, SMALL):
            await UnreadResponse(answer)(scope, receive, send)
            return
        seconds = self._spacing.hold(refused.whose) if refused.status == 429 else 0.0
        if seconds and self._held < _MOST_HELD:
            self._held += 1
            try:
                await throw_away(receive)  # or it would be kept as long
                await self.clock.sleep(seconds)
            finally:
                self._held -= 1
        await answer(scope, receive, send)
