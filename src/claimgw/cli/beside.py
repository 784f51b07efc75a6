"""How does the process beside a gateway work? `claimgw serve` and `claimgw worker` start it themselves."""

import asyncio
import gc
import resource
import signal
import socket
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import typer
from prometheus_client.metrics_core import Metric

from claimgw.access.callers import Caller
from claimgw.access.participants import Participant
from claimgw.clearinghouse.aside import occupy, vacate
from claimgw.clearinghouse.beside.heavy import BIG
from claimgw.clearinghouse.beside.lent import LentLines
from claimgw.clearinghouse.beside.wire import Wire
from claimgw.clearinghouse.delivery.deliver import conclude, deliver
from claimgw.clearinghouse.delivery.nodes import Role
from claimgw.clearinghouse.large import look_into
from claimgw.clearinghouse.open import Refusal
from claimgw.clearinghouse.parts import Parts, Reply
from claimgw.clearinghouse.process import process
from claimgw.clearinghouse.settle import Settled
from claimgw.cli.serving import start
from claimgw.clock import SystemClock
from claimgw.conformance.loading import load
from claimgw.endpoint.turns import Guest, Turns
from claimgw.endpoint.validate import Wanted, validated
from claimgw.errors import StoreUnavailable
from claimgw.house import House, open_house
from claimgw.insurers.spi import Answered
from claimgw.messages.envelope import Envelope, read
from claimgw.settings import Settings
from claimgw.store.records import Attempt, Exchange
from claimgw.telemetry import logs, metrics

commands = typer.Typer()

# Of messages that are worked on at once: a tree takes up to forty times as much as its text.
_MOST_BYTES = 4 * 1024 * 1024
# What has not been looked at yet may be as large as a message can be.
_UNKNOWN = 10 * 1024 * 1024

T = TypeVar("T")


@commands.command(hidden=True)
def beside(line: int) -> None:
    """Read and judge large messages for the process that started this one. LINE is its open socket."""
    work(socket.socket(fileno=line))


def work(line: socket.socket) -> None:
    """What the command does. It ends when the other side lets go of the line, and not before."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    start(_work(line))


async def _work(line: socket.socket) -> None:
    opening: asyncio.Future[Settings] = asyncio.get_running_loop().create_future()
    ready = asyncio.Event()

    async def open_(settings: Settings) -> None:
        opening.set_result(settings)
        await ready.wait()

    async def there() -> None:
        """To answer is all that is asked."""

    handlers: dict[str, Callable[..., Awaitable[Any]]] = {"open": open_, "there": there}
    wire = Wire(*await asyncio.open_connection(sock=line), handlers)
    serving = asyncio.create_task(wire.run())
    opened: set[asyncio.Future[Any]] = {opening, serving}
    await asyncio.wait(opened, return_when=asyncio.FIRST_COMPLETED)
    if opening.done():
        settings = opening.result()
        logs.configure(settings.log_style, settings.log_level)
        load(settings.packages, settings.codes, settings.versions).compile()
        async with open_house(_without_doors(settings), SystemClock(), Role.SERVE) as house:
            tasks = Tasks(house, wire)
            handlers |= {"do": tasks.do, "close_down": tasks.close_down}
            gc.collect()
            gc.freeze()
            ready.set()
            await serving
    await wire.close()


def _without_doors(settings: Settings) -> Settings:
    return settings.model_copy(update={"worker": False, "beside": False, "node": f"{settings.node}+beside"})


class Tasks:
    """What is done here, by turns among those who send."""

    def __init__(self, house: House, wire: Wire) -> None:
        self._wire = wire
        self._wakes: set[asyncio.Task[None]] = set()
        self._turns, self._big = Turns(_MOST_BYTES, _MOST_BYTES), Turns(1, 1)
        self._house = house
        self._began = _most_megabytes()
        self._parts: Parts = replace(house.parts, lines=LentLines(wire), wake=self._wake, announce=self._wake)

    async def do(self, task: str, args: Sequence[Any]) -> tuple[Any, float, list[Metric]]:
        """What came of it, by how many MB this process has ever grown, and what it has counted."""
        done = await _TASKS[task](self, *args)
        return done, _most_megabytes() - self._began, metrics.counted()

    async def close_down(self) -> None:
        self._house.close_down()

    async def process(self, raw: bytes, caller: Caller) -> Reply:
        return await self._in_turn(
            caller.credential_id, len(raw), lambda: process(self._parts, self._house.sessions, raw, caller)
        )

    async def validate(self, raw: bytes, caller: Caller, wanted: Wanted) -> bytes | Refusal:
        return await self._in_turn(
            caller.credential_id, len(raw), lambda: validated(self._parts, raw, caller, wanted)
        )

    async def deliver(self, exchange: Exchange, raw: bytes, attempt: Attempt) -> Settled:
        return await self._in_turn(
            exchange.insurer, len(raw), lambda: deliver(self._parts, exchange, _read(raw), attempt)
        )

    async def conclude(
        self,
        exchange: Exchange,
        raw: bytes,
        attempt: Attempt,
        insurer: Participant | None,
        reply: Answered,
        notes: Sequence[str],
    ) -> Settled:
        return await self._in_turn(
            exchange.insurer,
            len(reply.body),
            lambda: conclude(self._parts, exchange, _read(raw), attempt, insurer, reply, notes),
        )

    async def look_into(self, exchange: Exchange) -> None:
        await self._in_turn(exchange.provider, _UNKNOWN, lambda: look_into(self._parts, exchange))

    async def _in_turn(self, whose: str, size: int, work: Callable[[], Awaitable[T]]) -> T:
        guest = Guest(whose)
        token = occupy(guest)
        try:
            await (guest.take(self._big) if size >= BIG else guest.take(self._turns, size))
            return await work()
        finally:
            vacate(token)
            guest.leave()

    def _wake(self) -> None:
        self._house.parts.wake()
        task = asyncio.create_task(self._tell())
        self._wakes.add(task)
        task.add_done_callback(self._wakes.discard)

    async def _tell(self) -> None:
        with suppress(StoreUnavailable):
            await self._wire.call("wake")


def _most_megabytes() -> float:
    """The most memory this process ever had."""
    # On Linux ru_maxrss begins with what the process had that started this one: exec keeps it. With a large
    # gateway each process beside it would count as grown, and be replaced, after one message.
    with suppress(FileNotFoundError):
        peak = Path("/proc/self/status").read_text().partition("VmHWM:")[2]
        return int(peak.split(maxsplit=1)[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _read(raw: bytes) -> Envelope:
    request = read(raw)
    assert isinstance(request, Envelope), "a request on record is no message any more"
    return request


_TASKS: dict[str, Callable[..., Awaitable[Any]]] = {
    "process": Tasks.process,
    "validate": Tasks.validate,
    "deliver": Tasks.deliver,
    "conclude": Tasks.conclude,
    "look_into": Tasks.look_into,
}
