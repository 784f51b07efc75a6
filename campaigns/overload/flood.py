"""Does it matter to one provider that another sends all it can? Claims with the flood, and without."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field

from campaigns.overload.connection import connected
from campaigns.overload.storm import Provider, numbers, send

_FLOODING = 32
_PAUSE_SECONDS = 0.05


@dataclass(slots=True)
class Flood:
    """Seconds until the answers to the one that sends little, and what the other was told."""

    alone: list[float] = field(default_factory=list)
    beside: list[float] = field(default_factory=list)
    told: Counter[str] = field(default_factory=Counter)


async def flood(quiet: Provider, flooding: Provider, seconds: float, seed: int) -> Flood:
    """In turn, three times each: other work of the machine falls on both."""
    seen = Flood()
    for turn in range(3):
        seen.alone += await _little(quiet, seconds, seed + turn)
        senders = [
            asyncio.create_task(_all_it_can(flooding, seen, seed + 10 + turn * _FLOODING + number))
            for number in range(_FLOODING)
        ]
        # The burst that everybody may send once is over.
        await asyncio.sleep(seconds / 2)
        seen.beside += await _little(quiet, seconds, seed + 5 + turn)
        for sender in senders:
            sender.cancel()
        await asyncio.gather(*senders, return_exceptions=True)
    return seen


async def _little(one: Provider, seconds: float, seed: int) -> list[float]:
    """Twenty claims a second at the most, each after the answer to the one before."""
    end, ids, times = time.monotonic() + seconds, numbers(seed), list[float]()
    async with connected(one.target) as streams:
        while time.monotonic() < end:
            began = time.perf_counter()
            told = await send(one, streams, ids)
            assert told.status == "200", told
            times.append(time.perf_counter() - began)
            await asyncio.sleep(_PAUSE_SECONDS)
    return times


async def _all_it_can(one: Provider, seen: Flood, seed: int) -> None:
    """Without a pause, whatever it is told, until cancelled."""
    ids = numbers(seed)
    async with connected(one.target) as streams:
        while True:
            seen.told[(await send(one, streams, ids)).status] += 1
