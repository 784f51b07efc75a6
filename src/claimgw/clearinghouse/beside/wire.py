"""How do two processes of one house ask each other? Calls and answers over a pair of sockets, both ways."""

import asyncio
import io
import pickle
import struct
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import Context, ContextVar, copy_context
from multiprocessing.reduction import ForkingPickler
from typing import Any

import structlog

from claimgw.errors import ClaimgwError, Conflict, StoreUnavailable

_log = structlog.get_logger(__name__)

# Of a frame: its length without the texts that follow it by themselves, and how many these are.
_HEAD = struct.Struct(">QQ")
_LENGTH = struct.Struct(">Q")
_SLICE = 256 * 1024
# A text longer than that goes by itself: pickled, it would be in memory twice.
_LONG = 64 * 1024
_TOLD: Mapping[str, type[ClaimgwError]] = {"StoreUnavailable": StoreUnavailable, "Conflict": Conflict}

Handler = Callable[..., Awaitable[Any]]

# For which call of the other side is this done?
_on_behalf: ContextVar[int | None] = ContextVar("on_behalf", default=None)


class Failed(Exception):
    """The other process failed on a call; the name of the exception, for its text may quote a message."""


class Wire:
    """One end. What the other side calls is looked up in `handlers`.

    A call that the other side makes while it serves one of ours runs in the context of ours: it is a part of
    the same request.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        handlers: Mapping[str, Handler],
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._handlers = handlers
        self._number = 0
        self._open: dict[int, tuple[asyncio.Future[Any], Context]] = {}
        self._serving: set[asyncio.Task[None]] = set()
        self._sending = asyncio.Lock()
        self._idle = asyncio.Event()
        self._idle.set()
        self.ended = False

    async def idle(self) -> None:
        """Return when nothing is asked that is not answered."""
        await self._idle.wait()

    async def call(self, name: str, *args: Any) -> Any:
        """What the other side answers. Raises StoreUnavailable if it is gone: nothing was acknowledged."""
        if self.ended:
            raise _gone()
        self._number += 1
        number, answer = self._number, asyncio.get_running_loop().create_future()
        self._open[number] = answer, copy_context()
        self._idle.clear()
        try:
            await self._send("call", number, _on_behalf.get(), name, args)
            return await answer
        except ConnectionError as fault:
            raise _gone() from fault
        finally:
            del self._open[number]
            if not self._open:
                self._idle.set()

    async def run(self) -> None:
        """Serve until the other side is gone, or until `close`."""
        try:
            while True:
                self._take(*await self._receive())
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.ended = True
            for answer, _ in self._open.values():
                if not answer.done():
                    answer.set_exception(_gone())

    async def close(self) -> None:
        """Let go of the line; what the other side still wanted is given up."""
        self._writer.close()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, self._writer.wait_closed(), return_exceptions=True)

    def _take(self, kind: str, number: int, *rest: Any) -> None:
        if kind == "call":
            behalf, name, args = rest
            _, context = self._open.get(behalf, (None, None))
            task = asyncio.create_task(self._serve(number, name, args), context=context)
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)
            return
        answer, _ = self._open.get(number, (None, None))
        if answer is None or answer.done():
            return
        if kind == "done":
            answer.set_result(rest[0])
        else:
            name, text = rest
            answer.set_exception(_TOLD[name](text) if name in _TOLD else Failed(name))

    async def _serve(self, number: int, name: str, args: tuple[Any, ...]) -> None:
        _on_behalf.set(number)
        try:
            told: tuple[Any, ...] = "done", number, await self._handlers[name](*args)
        except ClaimgwError as fault:
            told = "failed", number, type(fault).__name__, str(fault)
        except Exception as fault:
            _log.error("a call failed", action="beside", call=name, fault=type(fault).__name__)
            told = "failed", number, type(fault).__name__, ""
        try:
            await self._send(*told)
        except ConnectionError:
            self.ended = True

    async def _send(self, *frame: Any) -> None:
        written = io.BytesIO()
        pickler = _Pickler(written)
        pickler.dump(frame)
        body = written.getvalue()
        async with self._sending:
            self._writer.write(_HEAD.pack(len(body), len(pickler.texts)))
            await self._write(body)
            for text in pickler.texts:
                self._writer.write(_LENGTH.pack(len(text)))
                await self._write(text)

    async def _write(self, content: bytes) -> None:
        # Whole, a large one would be copied once more while nobody else gets a turn.
        for start in range(0, len(content), _SLICE):
            self._writer.write(content[start : start + _SLICE])
            await self._writer.drain()

    async def _receive(self) -> tuple[Any, ...]:
        length, count = _HEAD.unpack(await self._reader.readexactly(_HEAD.size))
        body = await self._read(length)
        texts = [
            await self._read(_LENGTH.unpack(await self._reader.readexactly(_LENGTH.size))[0])
            for _ in range(count)
        ]
        frame: tuple[Any, ...] = _Unpickler(io.BytesIO(body), texts).load()
        return frame

    async def _read(self, length: int) -> bytes:
        # Whole, a large one would be held twice by the reader while it comes.
        parts = [
            await self._reader.readexactly(min(_SLICE, length - start)) for start in range(0, length, _SLICE)
        ]
        return b"".join(parts)


class _Pickler(ForkingPickler):
    """Leaves out long texts; they are in `texts`."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file)
        self.texts: list[bytes] = []

    def persistent_id(self, value: Any) -> int | None:
        if type(value) is not bytes or len(value) <= _LONG:
            return None
        self.texts.append(value)
        return len(self.texts) - 1


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, texts: Sequence[bytes]) -> None:
        super().__init__(file)
        self._texts = texts

    def persistent_load(self, number: int) -> bytes:
        return self._texts[number]


def _gone() -> StoreUnavailable:
    return StoreUnavailable("the process beside this one has ended; send the same message again")
