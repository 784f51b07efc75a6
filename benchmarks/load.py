"""Who sends the claims of a benchmark, and how long does each wait? A process of its own that costs little.

Reads what it is to do as JSON from its only argument, and writes what it measured as JSON.
"""

import asyncio
import json
import random
import statistics
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import cast
from urllib.parse import urlsplit

import uvloop

from benchmarks.messages import ANSWERED, Sent, Template, numbers, template
from benchmarks.wire import Whole

_EXCERPT = 500


@dataclass(frozen=True, slots=True)
class Order:
    """What to send. `rate`: claims per second, at random moments; 0: as fast as each connection is answered.

    `first`: the count of the first claim; no two orders to one database may meet. `replaced`: what stands in
    the example, and what is sent in its place. `proof`: what stands before the number in a right answer.
    `most`: messages in all; 0: only time ends it.
    """

    urls: list[str]
    key: str
    connections: int
    seconds: float
    first: int
    rate: float = 0
    message: Sent = Sent.CLAIM
    replaced: dict[str, str] = field(default_factory=dict)
    proof: str = ANSWERED
    most: int = 0


@dataclass(frozen=True, slots=True)
class Measured:
    """What came of it. Times in milliseconds. `wrong`: how many answers had no proof; `such`: one of them."""

    claims: int
    wrong: int
    such: str
    seconds: float
    p50: float
    p99: float
    longest: float


class Sender:
    """All connections together: what they send next, and what they have seen."""

    def __init__(self, order: Order, template: Template) -> None:
        self._order = order
        self._template = template
        self._numbers: Iterator[bytes] = numbers(order.first)
        self._idle: deque[Connection] = deque()
        self._due: deque[float] = deque()
        self._random = random.Random(1)
        self.taken: list[float] = []
        self.wrong = 0
        self.such = ""
        self.open = True
        self.ended = asyncio.Event()
        self._under_way = 0
        self._sent = 0

    def next_claim(self) -> tuple[bytes, bytes]:
        number = next(self._numbers)
        return number, self._template.numbered(number)

    def free(self, connection: "Connection") -> None:
        """That connection may send: at once, or when something is due."""
        if not self.open or (self._order.most and self._sent >= self._order.most):
            self._end_if_idle()
        elif not self._order.rate:
            self._send(connection, time.perf_counter())
        elif self._due:
            self._send(connection, self._due.popleft())
        else:
            self._idle.append(connection)

    def answered(self, connection: "Connection", since: float, answer: str, *, right: bool) -> None:
        self._under_way -= 1
        self.taken.append(1000 * (time.perf_counter() - since))
        if not right:
            self.wrong += 1
            self.such = answer
        self.free(connection)

    async def at_random(self) -> None:
        """Let a claim be due again and again, whether or not the ones before have been answered."""
        due = time.perf_counter()
        while self.open:
            due += self._random.expovariate(self._order.rate)
            await asyncio.sleep(due - time.perf_counter())
            now = time.perf_counter()
            if self._idle:
                self._send(self._idle.popleft(), now)
            else:
                self._due.append(now)

    def close(self) -> None:
        self.open = False
        self._end_if_idle()

    def _send(self, connection: "Connection", since: float) -> None:
        self._under_way += 1
        self._sent += 1
        connection.send(*self.next_claim(), since)

    def _end_if_idle(self) -> None:
        if not self._under_way:
            self.ended.set()


class Connection(asyncio.Protocol):
    """One connection that is kept open."""

    def __init__(self, sender: Sender, url: str, order: Order) -> None:
        self._sender = sender
        self._proof = order.proof.encode()
        self._whole = Whole()
        self._since = 0.0
        self._number = b""
        target = urlsplit(url)
        self._head = (
            f"POST {target.path} HTTP/1.1\r\nHost: {target.netloc}\r\nAuthorization: Bearer {order.key}\r\n"
            "Content-Type: application/fhir+json\r\nAccept: application/fhir+json\r\nContent-Length: "
        ).encode()

    # asyncio declares the base of all transports here; uvloop's writes, and is no subclass of asyncio's.
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def send(self, number: bytes, claim: bytes, since: float) -> None:
        self._number, self._since = number, since
        self._transport.write(b"%b%d\r\n\r\n%b" % (self._head, len(claim), claim))

    def data_received(self, data: bytes) -> None:
        if (message := self._whole.add(data)) is None:
            return
        head, body = message
        # The answer to this message, of a claim the insurer's, and no other.
        right = head.startswith(b"HTTP/1.1 200") and self._proof + self._number in body
        told = "" if right else f"{head[:40]!r} … {body[-_EXCERPT:]!r}"
        self._sender.answered(self, self._since, told, right=right)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._sender.ended.is_set():
            sys.exit("the server closed a connection in the middle of the run")


async def sent(order: Order) -> Measured:
    """Carry the order out."""
    loop, sender = asyncio.get_running_loop(), Sender(order, template(Sent(order.message), order.replaced))
    connections = []
    for count in range(order.connections):
        url = order.urls[count % len(order.urls)]
        host, port = urlsplit(url).netloc.split(":")
        _, connection = await loop.create_connection(partial(Connection, sender, url, order), host, int(port))
        connections.append(connection)
    began = time.perf_counter()
    for connection in connections:
        sender.free(connection)
    pace = asyncio.create_task(sender.at_random()) if order.rate else None
    with suppress(TimeoutError):
        await asyncio.wait_for(sender.ended.wait(), order.seconds)
    sender.close()
    await sender.ended.wait()
    if pace is not None:
        await pace
    taken = sorted(sender.taken)
    return Measured(
        claims=len(taken),
        wrong=sender.wrong,
        such=sender.such,
        seconds=time.perf_counter() - began,
        p50=statistics.median(taken),
        p99=taken[len(taken) * 99 // 100],
        longest=taken[-1],
    )


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(uvloop.run(sent(Order(**json.loads(sys.argv[1])))))))
