"""What do four days without an insurer do to its claims, and to the other insurers? Played in full.

Two gateways are sent the same claims in turn, for two insurers each. Of one gateway an insurer is away.
"""

import argparse
import asyncio
import statistics
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import func, select

from benchmarks.insurer import Answering
from benchmarks.messages import Sent, Template, answers, numbers, template
from claimgw.clock import ManualClock
from claimgw.store import schema
from claimgw.store.alerts import latest_alerts
from claimgw.store.breakers import Circuit, Position, find_circuit
from claimgw.store.database import Database
from claimgw.store.records import State
from claimgw.store.tables import exchange, mailbox
from claimgw.telemetry import logs
from tests.gateway import DESERT_ROSE, FALCON, HOSPITAL, Gateway, register, running
from tests.insurers.peers import unused_port
from tests.postgres import running_postgres

_BEGIN = datetime(2026, 11, 1, 8, tzinfo=UTC)
_SECONDS = 4 * 86_400
_AT_ONCE = 8
_PAIRS = 200
_MOST_TIMES = 1.2
_MOST_ALERTS = 10_000
# The insurer that is away is sent one claim at a time, so that the order is strict.
_LIMITS = {"most_in_flight": 1, "breaker": {"probe_seconds": 60}}


class Noted(Template):
    """Answers of the insurer that is away at first, and the numbers of the claims that it was sent."""

    def __init__(self) -> None:
        self.received: list[bytes] = []
        self._of_the_other = answers()

    def numbered(self, number: bytes) -> bytes:
        self.received.append(number)
        return self._of_the_other.numbered(number).replace(b"INS-2001", b"INS-2002")


@dataclass
class Side:
    """One gateway, its clock, and the number of the last claim. `absent`: where nobody listens at first."""

    gateway: Gateway
    clock: ManualClock
    key: str
    absent: int
    noted: Noted
    numbers: Iterator[bytes]

    async def send(self, away: bool) -> float:
        """One claim, to the insurer that is away or to the other; how many milliseconds it took."""
        raw = (_TO_THE_ABSENT if away else _TO_THE_OTHER).numbered(next(self.numbers))
        began = time.perf_counter()
        response = await self.gateway.post(raw, self.key)
        assert response.status_code == 200, response.text
        return (time.perf_counter() - began) * 1000

    async def come(self) -> asyncio.Server:
        """The insurer is there from now on."""
        loop = asyncio.get_running_loop()
        return await loop.create_server(lambda: Answering(self.noted), "127.0.0.1", self.absent)

    async def circuit(self) -> Circuit | None:
        async with self.gateway.database.read() as unit:
            return await find_circuit(unit, DESERT_ROSE)

    async def count(self, *states: State) -> int:
        """Claims for the insurer that was away, in these states."""
        named = [state.value for state in states]
        query = select(func.count()).where(exchange.c.insurer == DESERT_ROSE, exchange.c.state.in_(named))
        async with self.gateway.database.read() as unit:
            return int((await unit.execute(query)).scalar_one())

    async def accepted(self) -> list[bytes]:
        """The numbers of those claims, in the order in which they were accepted."""
        query = (
            select(exchange.c.focal_value)
            .where(exchange.c.insurer == DESERT_ROSE)
            .order_by(exchange.c.created_at, exchange.c.id)
        )
        async with self.gateway.database.read() as unit:
            return [value.removeprefix("CLM-").encode() for (value,) in await unit.execute(query)]

    async def told(self) -> int:
        """How often people were told of that insurer, until it has been calm for a while."""
        while True:
            self.clock.advance(60)
            await asyncio.sleep(0.1)
            async with self.gateway.database.read() as unit:
                known = [one for one in await latest_alerts(unit, _MOST_ALERTS) if one.subject == DESERT_ROSE]
            if all(one.end_told_at is not None for one in known):
                return 2 * len(known)


_TO_THE_OTHER = template(Sent.CLAIM)
_TO_THE_ABSENT = template(Sent.CLAIM, {"INS-2001": "INS-2002"})


@asynccontextmanager
async def side(address: str, first: int) -> AsyncIterator[Side]:
    database = Database(address)
    await schema.upgrade(database)
    loop, port = asyncio.get_running_loop(), unused_port()
    template_ = answers()
    there = await loop.create_server(lambda: Answering(template_), "127.0.0.1", 0)
    key = await register(database, HOSPITAL)
    await register(database, FALCON, endpoint=_url(there.sockets[0].getsockname()[1]))
    await register(database, DESERT_ROSE, endpoint=_url(port), settings=_LIMITS)
    await database.close()
    clock = ManualClock(_BEGIN)
    async with running(
        address, clock=clock, worker=True, console=False, node=f"side-{first}", licence_rate=0
    ) as gateway:
        yield Side(gateway, clock, key, port, Noted(), numbers(first))
    there.close()


def _url(port: int) -> str:
    return f"http://127.0.0.1:{port}/fhir/$process-message"


async def interleaved(calm: Side, shaken: Side, rounds: int) -> list[float]:
    """p99 of the other insurer's claims beside the absent one, times that without; of each round."""
    times = []
    for _ in range(rounds):
        tails = []
        for one in (calm, shaken):
            taken = []
            for _ in range(_PAIRS):
                took = await one.send(away=True)
                taken.append(await one.send(away=False))
                # As fast as time goes: if it ran ahead, what is done once a minute would come between every
                # few claims.
                one.clock.advance((took + taken[-1]) / 1000)
            tails.append(statistics.quantiles(taken, n=100)[-1])
        times.append(tails[1] / tails[0])
        print(f"  p99 {tails[0]:.1f} ms without, {tails[1]:.1f} ms beside it: {times[-1]:.2f} times")
    return times


async def hold(away: Side, claims: int) -> None:
    """So many claims in all, spread over the four days."""
    left = claims - await away.count(*State)
    while left > 0:
        most = min(left, _AT_ONCE)
        await asyncio.gather(*(away.send(away=True) for _ in range(most)))
        left -= most
        # Only while nothing is under way: a clock that runs ahead would end leases.
        away.clock.advance(_SECONDS * most / claims)
        await asyncio.sleep(0)


async def drained(back: Side) -> float:
    """The insurer is back; how many seconds it takes until everything is delivered."""
    began, moving = time.perf_counter(), (State.HELD, State.IN_FLIGHT, State.UNCONFIRMED)
    while await back.count(*moving):
        circuit = await back.circuit()
        if circuit is not None and circuit.state is Position.OPEN:
            back.clock.advance(10)
        await asyncio.sleep(0.1)
    return time.perf_counter() - began


async def play(addresses: tuple[str, str], claims: int, rounds: int) -> bool:
    """Whether everything came out as it should."""
    async with AsyncExitStack() as stack:
        calm = await stack.enter_async_context(side(addresses[0], 1))
        shaken = await stack.enter_async_context(side(addresses[1], 500_000_000))
        servers = [await calm.come()]
        for one in (calm, shaken):
            for _ in range(20):
                await one.send(away=True)
                one.clock.advance(1)
        times = statistics.median(await interleaved(calm, shaken, rounds))
        await hold(shaken, claims)
        held = await shaken.count(State.HELD)
        servers.append(await shaken.come())
        seconds = await drained(shaken)
        circuit, sent = await shaken.circuit(), await shaken.accepted()
        async with shaken.gateway.database.read() as unit:
            mailed = int((await unit.execute(select(func.count()).select_from(mailbox))).scalar_one())
        opened, told = circuit.opened if circuit else 0, await shaken.told()
        print(f"  {len(sent)} claims in four days, {held} held; delivered in {seconds:.0f} s real time")
        facts = {
            "every claim came once, in the order of its acceptance": shaken.noted.received == sent,
            "every claim is answered": await shaken.count(State.ANSWERED) == claims == len(sent),
            "every answer is in the provider's mailbox": mailed == claims,
            "the breaker opened once and is closed": circuit is not None
            and (opened, circuit.state) == (1, Position.CLOSED),
            f"people were told {told} times of it": told == 2,
            f"the other insurer's p99 is {times:.2f} times (at most {_MOST_TIMES})": times <= _MOST_TIMES,
        }
        for server in servers:
            server.close()
    for fact, true in facts.items():
        print(f"  {'yes' if true else 'NO '}  {fact}")
    return all(facts.values())


@contextmanager
def databases(kind: str) -> Iterator[tuple[str, str]]:
    """Two empty ones that lose nothing."""
    with ExitStack() as stack:
        if kind == "sqlite":
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="claimgw-outage-")))
            yield f"sqlite:///{folder}/calm.db", f"sqlite:///{folder}/shaken.db"
        else:
            server = stack.enter_context(running_postgres(durable=True))
            yield asyncio.run(server.create()), asyncio.run(server.create())


def main() -> None:
    asked = argparse.ArgumentParser(prog="python -m campaigns.outage", description=__doc__)
    asked.add_argument("--claims", type=int, default=10_000, help="for the insurer that is away")
    asked.add_argument("--rounds", type=int, default=5, help="of each gateway, in turn")
    asked.add_argument("--database", choices=["sqlite", "postgresql"], action="append")
    given = asked.parse_args()
    logs.configure("text", "error")
    well = True
    for kind in given.database or ["sqlite", "postgresql"]:
        print(kind)
        with databases(kind) as addresses:
            well = asyncio.run(play(addresses, given.claims, given.rounds)) and well
    sys.exit(0 if well else 1)


if __name__ == "__main__":
    main()
