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
from starlette.types import Scope

from claimgw.access.callers import Caller
from claimgw.clearinghouse.aside import occupy, vacate
from claimgw.clearinghouse.beside.heavy import BIG, is_heavy
from claimgw.clearinghouse.open import Refusal
from claimgw.clock import Clock
from claimgw.endpoint.body import FHIR_JSON, read_body
from claimgw.endpoint.outcomes import refuse
from claimgw.endpoint.rates import Rates
from claimgw.endpoint.turns import Guest, Turns
from claimgw.endpoint.unread import unread
from claimgw.messages import replies
from claimgw.messages.findings import Finding
from claimgw.telemetry import metrics

# A body up to so many bytes needs no room of its own: the number of requests bounds them.
SMALL = 64 * 1024
# How long one may wait for room or for its turn, and how many may wait for room.
_WAIT_SECONDS = 10.0
_BIG_WAIT_SECONDS = 30.0
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


# Written once: to turn somebody away is to cost next to nothing.
_BODIES = {429: replies.outcome((_TOO_OFTEN,)), 503: replies.outcome((_CROWDED,))}
# There are no more credentials than that; each is known by the heads it came with.
_MOST_KNOWN = 100_000


@dataclass(frozen=True, slots=True)
class Bounds:
    """Of one process."""

    requests: int = 128  # inside at once, without those that wait for an insurer
    sessions: int = 2000  # the same, with them
    turns: int = 16  # worked on at once; each more makes all of them slower
    licence_requests: int = 64
    licence_turns: int = 1  # while there are others
    licence_rate: float = 0  # requests a second; 0: no bound
    body_bytes: int = 20 * 1024 * 1024  # of all bodies that are not small
    beside: bool = False  # what is heavy takes no turn here: it is worked on in another process


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """By which bound, with which status, for how many seconds. `whose`: "" if nobody knows."""

    status: int
    bound: str
    seconds: int
    whose: str = ""


class Entrance:
    """The one way in to the doors that read messages."""

    def __init__(self, bounds: Bounds, clock: Clock) -> None:
        self._bounds = bounds
        self._rates = Rates(bounds.licence_rate, clock)
        self._known: dict[int, str] = {}
        self._sessions = 0
        self._inside = Turns(bounds.requests, bounds.licence_requests)
        # Processor time is shared by all who have a turn: whoever sends much has few, unless it is alone.
        self._turns = Turns(bounds.turns, bounds.turns, beside_others=bounds.licence_turns, clock=clock)
        self._beside = Turns(1, 1)
        # Half of the room at the most for one caller: another's large message does not wait for all of them.
        self._room = Turns(bounds.body_bytes, bounds.body_bytes // 2)

    @property
    def inside(self) -> int:
        """How many there are, without those that wait for an insurer."""
        return self._inside.taken()

    async def through(
        self, request: Request, caller: Caller, serve: Callable[[bytes], Awaitable[Response]]
    ) -> Response:
        """What `serve` answers to the body, in its turn; or 429 or 503, with the time to come again."""
        whose = _name(caller)
        if (shown := _shown(request.scope)) and len(self._known) < _MOST_KNOWN:
            self._known[shown] = whose
        early = self._rates.wait(whose)
        if (refused := self._turned_away(whose, early)) is not None:
            return unread(request, come_again(refused), SMALL)
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
            if not await self._its_turn(guest, raw):
                return come_again(TurnedAway(503, "turn", _AGAIN_SECONDS))
            return await serve(raw)
        finally:
            self._sessions -= 1
            vacate(token)
            guest.leave()

    def at_first_sight(self, scope: Scope) -> TurnedAway | None:
        """Who is turned away by what stands in the head, and by what is known of its sender.

        It is known by its key, once it was let in: a stranger's answer hangs on nothing that others do.
        """
        whose = self._known.get(_shown(scope), "")
        return self._turned_away(whose, self._rates.early(whose) if whose else 0.0)

    def _turned_away(self, whose: str, early: float) -> TurnedAway | None:
        bounds = self._bounds
        if early:
            return TurnedAway(429, "rate", math.ceil(early), whose)
        if self._inside.taken(whose) >= bounds.licence_requests:
            return TurnedAway(429, "licence", 1, whose)
        if self.inside >= bounds.requests or self._sessions >= bounds.sessions:
            return TurnedAway(503, "door", _AGAIN_SECONDS, whose)
        return None

    async def _its_turn(self, guest: Guest, raw: bytes) -> bool:
        if not (self._bounds.beside and is_heavy(raw)):
            # Mostly it is there; a limit of time would cost more than all else here.
            return guest.take_at_once(self._turns) or await _in_time(guest.take(self._turns))
        # In the other process those that may not be worked on yet would be in memory once more.
        return len(raw) < BIG or await _in_time(guest.take(self._beside), _BIG_WAIT_SECONDS)

    async def _make_room(self, guest: Guest, size: int) -> Refusal | None:
        """Room for a large body, in its turn; the connection is not read from meanwhile."""
        if self._room.waiting < _MOST_WAITING and await _in_time(guest.take(self._room, size)):
            return None
        return Refusal(503, (_CROWDED,))


async def _in_time(taking: Awaitable[None], seconds: float = _WAIT_SECONDS) -> bool:
    """Whether it was their turn before they had waited too long."""
    try:
        async with asyncio.timeout(seconds):
            await taking
    except TimeoutError:
        return False
    return True


def _name(caller: Caller) -> str:
    """All credentials of one licence count together; one for several licences counts by itself."""
    return next(iter(caller.licences)) if len(caller.licences) == 1 else caller.credential_id


def _shown(scope: Scope) -> int:
    """A number for the credential in the head; 0 if there is none: a certificate is looked at later.

    Not the credential itself, which would be kept; and to be taken for another costs but an answer of 429.
    """
    for name, value in scope["headers"]:
        if name == b"authorization":
            return hash(value)
    return 0


def come_again(refused: TurnedAway) -> Response:
    """The answer that says so; it is counted."""
    metrics.turned_away.labels(refused.bound).inc()
    return Response(
        _BODIES[refused.status],
        status_code=refused.status,
        headers={"retry-after": str(refused.seconds)},
        media_type=FHIR_JSON,
    )
