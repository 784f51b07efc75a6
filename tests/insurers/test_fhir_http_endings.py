"""Are *not sent*, *unknown* and *answered* told apart, wherever the insurer closes the connection?"""

import asyncio
import os
import random
import secrets
from typing import cast

import pytest

from claimgw.clock import ManualClock
from claimgw.insurers.spi import Answered, NotSent, NotSentFault, Reply, Unanswered, UnansweredFault
from tests.insurers.peers import (
    LOOPS,
    Goodbye,
    Talk,
    answer,
    chunked,
    insurer,
    peer,
    run_on,
    unused_port,
)

MESSAGE = b'{"resourceType":"Bundle","id":"%b"}' % (b"x" * 40_000)
BODY = b'{"resourceType":"Bundle","id":"' + b"y" * 500 + b'"}'
ANSWERS = {"length": answer(BODY), "chunks": chunked(BODY)}
SECONDS = 5.0


async def _request_length(clock: ManualClock) -> int:
    """Bytes of the request that carries MESSAGE, head and body."""

    async def script(talk: Talk) -> None:
        await talk.request()
        await talk.send(answer(b""))

    async with peer(script) as there, insurer(there.address, clock) as adapter:
        await adapter.deliver(MESSAGE, seconds=SECONDS)
        return len(there.received)


async def _cut(clock: ManualClock, read: int, write: bytes, goodbye: Goodbye) -> Reply:
    """What the adapter says of a peer that reads so many bytes, writes those and leaves."""

    async def script(talk: Talk) -> None:
        await talk.read(read)
        await talk.send(write)
        await talk.leave(goodbye)

    async with peer(script) as there, insurer(there.address, clock) as adapter:
        return await adapter.deliver(MESSAGE, seconds=SECONDS)


def _boundaries(length: int, whole: bytes) -> dict[str, tuple[int, int]]:
    """Each boundary: how much of the request is read, and how many bytes of the answer are written."""
    head = whole.index(b"\r\n\r\n") + 4
    return {
        "before the request": (0, 0),
        "inside the request head": (20, 0),
        "after the request head": (length - len(MESSAGE), 0),
        "inside the request body": (length - 1000, 0),
        "after the request": (length, 0),
        "inside the status line": (length, 5),
        "after the status line": (length, whole.index(b"\r\n") + 2),
        "inside the answer head": (length, head - 9),
        "after the answer head": (length, head),
        "inside the answer body": (length, head + 100),
        "before the last byte": (length, len(whole) - 1),
    }


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("goodbye", Goodbye)
@pytest.mark.parametrize("framing", ANSWERS)
def test_a_connection_closed_at_any_boundary_before_the_end_leaves_the_arrival_unknown(
    loop: str, clock: ManualClock, goodbye: Goodbye, framing: str
) -> None:
    whole = ANSWERS[framing]

    async def at_every_boundary() -> dict[str, Reply]:
        places = _boundaries(await _request_length(clock), whole)
        return {
            place: await _cut(clock, read, whole[:written], goodbye)
            for place, (read, written) in places.items()
        }

    endings = run_on(loop, at_every_boundary())
    wrong = {
        place: reply
        for place, reply in endings.items()
        if not isinstance(reply, Unanswered) or reply.fault is UnansweredFault.SILENT
    }
    assert wrong == {}


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("goodbye", Goodbye)
@pytest.mark.parametrize("framing", ANSWERS)
def test_a_connection_closed_after_the_whole_answer_is_answered(
    loop: str, clock: ManualClock, goodbye: Goodbye, framing: str
) -> None:
    async def after_all() -> Reply:
        return await _cut(clock, await _request_length(clock), ANSWERS[framing], goodbye)

    reply = run_on(loop, after_all())
    assert isinstance(reply, Answered), reply
    assert (reply.status, reply.body) == (200, BODY)


@pytest.mark.parametrize("loop", LOOPS)
def test_a_connection_closed_at_a_hundred_random_bytes_is_told_apart_every_time(
    loop: str, clock: ManualClock
) -> None:
    seed = secrets.randbits(32)
    chance = random.Random(seed)

    async def at_random_bytes() -> list[tuple[object, ...]]:
        length = await _request_length(clock)
        wrong: list[tuple[object, ...]] = []
        for _ in range(100):
            framing, goodbye = chance.choice(list(ANSWERS)), chance.choice(list(Goodbye))
            whole = ANSWERS[framing]
            # Half of the places lie in the request, which is much longer than the answer.
            place = chance.choice([chance.randrange(length), length + chance.randint(0, len(whole))])
            written = max(0, place - length)
            reply = await _cut(clock, min(place, length), whole[:written], goodbye)
            expected = Answered if written == len(whole) else Unanswered
            if not isinstance(reply, expected):
                wrong.append((framing, goodbye, place, reply))
        return wrong

    assert run_on(loop, at_random_bytes()) == [], f"seed {seed}"


@pytest.mark.parametrize("loop", LOOPS)
def test_an_insurer_that_does_not_listen_was_sent_nothing(loop: str, clock: ManualClock) -> None:
    async def refused() -> Reply:
        address = f"http://127.0.0.1:{unused_port()}/$process-message"
        async with insurer(address, clock) as adapter:
            return await adapter.deliver(MESSAGE, seconds=SECONDS)

    assert run_on(loop, refused()) == NotSent(NotSentFault.REFUSED, "connecting: ECONNREFUSED")


@pytest.mark.parametrize("goodbye", [Goodbye.CLOSE, Goodbye.RESET])
async def test_an_answer_that_ends_with_the_connection_is_whole_only_if_it_was_closed_in_order(
    clock: ManualClock, goodbye: Goodbye
) -> None:
    async def script(talk: Talk) -> None:
        await talk.request()
        await talk.send(b"HTTP/1.1 200 OK\r\n\r\n" + BODY)
        await talk.leave(goodbye)

    async with peer(script) as there, insurer(there.address, clock) as adapter:
        reply = await adapter.deliver(MESSAGE, seconds=SECONDS)
    if goodbye is Goodbye.RESET:
        assert isinstance(reply, Unanswered)
    else:
        assert reply == Answered(200, BODY)


@pytest.mark.parametrize(
    "junk",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x15\x03\x01\x00\x02\x02\x46" * 20,
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
    ],
)
async def test_what_is_not_a_whole_http_answer_leaves_the_arrival_unknown(
    clock: ManualClock, junk: bytes
) -> None:
    async def script(talk: Talk) -> None:
        await talk.request()
        await talk.send(junk)

    async with peer(script) as there, insurer(there.address, clock) as adapter:
        reply = await adapter.deliver(MESSAGE, seconds=SECONDS)
    assert isinstance(reply, Unanswered)


def _open_files() -> int:
    return len(os.listdir("/dev/fd"))


async def test_a_silent_insurer_is_given_up_at_the_deadline(clock: ManualClock) -> None:
    async def script(talk: Talk) -> None:
        await talk.request()
        await talk.gone()

    async with peer(script) as there, insurer(there.address, clock) as adapter:
        reply = await adapter.deliver(MESSAGE, seconds=0.2)
    assert reply == Unanswered(UnansweredFault.SILENT, "before the answer: TimeoutError")


async def test_an_insurer_that_trickles_its_answer_does_not_hold_the_deadline_open(
    clock: ManualClock,
) -> None:
    async def script(talk: Talk) -> None:
        await talk.request()
        for byte in answer(BODY):
            await talk.send(bytes([byte]))
            await asyncio.sleep(0.02)

    loop = asyncio.get_running_loop()
    async with peer(script) as there, insurer(there.address, clock) as adapter:
        started = loop.time()
        reply = await adapter.deliver(MESSAGE, seconds=0.5)
        took = loop.time() - started
    assert isinstance(reply, Unanswered)
    assert reply.fault is UnansweredFault.SILENT
    assert 0.5 <= took < 1.0


async def test_an_insurer_that_reads_nothing_holds_open_neither_the_deadline_nor_the_connection(
    clock: ManualClock,
) -> None:
    async def script(talk: Talk) -> None:
        cast(asyncio.Transport, talk.writer.transport).pause_reading()
        await asyncio.Event().wait()

    async with peer(script) as there, insurer(there.address, clock) as adapter:
        before = _open_files()
        reply = await adapter.deliver(b"x" * 20_000_000, seconds=0.3)
        for _ in range(5):
            await asyncio.sleep(0)  # an aborted connection is closed in a later turn of the loop
        after = _open_files()
    assert isinstance(reply, Unanswered)
    assert reply.fault is UnansweredFault.SILENT
    assert after == before + 1  # the peer's own end


async def test_nothing_of_the_answer_gets_into_the_detail(clock: ManualClock) -> None:
    secret = b"1023456789"

    async def script(talk: Talk) -> None:
        await talk.request()
        await talk.send(b"HTTP/1.1 200 OK\r\nX-Patient: " + secret + b"\r\n" + secret)

    async with peer(script) as there, insurer(there.address, clock) as adapter:
        reply = await adapter.deliver(MESSAGE, seconds=SECONDS)
    assert isinstance(reply, Unanswered)
    assert secret.decode() not in reply.detail


async def test_the_cancellation_of_a_delivery_gets_through(clock: ManualClock) -> None:
    arrived = asyncio.Event()

    async def script(talk: Talk) -> None:
        await talk.request()
        arrived.set()
        await talk.gone()

    async with peer(script) as there, insurer(there.address, clock) as adapter:
        delivery = asyncio.create_task(adapter.deliver(MESSAGE, seconds=SECONDS))
        await arrived.wait()
        delivery.cancel()
        with pytest.raises(asyncio.CancelledError):
            await delivery
