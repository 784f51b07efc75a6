"""What is sent at once, by whom? Many who behave well, and among them some who do not."""

import asyncio
import itertools
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.messages import Sent, Template, template
from campaigns.overload.connection import Answer, Streams, Target, answer, connected
from campaigns.overload.hostile import attack, kinds
from campaigns.overload.tally import CUT, Tally

GOOD = "well-behaved"
# Between two claims of one who behaves well, in seconds, at the most.
PAUSE = 6.0


@dataclass(frozen=True, slots=True)
class Provider:
    """One that is registered, and claims of its own."""

    target: Target
    claims: Template


def provider(target: Target, licence: str) -> Provider:
    """`licence`: without the kind before it."""
    return Provider(target, template(Sent.CLAIM, {"PR-1001": licence}))


async def storm(
    providers: Sequence[Provider],
    connections: int,
    hostile: float,
    seconds: float,
    *,
    seed: int,
    pause: float = PAUSE,
) -> Tally:
    """So many connections for so long, that share of them hostile. Who waits at the end still hears."""
    tally, chance, ids = Tally(), random.Random(seed), numbers(seed)
    end = time.monotonic() + seconds
    whose, bad = itertools.cycle(providers), kinds()
    attacks = [
        asyncio.create_task(attack(next(bad), next(whose).target, tally, random.Random(chance.random())))
        for _ in range(round(connections * hostile))
    ]
    good = [
        asyncio.create_task(_behave(next(whose), end, pause, tally, ids, random.Random(chance.random())))
        for _ in range(connections - len(attacks))
    ]
    try:
        await asyncio.gather(*good)
    finally:
        for one in attacks:
            one.cancel()
        await asyncio.gather(*attacks, return_exceptions=True)
    return tally


async def claim_times(one: Provider, count: int, seed: int) -> list[float]:
    """Seconds until the answer of claims that come one by one."""
    ids, times = numbers(seed), []
    async with connected(one.target) as streams:
        for _ in range(count):
            began = time.perf_counter()
            told = await send(one, streams, ids)
            assert told.status == "200", told
            times.append(time.perf_counter() - began)
    return times


async def _behave(
    one: Provider, end: float, pause: float, tally: Tally, ids: Iterator[bytes], chance: random.Random
) -> None:
    """Claims with pauses; who is asked to come again does so, when it was told to."""
    tally.connections[GOOD] += 1
    await asyncio.sleep(chance.random() * pause)
    while time.monotonic() < end:
        try:
            async with connected(one.target) as streams:
                while time.monotonic() < end:
                    began = time.perf_counter()
                    told = await send(one, streams, ids)
                    _note(tally, told, time.perf_counter() - began)
                    await asyncio.sleep((told.again or 0) + chance.random() * pause)
                    if told.closes:
                        break
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            tally.end(GOOD, CUT)


def _note(tally: Tally, told: Answer, seconds: float) -> None:
    turned_away = told.status in ("429", "503")
    # Without the time to come again it is no good answer.
    known = told.status if told.again is not None or not turned_away else f"{told.status} without Retry-After"
    tally.end(GOOD, known)
    (tally.turned_away_seconds if turned_away else tally.served_seconds).append(seconds)


async def send(one: Provider, streams: Streams, ids: Iterator[bytes]) -> Answer:
    """One more claim, and its answer."""
    body = one.claims.numbered(next(ids))
    streams[1].write(one.target.head(len(body)) + body)
    await streams[1].drain()
    return await answer(streams[0])


def numbers(seed: int) -> Iterator[bytes]:
    """Of claims that nobody else sends."""
    # An identifier of a person begins with 1.
    for number in itertools.count(1_000_000_000 + seed * 1_000_000):
        yield b"%010d" % number
