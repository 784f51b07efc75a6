"""Who is told of a statement before it is made? Nobody, unless somebody listens."""

from collections.abc import Callable, Sequence
from typing import Any

# For those who count statements, explain them, or end a process between two of them. Those that go through
# SQLAlchemy it tells of itself. Called with the text and its parameters.
listeners: list[Callable[[str, Sequence[Any]], None]] = []


def tell(text: str, parameters: Sequence[Any] = ()) -> None:
    """A statement is to be made now, in the context of whoever asked for it."""
    for listener in listeners:
        listener(text, parameters)
