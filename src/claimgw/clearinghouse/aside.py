"""Is a request being worked on, or does it wait for somebody else?

A silent insurer must not fill the bounds of those who work: whoever waits for it steps aside meanwhile.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from typing import Protocol


class Place(Protocol):
    """What a request takes up while it is worked on."""

    def step_aside(self) -> None:
        """Let others have it for a while."""

    def come_back(self) -> None:
        """Take it up again, at once, be there room or not: what is half done is to be finished."""


_place: ContextVar[Place | None] = ContextVar("place", default=None)


def occupy(place: Place) -> Token[Place | None]:
    """All that is done from here on, in this task and those it starts, is done in that place."""
    return _place.set(place)


def vacate(token: Token[Place | None]) -> None:
    _place.reset(token)


@contextmanager
def aside() -> Iterator[None]:
    """For the length of a wait. Does nothing where no place was taken, as in the worker."""
    place = _place.get()
    if place is None:
        yield
        return
    place.step_aside()
    try:
        yield
    finally:
        place.come_back()
