"""Where on the way of a message does a process die, or something around it fail? A table."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum


class Moment(StrEnum):
    """When a process dies, seen from a function of the gateway."""

    BEFORE = "before"  # it is called, and has done nothing
    DURING = "during"  # a chance moment of its first milliseconds
    AFTER = "after"  # it has returned, and its caller has not heard of it
    HALF = "half"  # it has handed over the first half of what it writes


class Role(StrEnum):
    """Which process it is. On SQLite one process is both."""

    SERVE = "serve"
    WORKER = "worker"


@dataclass(frozen=True, slots=True)
class Point:
    """A process dies when it passes there.

    `function`: `module:name` or `module:Class.name`. `within`: only where that one has called it. `passes`:
    it dies at one of the first so many passes. `after`: another point whose death comes first. `flushed`:
    what was written to sockets before is given a moment to leave. `full`: only where there is something in
    what it is called with: the poll has messages.
    """

    name: str
    function: str
    moment: Moment
    role: Role = Role.SERVE
    within: str = ""
    passes: int = 1
    after: str = ""
    flushed: bool = False
    full: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """A process dies by the hand of the insurer: when it has read, or has written half of its answer."""

    name: str
    moment: Moment
    role: Role = Role.SERVE


class Failure(StrEnum):
    """What fails without anybody's death."""

    DATABASE_STALLS = "the database stands still"
    DATABASE_RESETS = "all connections to the database break"
    DATABASE_AWAY = "the database cannot be reached"
    INSURER_STALLS = "the insurer reads and says nothing"
    INSURER_RESETS = "the insurer breaks the connection when it has read"
    INSURER_HALVES = "the insurer closes half way through its answer"
    INSURER_DROPS = "the insurer closes before it has read all"


DATABASE = frozenset({Failure.DATABASE_STALLS, Failure.DATABASE_RESETS, Failure.DATABASE_AWAY})
Place = Point | Reading | Failure

_BEFORE, _DURING, _AFTER, _HALF = Moment.BEFORE, Moment.DURING, Moment.AFTER, Moment.HALF
_DELIVER = "claimgw.clearinghouse.delivery.deliver"
_WORKER = "claimgw.clearinghouse.delivery.worker"
_ABANDON = "claimgw.clearinghouse.delivery.abandon"
_OWN = "claimgw.clearinghouse.own"
_LATE = "claimgw.clearinghouse.followup.late"
_DOOR = "claimgw.endpoint.process_message"
_HTTP = "claimgw.insurers.fhir_http.insurer"
_HTTP_IN = "uvicorn.protocols.http.httptools_impl"
_WRITTEN = f"{_HTTP_IN}:HttpToolsProtocol.on_response_complete"
_SETTLE = f"{_DELIVER}:settle_unchanged"
_SESSION, _BY_WORKER = "claimgw.clearinghouse.session:deliver", f"{_WORKER}:deliver"
_CLAIMS, _HELD = 4, 3
_ONCE_DEAD = "after commit 1"

# In the order of the way.
POINTS: tuple[Point | Reading, ...] = (
    Point("before the body is read", "claimgw.endpoint.entrance:read_body", _BEFORE, passes=_CLAIMS),
    Point("body read", f"{_DOOR}:process", _BEFORE, passes=_CLAIMS),
    Point("before the look-up", "claimgw.clearinghouse.process:look_up", _BEFORE, passes=_CLAIMS),
    Point("before the check", "claimgw.clearinghouse.process:judge", _BEFORE, passes=_CLAIMS),
    Point("before commit 1", "claimgw.clearinghouse.record:accept", _BEFORE, passes=_CLAIMS),
    Point("during commit 1", "claimgw.clearinghouse.record:accept", _DURING, passes=_CLAIMS),
    Point(_ONCE_DEAD, "claimgw.clearinghouse.record:accept", _AFTER, passes=_CLAIMS),
    Point("before the call", f"{_DELIVER}:forward", _BEFORE, within=_SESSION, passes=_CLAIMS),
    Point("request half written", f"{_HTTP}:_pieces", _HALF, within=_SESSION, passes=_CLAIMS),
    Reading("the insurer has read", _BEFORE),
    Reading("the insurer's answer half written", _HALF),
    Point("the insurer's answer read", f"{_DELIVER}:interpret", _BEFORE, within=_SESSION, passes=_CLAIMS),
    Point("before commit 2", _SETTLE, _BEFORE, within=_SESSION, passes=_CLAIMS),
    Point("during commit 2", _SETTLE, _DURING, within=_SESSION, passes=_CLAIMS),
    Point("after commit 2", _SETTLE, _AFTER, within=_SESSION, passes=_CLAIMS),
    Point("before the answer is written", f"{_DOOR}:ProcessMessage._response", _BEFORE, passes=_CLAIMS),
    Point("answer half written", f"{_HTTP_IN}:RequestResponseCycle.send", _HALF, passes=_CLAIMS),
    Point("answer written", _WRITTEN, _AFTER, passes=_CLAIMS, flushed=True),
    Point("before the worker takes up", f"{_WORKER}:take_up", _BEFORE, Role.WORKER),
    Point("while the worker takes up", f"{_WORKER}:take_up", _DURING, Role.WORKER),
    Point("the worker has taken up", f"{_WORKER}:take_up", _AFTER, Role.WORKER),
    Point("before the worker's call", f"{_DELIVER}:forward", _BEFORE, Role.WORKER, _BY_WORKER, _HELD),
    Point("worker's request half written", f"{_HTTP}:_pieces", _HALF, Role.WORKER, _BY_WORKER, _HELD),
    Reading("the insurer has read the worker's", _BEFORE, Role.WORKER),
    Point("before the worker settles", _SETTLE, _BEFORE, Role.WORKER, _BY_WORKER, _HELD),
    Point("while the worker settles", _SETTLE, _DURING, Role.WORKER, _BY_WORKER, _HELD),
    Point("the worker has settled", _SETTLE, _AFTER, Role.WORKER, _BY_WORKER, _HELD),
    Point("before a poll's commit", "claimgw.store.offers:reserve", _BEFORE, full=True),
    Point("poll reserved", f"{_OWN}.poll:_write", _BEFORE, full=True),
    Point("poll written, not confirmed", f"{_DOOR}:delivered", _BEFORE, flushed=True, full=True),
    Point("while a poll is confirmed", f"{_DOOR}:delivered", _DURING, full=True),
    Point("poll confirmed", f"{_DOOR}:delivered", _AFTER, full=True),
    Point("before a batch's commit", f"{_OWN}.batch:_keep_batch", _BEFORE),
    Point("during a batch's commit", f"{_OWN}.batch:_keep_batch", _DURING),
    Point("after a batch's commit", f"{_OWN}.batch:_keep", _AFTER),
    Point("before a deferred answer's commit", f"{_LATE}:_apply", _BEFORE),
    Point("during a deferred answer's commit", f"{_LATE}:_apply", _DURING),
    Point("after a deferred answer's commit", f"{_LATE}:Reply", _BEFORE),
    Point("before a dead node's work is taken over", f"{_ABANDON}:_leave", _BEFORE, Role.WORKER,
          after=_ONCE_DEAD),
    Point("while a dead node's work is taken over", f"{_ABANDON}:_leave", _DURING, Role.WORKER,
          after=_ONCE_DEAD),
)  # fmt: skip
PLACES: tuple[Place, ...] = (*POINTS, *Failure)


def name_of(place: Place) -> str:
    return place.value if isinstance(place, Failure) else place.name


def named(names: Collection[str]) -> list[Place]:
    """Those whose names have one of these texts in them; all if none is given."""
    return [place for place in PLACES if not names or any(text in name_of(place) for text in names)]


def way_to(place: Place) -> list[Point]:
    """The points at which processes die in turn, the last of them there; none if nobody dies of its own."""
    if not isinstance(place, Point):
        return []
    before = [point for point in POINTS if isinstance(point, Point) and point.name == place.after]
    return [*before, place]
