"""How many may be inside at once, and who is asked to come again? Decided before a body is read.

Room is counted three times: requests inside, bytes of large bodies, and turns at being worked on. Who waits
for an insurer gives all of it back meanwhile (`clearinghouse/aside.py`).
"""

import asyncio
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from claimgw.access.callers import Caller
from claimgw.clearinghouse.aside import occupy, vacate
from claimgw.clearinghouse.beside.heavy import is_heavy
from claimgw.clearinghouse.open import Refusal
from claimgw.clock import Clock
from claimgw.endpoint.body import read_body
from claimgw.endpoint.outcomes import refuse
from claimgw.endpoint.rates import Rates
from claimgw.endpoint.turns import Guest, Turns
from claimgw.endpoint.unread import unread
from claimgw.messages.findings import Finding
from claimgw.telemetry import metrics

# A body up to so many bytes needs no room of its own: the number of requests bounds them.
SMALL = 64 * 1024
# How long one may wait for room or for its turn, and how many may wait for room.
_WAIT_SECONDS = 10.0
_MOST_WAITING = 64
_AGAIN_SECONDS = 2

_CROWDED = Finding(
    "GE-00022",
    "",
    "The gateway has more to do than it can",
    "Send the same message, unchanged, again in a while",
)
_TOO_OFTEN = Finding(
    "GE-00022",
    "",
    "More requests of this credential come, or wait, than it may have at once",
    "Send the same message, unchanged, after the time that Retry-After tells",
)


@dataclass(frozen=True, slots=True)
class Bounds:
    """Of one process."""

    requests: int = 256  # inside at once, without those that wait for an insurer
    sessions: int = 2000  # the same, with them
    turns: int = 16  # worked on at once; each more makes all of them slower
    licence_requests: int = 64
    licence_turns: int = 2  # while there are others
    licence_rate: float = 0  # requests a second; 0: no bound
    body_bytes: int = 24 * 1024 * 1024  # of all bodies that are not small
    beside: bool = False  # what is heavy takes no turn here: it is worked on in another process


class Entrance:
    """The one way in to the doors that read messages."""

    def __init__(self, bounds: Bounds, clock: Clock) -> None:
        self._bounds = bounds
        self._rates = Rates(bounds.licence_rate, clock)
        self._sessions = 0
        self._inside = Turns(bounds.requests, bounds.licence_requests)
        # Processor time is shared by all who have a turn: whoever sends much has few, unless it is alone.
        self._turns = Turns(bounds.turns, bounds.turns, beside_others=bounds.licence_turns, clock=clock)
        # Half of the room at the most for one caller: another's large message does not wait for all of them.
        self._room = Turns(bounds.body_bytes, bounds.body_bytes // 2)

    async def through(
        self, request: Request, caller: Caller, serve: Callable[[bytes], Awaitable[Response]]
    ) -> Response:
        """What `serve` answers to the body, in its turn; or 429 or 503, with the time to come again."""
        whose = _name(caller)
        if (refused := self._turned_away(whose)) is not None:
            return unread(request, refused, SMALL)
        guest = Guest(whose)
        guest.seize(self._inside)
        token = occupy(guest)
        self._sessions += 1
        try:
            raw = await read_body(request, SMALL, lambda size: self._make_room(guest, size))
            if isinstance(raw, Refusal):
                if raw.status == 503:
                    metrics.turned_away.labels("bytes").inc()
                return unread(request, refuse(raw), SMALL)
            guest.keep(self._room, len(raw))
            if not (self._bounds.beside and is_heavy(raw)) and not await self._turn(guest):
                return _come_again(503, "turn", _CROWDED, _AGAIN_SECONDS)
            return await serve(raw)
        finally:
            self._sessions -= 1
            vacate(token)
            guest.leave()

    def _turned_away(self, whose: str) -> Response | None:
        bounds = self._bounds
        if seconds := self._rates.wait(whose):
            return _come_again(429, "rate", _TOO_OFTEN, math.ceil(seconds))
        if self._inside.taken(whose) >= bounds.licence_requests:
            return _come_again(429, "licence", _TOO_OFTEN, 1)
        if self._inside.taken() >= bounds.requests or self._sessions >= bounds.sessions:
            return _come_again(503, "door", _CROWDED, _AGAIN_SECONDS)
        return None

    async def _turn(self, guest: Guest) -> bool:
        """Whether its turn came. Mostly it is there; a limit of time would cost more than all else here."""
        return guest.take_at_once(self._turns) or await _in_time(guest.take(self._turns))

    async def _make_room(self, guest: Guest, size: int) -> Refusal | None:
        """Room for a large body, in its turn; the connection is not read from meanwhile."""
        if self._room.waiting < _MOST_WAITING and await _in_time(guest.take(self._room, size)):
            return None
        return Refusal(503, (_CROWDED,))


async def _in_time(taking: Awaitable[None]) -> bool:
    """Whether it was their turn before they had waited too long."""
    try:
        async with asyncio.timeout(_WAIT_SECONDS):
            await taking
    except TimeoutError:
        return False
    return True


def _name(caller: Caller) -> str:
    """All credentials of one licence count together; one for several licences counts by itself."""
    return next(iter(caller.licences)) if len(caller.licences) == 1 else caller.credential_id


def _come_again(status: int, reason: str, finding: Finding, seconds: int) -> Response:
    metrics.turned_away.labels(reason).inc()
    response = refuse(Refusal(status, (finding,)))
    response.headers["retry-after"] = str(seconds)
    return response
