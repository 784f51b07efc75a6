"""How do they behave who mean harm? Each kind again and again, on a connection of its own."""

import asyncio
import random
from collections.abc import Callable, Coroutine, Iterator, Mapping

from campaigns.overload.connection import Streams, Target, answer, connected
from campaigns.overload.tally import CUT, Tally

Attack = Callable[[Target, Streams, random.Random], Coroutine[None, None, None]]

_MEGABYTE = 1024 * 1024
_DRIP_SECONDS = 0.5


async def _slow_head(target: Target, streams: Streams, _: random.Random) -> None:
    await _drip(streams[1], target.head(100))


async def _slow_body(target: Target, streams: Streams, _: random.Random) -> None:
    streams[1].write(target.head(20_000))
    await _drip(streams[1], b" " * 20_000)


async def _huge(target: Target, streams: Streams, chance: random.Random) -> None:
    """Ten megabytes of objects, the most that is taken; or more than that, announced or not."""
    size, announced = chance.choice(((10, True), (10, False), (11, True), (40, False)))
    streams[1].write(target.head(size * _MEGABYTE if announced else None))
    part = b"[" + b'{"a":1},' * (_MEGABYTE // 8 - 1) + b"      ]"
    for _ in range(size):
        if not announced:
            streams[1].write(f"{len(part):x}\r\n".encode())
        streams[1].write(part if announced else part + b"\r\n")
        await streams[1].drain()
    if not announced:
        streams[1].write(b"0\r\n\r\n")


async def _dense(target: Target, streams: Streams, chance: random.Random) -> None:
    """As many numbers as may be, of which each takes thirty times its text; or more than that."""
    body = b'{"a":[' + b"1.5," * chance.choice((680_000, 2_000_000)) + b"1]}"
    streams[1].write(target.head(len(body)) + body)


async def _broken_json(target: Target, streams: Streams, chance: random.Random) -> None:
    body = chance.choice((b'{"resourceType":', b"\x00" * 9_000, b"[" * 60_000, b'{"a":1,' * 9_000))
    streams[1].write(target.head(len(body)) + body)


async def _broken_framing(target: Target, streams: Streams, chance: random.Random) -> None:
    good = target.head(None)
    streams[1].write(
        chance.choice(
            (
                good + b"xyz\r\nnot a chunk\r\n",
                good.replace(b"\r\n\r\n", b"\r\nContent-Length: -5\r\n\r\n"),
                target.head(5, "Content-Length: 7\r\n") + b"{}   ",
                chance.randbytes(5_000),
                b"POST / HTTP/1.1\r\n" + b"X: y\r\n" * 20_000,
            )
        )
    )


async def _half_closed(target: Target, streams: Streams, chance: random.Random) -> None:
    whole = target.head(2_000) + b" " * 2_000
    streams[1].write(whole[: chance.randrange(1, len(whole))])
    streams[1].write_eof()


ATTACKS: Mapping[str, Attack] = {
    "a slow head": _slow_head,
    "a slow body": _slow_body,
    "too large a body": _huge,
    "dense JSON": _dense,
    "broken JSON": _broken_json,
    "broken framing": _broken_framing,
    "half closed": _half_closed,
}


async def _drip(writer: asyncio.StreamWriter, content: bytes) -> None:
    for start in range(len(content)):
        writer.write(content[start : start + 1])
        await writer.drain()
        await asyncio.sleep(_DRIP_SECONDS)


async def attack(kind: str, target: Target, tally: Tally, chance: random.Random) -> None:
    """One after the other, until cancelled."""
    tally.connections[kind] += 1
    while True:
        tally.end(kind, await _once(ATTACKS[kind], target, chance))
        await asyncio.sleep(chance.random())


async def _once(act: Attack, target: Target, chance: random.Random) -> str:
    """How it ended. What is sent and what is read do not wait for each other."""
    try:
        async with connected(target) as streams:
            acting = asyncio.create_task(act(target, streams, chance))
            try:
                return (await answer(streams[0])).status
            finally:
                acting.cancel()
                await asyncio.gather(acting, return_exceptions=True)
    except (OSError, asyncio.IncompleteReadError):
        return CUT


def kinds() -> Iterator[str]:
    """One after the other, without end."""
    while True:
        yield from ATTACKS
