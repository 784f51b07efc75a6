"""How does a process of the gateway die exactly there? It is the ordinary command, its functions wrapped.

Nothing in the gateway knows of it: before the command runs, each function that a point names is replaced by
one that kills the process (SIGKILL, by itself) if the board says that its turn has come.
"""

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial, wraps
from importlib import import_module
from inspect import isasyncgenfunction, iscoroutinefunction
from pathlib import Path
from typing import Any, assert_never

from campaigns.chaos.board import Board
from campaigns.chaos.points import POINTS, Moment, Point, Role
from tests.processes import prepared

_FLUSH_SECONDS = 0.005
_within: ContextVar[frozenset[str]] = ContextVar("within", default=frozenset())


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _die_soon(board: Board) -> None:
    """At some moment of what follows, whatever that is: from a thread, which waits for nobody."""

    def later() -> None:
        time.sleep(board.seconds)
        _die()

    threading.Thread(target=later, daemon=True).start()


def run(command: Sequence[str], environment: Mapping[str, str], log: Path, cells: Any) -> None:
    """As a process is run that nothing happens to, but with that board. `cells` are those of its board."""
    role = Role(command[0])
    both = environment["CLAIMGW_DATABASE"].startswith("sqlite")
    board = Board(cells)
    _mark({point.within for point in POINTS if isinstance(point, Point) and point.within})
    for number, point in enumerate(POINTS):
        if isinstance(point, Point) and (both or point.role is role):
            _replace(point.function, partial(_mortal, board, number, point))
    prepared.run(command, environment, log)


def _mark(functions: set[str]) -> None:
    """Let it be known within which of these functions something is called."""
    for name in functions:
        _replace(name, partial(_marked, name))


def _replace(name: str, make: Callable[[Any], Any]) -> None:
    module, _, path = name.partition(":")
    place: Any = import_module(module)
    *outer, last = path.split(".")
    for one in outer:
        place = getattr(place, one)
    setattr(place, last, make(getattr(place, last)))


def _marked(name: str, inner: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(inner)
    async def called(*given: Any, **named: Any) -> Any:
        with _inside(name):
            return await inner(*given, **named)

    return called


@contextmanager
def _inside(name: str) -> Iterator[None]:
    token = _within.set(_within.get() | {name})
    try:
        yield
    finally:
        _within.reset(token)


def _mortal(board: Board, number: int, point: Point, inner: Callable[..., Any]) -> Callable[..., Any]:
    def strikes(*given: Any) -> bool:
        if point.within and point.within not in _within.get():
            return False
        return (not point.full or all(map(_holds, given))) and board.strikes(number)

    if isasyncgenfunction(inner):
        return _half_written(strikes, inner)
    if point.moment is Moment.HALF:
        return _half_sent(strikes, inner)
    if iscoroutinefunction(inner):
        return _awaited(board, strikes, point, inner)
    return _called(strikes, point, inner)


def _holds(one: Any) -> bool:
    return bool(getattr(one, "message_ids", True)) and not (isinstance(one, list | tuple) and not one)


def _awaited(
    board: Board, strikes: Callable[..., bool], point: Point, inner: Callable[..., Any]
) -> Callable[..., Any]:
    @wraps(inner)
    async def called(*given: Any, **named: Any) -> Any:
        match point.moment:
            case Moment.BEFORE:
                if strikes(*given):
                    await asyncio.sleep(_FLUSH_SECONDS if point.flushed else 0)
                    _die()
                return await inner(*given, **named)
            case Moment.DURING:
                if strikes(*given):
                    _die_soon(board)
                return await inner(*given, **named)
            case Moment.AFTER:
                result = await inner(*given, **named)
                if strikes(*given):
                    _die()
                return result
            case Moment.HALF:
                raise AssertionError("only what writes has a half")
        assert_never(point.moment)

    return called


def _called(strikes: Callable[..., bool], point: Point, inner: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(inner)
    def called(*given: Any, **named: Any) -> Any:
        if point.moment is Moment.BEFORE and strikes():
            _die()
        result = inner(*given, **named)
        if point.moment is Moment.AFTER and strikes():
            if not point.flushed:
                _die()
            asyncio.get_running_loop().call_later(_FLUSH_SECONDS, _die)
        return result

    return called


def _half_written(strikes: Callable[..., bool], inner: Callable[..., Any]) -> Callable[..., Any]:
    """Of a request to an insurer."""

    @wraps(inner)
    async def pieces(message: bytes) -> Any:
        if strikes():
            yield message[: len(message) // 2]
            await asyncio.sleep(_FLUSH_SECONDS)
            _die()
        async for piece in inner(message):
            yield piece

    return pieces


def _half_sent(strikes: Callable[..., bool], inner: Callable[..., Any]) -> Callable[..., Any]:
    """Of an answer to a provider."""

    @wraps(inner)
    async def send(cycle: Any, message: Any) -> None:
        body = message.get("body", b"")
        if body and strikes():
            await inner(cycle, {**message, "body": body[: len(body) // 2], "more_body": True})
            await asyncio.sleep(_FLUSH_SECONDS)
            _die()
        await inner(cycle, message)

    return send
