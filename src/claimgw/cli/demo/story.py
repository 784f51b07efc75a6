"""How is a scenario told? What should come is written down first; what came is put together step by step."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from claimgw.cli.demo.claims import Message
from claimgw.cli.demo.programs import until
from claimgw.cli.demo.stage import Stage
from claimgw.cli.send import author, told
from claimgw.client import Answer
from claimgw.clock import SystemClock
from claimgw.errors import ClaimgwError

PATIENCE_SECONDS = 20.0
_STEP = " → "


@dataclass
class Told:
    """What came so far. `notes` stand below the line."""

    steps: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def __call__(self, step: str) -> None:
        self.steps.append(step)


Play = Callable[[Stage, Told], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Scenario:
    """One line of the story: it has come out as stated if what was told is what was expected."""

    name: str
    expected: str
    play: Play


@dataclass(frozen=True, slots=True)
class Result:
    """How a scenario came out, and the seconds it took."""

    name: str
    expected: str
    came: str
    seconds: float
    notes: tuple[str, ...]

    @property
    def as_stated(self) -> bool:
        return self.came == self.expected


async def play(scenario: Scenario, stage: Stage) -> Result:
    """Play it to its end, or to where it goes otherwise."""
    clock = SystemClock()
    began = clock.monotonic()
    telling = Told()
    try:
        await scenario.play(stage, telling)
    except ClaimgwError as fault:
        telling(str(fault))
    seconds = clock.monotonic() - began
    return Result(scenario.name, scenario.expected, _STEP.join(telling.steps), seconds, tuple(telling.notes))


def words(answer: Answer) -> str:
    """An answer in a few words: outcome, and who wrote it."""
    who = author(answer)
    return f"{told(answer)} from {'the gateway' if who == 'gateway' else who.partition(':')[2]}"


def codes(answer: Answer) -> str:
    return ", ".join(dict.fromkeys(found.code for found in answer.findings))


async def send(stage: Stage, message: Message) -> Answer:
    """As its sender."""
    return await stage.clients[message.sender].send(message.raw)


async def fetch(stage: Stage, message: Message) -> Answer:
    """Poll until an answer to this claim is in the mailbox. Raises Late."""
    found: list[bytes] = []

    async def came() -> bool:
        polled = await stage.clients[message.sender].poll(message.sender, about=message.identifier)
        found.extend(polled.messages)
        return bool(found)

    await until(came, "an answer can be polled", PATIENCE_SECONDS)
    return Answer.read(200, found[0])


async def attempts(stage: Stage, message: Message) -> int:
    """How often the insurer has had this message, under its one id."""
    rows = await stage.received(message.receiver)
    return sum(row["attempts"] for row in rows if row["header"] == message.header_id)


async def notices(stage: Stage, insurer: str) -> int:
    """How many error-notices have reached the insurer."""
    return sum(row["event"] == "error-notice" for row in await stage.received(insurer))


async def next_notice(stage: Stage, insurer: str, before: int) -> None:
    """Wait until one more has reached it. Raises Late."""

    async def came() -> bool:
        return await notices(stage, insurer) > before

    await until(came, "an error-notice reaches the insurer", PATIENCE_SECONDS)
