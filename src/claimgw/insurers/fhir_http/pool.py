"""Which connection takes the next request? One that is kept, a new one, or the first to become free."""

import asyncio
import socket
import ssl
from collections import deque
from contextlib import suppress

from aiohappyeyeballs import start_connection

from claimgw.insurers.fhir_http.attempt import Attempt
from claimgw.insurers.fhir_http.wire import Wire

# Below the five seconds after which common servers close an idle connection: a request written into
# a connection that the peer is just closing ends as *unknown*, so such reuse must be rare.
KEEPALIVE_SECONDS = 4.0
# How long the first address of a name is tried before the next one is tried beside it (RFC 8305 §5).
_NEXT_ADDRESS_SECONDS = 0.25


class PoolClosed(Exception):
    """The gateway lets go of the insurer."""


class Pool:
    """At most so many connections to one host and port; each is used again for a few seconds."""

    def __init__(self, host: str, port: int, tls: ssl.SSLContext | None, most: int) -> None:
        self._host, self._port, self._tls, self._most = host, port, tls, most
        self._places = most
        self._wires: set[Wire] = set()
        # The last that became free is the first to be used again; with the loop's time when it did.
        self._free: deque[tuple[float, Wire]] = deque()
        # Who waits for a connection, or for the place of one (None).
        self._waiting: deque[asyncio.Future[Wire | None]] = deque()
        self._sweeping: asyncio.TimerHandle | None = None
        self._closed = False

    async def take(self, attempt: Attempt) -> Wire:
        """A connection for one exchange, to be given back after it. Raises why there is none."""
        wire = self._kept()
        if wire is None:
            if self._places:
                self._places -= 1
            else:
                wire = await self._turn()
            if wire is None or wire.lost:
                self._forget(wire)
                wire = await self._connected(attempt)
        attempt.connected(wire)
        return wire

    def give_back(self, wire: Wire) -> None:
        """The exchange is over, or given up: then the connection is dropped at once."""
        if not wire.rest() or self._closed:
            wire.abort()
            self._forget(wire)
            self._vacate()
        elif (waiting := self._first()) is not None:
            waiting.set_result(wire)
        else:
            now = asyncio.get_running_loop().time()
            self._free.append((now, wire))
            if self._sweeping is None:
                self._sweep_at(now + KEEPALIVE_SECONDS)

    async def close(self) -> None:
        """Drop all connections, also those in use."""
        self._closed = True
        if self._sweeping is not None:
            self._sweeping.cancel()
        while (waiting := self._first()) is not None:
            waiting.set_exception(PoolClosed())
        for wire in self._wires:
            wire.abort()
        if self._wires:
            await asyncio.wait([wire.gone for wire in self._wires])

    def _kept(self) -> Wire | None:
        oldest = asyncio.get_running_loop().time() - KEEPALIVE_SECONDS if self._free else 0.0
        while self._free:
            since, wire = self._free.pop()
            if since >= oldest and not wire.lost:
                return wire
            self._drop(wire)
        return None

    def _drop(self, wire: Wire) -> None:
        wire.abort()
        self._forget(wire)
        self._places += 1

    def _forget(self, wire: Wire | None) -> None:
        if wire is not None:
            self._wires.discard(wire)

    def _sweep_at(self, when: float) -> None:
        self._sweeping = asyncio.get_running_loop().call_at(when, self._sweep)

    def _sweep(self) -> None:
        """Close what nobody has used for long; otherwise it would stay open until the next request."""
        self._sweeping = None
        oldest = asyncio.get_running_loop().time() - KEEPALIVE_SECONDS
        while self._free and self._free[0][0] <= oldest:
            self._drop(self._free.popleft()[1])
        if self._free:
            self._sweep_at(self._free[0][0] + KEEPALIVE_SECONDS)

    async def _turn(self) -> Wire | None:
        turn: asyncio.Future[Wire | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self._hand_on(turn.result())
            else:
                with suppress(ValueError):
                    self._waiting.remove(turn)
            raise

    def _hand_on(self, wire: Wire | None) -> None:
        """What somebody was given who is no longer there."""
        if wire is None:
            self._vacate()
        else:
            self.give_back(wire)

    def _vacate(self) -> None:
        waiting = self._first()
        if waiting is None:
            self._places += 1
        else:
            waiting.set_result(None)

    def _first(self) -> asyncio.Future[Wire | None] | None:
        """Whoever has waited longest, and still does."""
        while self._waiting:
            waiting = self._waiting.popleft()
            if not waiting.done():
                return waiting
        return None

    async def _connected(self, attempt: Attempt) -> Wire:
        """A new connection in a place that has been taken."""
        try:
            attempt.connecting()
            wire = await self._connect()
        except BaseException:
            self._vacate()
            raise
        self._wires.add(wire)
        if self._closed:
            wire.abort()
            raise PoolClosed
        return wire

    async def _connect(self) -> Wire:
        loop = asyncio.get_running_loop()
        addresses = await loop.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
        connected = await start_connection(addresses, happy_eyeballs_delay=_NEXT_ADDRESS_SECONDS)
        try:
            _, wire = await loop.create_connection(
                Wire,
                sock=connected,
                ssl=self._tls,
                server_hostname=self._host.rstrip(".") if self._tls else None,
            )
        except BaseException:
            connected.close()
            raise
        return wire
