"""Does it matter to one provider that another sends all it can? Claims with the flood, and without."""

import asyncio
import multiprocessing
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection

from campaigns.overload.connection import connected
from campaigns.overload.storm import Provider, numbers, send
from campaigns.overload.tally import quantile

# More than one licence may have inside at once.
_FLOODING = 96
_WARM = 20
_CALM_SECONDS = 1.0

_spawning = multiprocessing.get_context("spawn")


@dataclass(slots=True)
class Flood:
    """Seconds until the answers to the one that sends little, by round, and what the other was told."""

    pause: float = 0.0
    alone: list[list[float]] = field(default_factory=list)
    beside: list[list[float]] = field(default_factory=list)
    told: Counter[str] = field(default_factory=Counter)

    @property
    def slower(self) -> float:
        """By which share the p99 is longer beside the flood: the median of the rounds."""
        rounds = zip(self.alone, self.beside, strict=True)
        shares = [quantile(two, 0.99) / quantile(one, 0.99) for one, two in rounds]
        return statistics.median(shares or [1.0]) - 1


async def flood(quiet: Provider, flooding: Provider, rounds: int, seconds: float, seed: int) -> Flood:
    """By itself, and beside a flood, by turns: what else the machine does falls on both. `seconds` each.

    The flood comes from another process: one that waits for the same processor would wait for its own sender.
    """
    seen, ids = Flood(), numbers(seed)
    # Half of what it could send: as long as an answer takes, it pauses.
    seen.pause = statistics.median((await _little(quiet, ids, 0.0, count=_WARM))[_WARM // 2 :])
    count = max(_WARM, int(seconds / (2 * seen.pause)))
    for number in range(rounds):
        ours, theirs = _spawning.Pipe()
        sender = _spawning.Process(target=_send_all, args=(flooding, seed + 1 + number, theirs), daemon=True)
        sender.start()
        await asyncio.to_thread(ours.recv)
        seen.beside.append(await _little(quiet, ids, seen.pause, count))
        ours.send("enough")
        seen.told += await asyncio.to_thread(ours.recv)
        await asyncio.to_thread(sender.join)
        await asyncio.sleep(_CALM_SECONDS)
        seen.alone.append(await _little(quiet, ids, seen.pause, count))
    return seen


def _send_all(one: Provider, seed: int, line: Connection) -> None:
    """In a process of its own: say that it floods, flood until told to end, and say what came back."""
    told = asyncio.run(_flooded(one, seed, line))
    line.send(told)


async def _flooded(one: Provider, seed: int, line: Connection) -> Counter[str]:
    told, ids = Counter[str](), numbers(seed)
    senders = [asyncio.create_task(_all_it_can(one, told, ids)) for _ in range(_FLOODING)]
    await asyncio.sleep(_CALM_SECONDS)
    line.send("it floods")
    await asyncio.to_thread(line.recv)
    for sender in senders:
        sender.cancel()
    await asyncio.gather(*senders, return_exceptions=True)
    return told


async def _little(one: Provider, ids: Iterator[bytes], pause: float, count: int) -> list[float]:
    """So many claims, each a pause after the answer to the one before."""
    times = list[float]()
    async with connected(one.target) as streams:
        while len(times) < count:
            began = time.perf_counter()
            told = await send(one, streams, ids)
            if told.status == "429":
                await asyncio.sleep(told.again or 0)
                continue
            assert told.status == "200", told
            times.append(time.perf_counter() - began)
            await asyncio.sleep(pause)
    return times


async def _all_it_can(one: Provider, told: Counter[str], ids: Iterator[bytes]) -> None:
    """Without a pause, whatever it is told, until cancelled."""
    async with connected(one.target) as streams:
        while True:
            told[(await send(one, streams, ids)).status] += 1
