"""How does the insurer meet one message, whatever way it came? It remembers, and posts what it owes."""

import asyncio
import traceback
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

import structlog
import tenacity

from claimgw.clock import Clock
from claimgw.errors import ClaimgwError
from claimgw.ids import new_id
from claimgw.insurers.sandbox import answers
from claimgw.insurers.sandbox.behaviour import Wish, wish_of
from claimgw.insurers.sandbox.cases import Cases
from claimgw.insurers.sandbox.claim_response import Stamp
from claimgw.insurers.sandbox.plan import FHIR_JSON, Later, Plan
from claimgw.insurers.sandbox.reading import Request, Unreadable, acknowledged, read, text
from claimgw.insurers.sandbox.wording import Turn

# Answers are kept to be repeated byte for byte; the oldest are forgotten beyond this many messages.
REMEMBERED = 10_000

_log = structlog.get_logger("claimgw.insurers.sandbox")


class GatewayAway(ClaimgwError):
    """A late message could not be handed over now; it is posted again, the same bytes."""


# Hands one message to the gateway, and gives its answer. Raises GatewayAway when it should be tried again.
Send = Callable[[bytes], Awaitable[bytes]]


class Availability(StrEnum):
    """An outage played on request: `down` takes nothing, `silent` takes everything and says nothing."""

    UP = "up"
    DOWN = "down"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Spoken:
    """An answer, to be given after so many seconds."""

    body: bytes
    status: int = 200
    content_type: str = FHIR_JSON
    retry_after: int | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Silence:
    """The message was taken, and no answer ever comes."""


@dataclass(frozen=True, slots=True)
class Shut:
    """Nobody is there; the message was not taken."""


Reaction = Spoken | Silence | Shut


@dataclass(slots=True)
class Received:
    """What the insurer remembers of one MessageHeader.id.

    `times` are those of its attempts, `answered` counts the answers given to them, `posted` the late messages
    handed over since.
    """

    event: str
    licence: str
    plan: Plan
    ready_at: float  # of the monotonic clock
    times: list[datetime] = field(default_factory=list)
    answered: int = 0
    posted: int = 0

    @property
    def attempts(self) -> int:
        return len(self.times)


class Insurer:
    """One or several insurers in one place, told apart by the licence in the header's receiver."""

    def __init__(self, licences: Collection[str], *, clock: Clock, send: Send) -> None:
        self.availability = Availability.UP
        self.cases = Cases()
        self._wished: list[Wish] = []
        self._licences = frozenset(licences)
        self._clock = clock
        self._send = send
        self._received: OrderedDict[str, Received] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def received(self) -> Mapping[str, Received]:
        """What came so far, by MessageHeader.id, oldest first."""
        return self._received

    def receive(self, message: bytes) -> Reaction:
        """React to one message; late messages are started in the running loop. Never raises."""
        if self.availability is Availability.DOWN:
            return Shut()
        try:
            request = read(message)
            if request.receiver.value not in self._licences:
                _log.warning("a message is for nobody here", action="said 422", header=request.header_id)
                return Spoken(answers.bare_outcome(answers.NOT_OURS, self.stamp()), status=422)
            return self._react(request, self._remember(request, message))
        except (Unreadable, RecursionError) as fault:  # what nests too deep to be read may also be to write
            _log.warning("a message could not be read", action="said 400", fault=type(fault).__name__)
            return Spoken(answers.bare_outcome(answers.NOT_JSON, self.stamp()), status=400)

    @property
    def licences(self) -> Collection[str]:
        return self._licences

    def behave(self, wish: Wish, times: int) -> None:
        """The next so many new messages are met as that wish says, whatever their identifiers say."""
        self._wished = [wish] * times

    async def start(self, message: bytes) -> bool:
        """Hand over a message that nobody asked for; whether it was taken.

        Tried once: raises GatewayAway, and then nothing was said.
        """
        taken = acknowledged(await self._send(message))
        if taken:
            self.cases.said(message)
        return taken

    def begin(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Let work go on beside; it ends with the insurer at the latest."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def close(self) -> None:
        """Give up what was still to be posted."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _remember(self, request: Request, message: bytes) -> Received:
        case = self._received.get(request.header_id)
        if case is None:
            plan = self._plan(request, message)
            ready_at = self._clock.monotonic() + plan.seconds
            case = Received(request.event, request.receiver.value, plan, ready_at)
            self._received[request.header_id] = case
            if len(self._received) > REMEMBERED:
                self._received.popitem(last=False)
        case.times.append(self._clock.now())
        return case

    def _plan(self, request: Request, message: bytes) -> Plan:
        known = request.claim is not None
        case = self.cases.remember(request, message) if known else self.cases.about(request)
        wish = self._wished.pop() if self._wished else wish_of(text(request.identifier.get("value")))
        return wish.plan(Turn(request, case))

    def _react(self, request: Request, case: Received) -> Reaction:
        log = _log.bind(header=request.header_id, request=request.event, attempt=case.attempts)
        if self.availability is Availability.SILENT or _among(case.attempts, case.plan.silent):
            log.info("a message came", action="kept silent")
            return Silence()
        if _among(case.attempts, case.plan.busy):
            log.info("a message came", action="said 503")
            busy = answers.bare_outcome(answers.UNAVAILABLE, self.stamp())
            return Spoken(busy, status=503, retry_after=1)
        body = case.plan.answer(self.stamp())
        if not case.answered:
            self.cases.said(body)
            self._keep(request, case, body)
        case.answered += 1
        log.info("a message came", action="answered")
        wait = max(case.ready_at - self._clock.monotonic(), 0.0)
        return Spoken(body, content_type=case.plan.content_type, seconds=wait)

    def _keep(self, request: Request, case: Received, body: bytes) -> None:
        """The first answer is the answer from now on; keeping its bytes lets the decoded request go."""
        later = case.plan.later
        case.plan = replace(case.plan, answer=lambda _stamp: body, later=())
        if later:
            self.begin(self._post_all(request.header_id, case, later))

    async def _post_all(self, header_id: str, case: Received, later: tuple[Later, ...]) -> None:
        """One after the other, so that an answer which waits for the gateway is not overtaken by the next."""
        began = self._clock.monotonic()
        for one in later:
            await self._clock.sleep(one.seconds - (self._clock.monotonic() - began))
            if one.about is not None and one.about.cancelled:
                continue
            message = one.compose(self.stamp())
            if taken := acknowledged(await self._post(message)):
                self.cases.said(message)
            case.posted += 1
            _log.info("a late answer was handed over", action="posted", header=header_id, taken=taken)

    async def _post(self, message: bytes) -> bytes:
        retrying = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception_type(GatewayAway),
            wait=tenacity.wait_random_exponential(multiplier=0.5, max=30),
            sleep=self._clock.sleep,
            before_sleep=_log_retry,
        )
        return await retrying(self._send, message)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (fault := task.exception()) is not None:
            at = traceback.extract_tb(fault.__traceback__)[-1]
            # Not exc_info: a renderer that shows local variables would print the message.
            where = f"{at.filename}:{at.lineno}"
            _log.error("a late answer was lost", action="gave up", fault=type(fault).__name__, where=where)

    def stamp(self) -> Stamp:
        """New ids, and the time."""
        now = self._clock.now()
        return Stamp(new_id(now), new_id(now), new_id(now), now)


def _among(attempt: int, first: int | None) -> bool:
    return first is None or attempt <= first


def _log_retry(state: tenacity.RetryCallState) -> None:
    _log.warning("the gateway is away", action="will post again", tries=state.attempt_number)
