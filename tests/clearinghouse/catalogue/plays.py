"""How is each situation of the table played, and what came of it?"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from tests.clearinghouse.catalogue.cells import Cell, Situation
from tests.clearinghouse.catalogue.senders import SENDERS, Compose
from tests.clearinghouse.catalogue.stage import LIMITS, Mood, Sent, Stage, by_itself, unfinished
from tests.clearinghouse.catalogue.told import answered, counted
from tests.clearinghouse.scene import GRACE, until
from tests.clearinghouse.spoken import CLAIM, fresh, opened

NOTICE = "error-notice"
# Long enough to connect, also where the tests of two processes share two cores.
BRIEF = {"answer_seconds": 1.0, "connect_seconds": 1.0}
# Settings with which the gateway of a row runs.
SETTINGS: Mapping[str, dict[str, int]] = {"claim-request, large": {"large_items": 1}}


@dataclass
class Course:
    """One message on its way: the states it was seen in, one after the other."""

    stage: Stage
    sent: Sent
    notices: int
    states: list[str] = field(default_factory=list)

    async def look(self) -> None:
        state = await self.stage.state(self.sent)
        if state is not None and [state] != self.states[-1:]:
            self.states.append(state)

    async def post(self) -> str:
        response = await self.stage.post(self.sent.raw)
        await self.look()
        return answered(response)

    async def settle(self) -> None:
        """All that is due now is done."""
        await self.stage.quiet()
        await self.look()

    async def cell(self, hears: str, then: str = "") -> Cell:
        await self.look()
        got = await self.stage.got(self.sent, self.notices)
        return Cell(hears, got, " → ".join(self.states), await self.stage.mailbox(), then)


async def begun(made: Stage, compose: Compose) -> Course:
    made.mood = Mood.ANSWERS
    made.gate.clear()
    sent = await compose(made)
    assert await made.mailbox() == "–"
    return Course(made, sent, len(made.scene.insurer.notices))


async def in_session(course: Course) -> Cell:
    hears = await course.post()
    await course.settle()
    return await course.cell(hears)


async def unreachable(course: Course) -> Cell:
    """Nobody listens; some time later the insurer is back."""
    await course.stage.away()
    hears = await course.post()
    await course.settle()
    await course.stage.back()
    course.stage.scene.clock.advance(30)
    await course.settle()
    return await course.cell(hears)


async def slow(course: Course) -> Cell:
    """The session's time is up first; then the insurer answers over the same call."""
    course.stage.mood = Mood.WAITS
    session = await under_way(course)
    course.stage.scene.clock.advance(51)
    hears = await session
    await course.look()
    course.stage.gate.set()
    await course.stage.all_closed()
    return await course.cell(hears)


async def under_way(course: Course) -> "asyncio.Task[str]":
    """It is posted, and the insurer has all of it; what the sender hears."""
    session = asyncio.create_task(course.post())

    async def begun() -> bool:
        return session.done() or course.stage.brought(course.sent)

    # What is answered at once is looked at before the worker takes it.
    await until(begun)
    await course.stage.taken(course.sent)
    return session


async def invalid(course: Course) -> Cell:
    """The insurer's answer does not say what it answers."""
    course.stage.mood = Mood.SPOILS
    hears = await course.post()
    await course.settle()
    return await course.cell(hears)


async def declined(course: Course) -> Cell:
    """The insurer says that it cannot process the message."""
    course.stage.mood = Mood.DECLINES
    hears = await course.post()
    await course.settle()
    return await course.cell(hears)


async def late(course: Course) -> Cell:
    """The insurer reads all and closes, and sends its answer later as a message of its own."""
    course.stage.mood = Mood.CLOSES
    hears = await course.post()
    await course.settle()
    said = []
    for raw in course.sent.delivered:
        body = course.stage.answers[opened(raw).header_id or ""]
        said.append(answered(await course.stage.post(by_itself(body))))
    return await course.cell(hears, counted(said))


async def copied(course: Course) -> Cell:
    """The same bytes once more, when all that follows the first has happened."""
    first = await course.stage.post(course.sent.raw)
    await course.settle()
    again = await course.stage.post(course.sent.raw)
    same = first.content == again.content
    return await course.cell("the same bytes" if same else answered(again))


async def copied_in_flight(course: Course) -> Cell:
    """The same bytes once more, while the insurer has not answered the first."""
    course.stage.mood = Mood.WAITS
    session = await under_way(course)
    again = answered(await course.stage.post(course.sent.raw))
    course.stage.gate.set()
    await session
    await course.settle()
    return await course.cell(again)


async def wrongly_told(course: Course) -> Cell:
    """What an insurer began lacks its status."""
    wrong = Sent(unfinished(course.sent.raw), target=course.sent.target)
    return await in_session(Course(course.stage, wrong, course.notices))


Play = Callable[[Course], Awaitable[Cell]]
_BY_PROVIDERS: Mapping[Situation, Play] = {
    Situation.ANSWERED: in_session,
    Situation.UNREACHABLE: unreachable,
    Situation.SLOW: slow,
    Situation.INVALID: invalid,
    Situation.DECLINED: declined,
    Situation.LATE: late,
    Situation.COPY: copied,
    Situation.IN_FLIGHT: copied_in_flight,
}
_BY_INSURERS = {**_BY_PROVIDERS, Situation.INVALID: wrongly_told}


async def played(made: Stage, row: str, situation: Situation) -> Cell:
    """One cell of the table, as it came."""
    if row == NOTICE:
        return await noticed(made, situation)
    course = await begun(made, SENDERS[row])
    insurers = str(opened(course.sent.raw).sender).startswith("payer")
    return await (_BY_INSURERS if insurers else _BY_PROVIDERS)[situation](course)


# Error notices, which the gateway sends

_TO_NOTICES = {Situation.INVALID: Mood.SPOILS, Situation.DECLINED: Mood.DECLINES}


async def noticed(made: Stage, situation: Situation) -> Cell:
    """An answer that cannot be used; then the notice about it meets that situation."""
    made.mood, made.to_notices, scene = Mood.SPOILS, Mood.ANSWERS, made.scene
    made.gate.clear()
    before = len(scene.insurer.notices)
    await made.post(fresh(CLAIM))
    [notice] = await scene.notices()
    states = [notice.state.value]
    if situation is Situation.UNREACHABLE:
        await made.away()
    if situation is Situation.SLOW:
        made.to_notices = Mood.WAITS
        await scene.move(scene.address, **BRIEF)
    if situation in _TO_NOTICES:
        made.to_notices = _TO_NOTICES[situation]
    for _ in range(2):
        await made.quiet()
        states.append(await made.state_of(notice.id))
        made.to_notices = Mood.ANSWERS
        await scene.move(scene.address, connect_seconds=5, **LIMITS)
        scene.clock.advance(GRACE)
    got = await made.got(Sent(b""), before)
    return Cell("–", got, " → ".join(dict.fromkeys(states)), await made.mailbox())
