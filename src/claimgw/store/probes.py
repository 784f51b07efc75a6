"""Who is told that the database is about to be asked, or to commit? Nobody, unless somebody listens."""

from collections.abc import Callable

# For those who count statements, or end a process between two of them.
listeners: list[Callable[[], None]] = []


def tell() -> None:
    """One statement or commit is to be made now, beside those SQLAlchemy tells of."""
    for listener in listeners:
        listener()
