"""How does a command get an open database, and with what does it exit?"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TypeVar

import typer
from rich.console import Console

from claimgw.cli.configuration import read_settings
from claimgw.errors import ClaimgwError, ConfigurationError
from claimgw.store.database import Database
from claimgw.store.schema import make_ready

REFUSED, USAGE = 1, 2

T = TypeVar("T")


class Refusal(ClaimgwError):
    """What was asked for is not there, or may not be done."""


@asynccontextmanager
async def running(address: str | None = None) -> AsyncIterator[Database]:
    """The database of the settings, or that at `address`, with the tables of this release.

    An embedded one is brought up to date on the way, as `serve` does it; a shared one may have other
    releases at work on it, and waits for `claimgw db upgrade`.
    Raises ConfigurationError if a shared one stands at a revision this release cannot work on,
    StoreUnavailable if it is away.
    """
    database = Database(address or read_settings().database)
    try:
        await make_ready(database)
        yield database
    finally:
        await database.close()


def run(work: Callable[[Database], Awaitable[T]], address: str | None = None) -> T:
    """Do the work on an open database; exit as `refusing` says."""

    async def whole() -> T:
        async with running(address) as database:
            return await work(database)

    with refusing():
        return asyncio.run(whole())


@contextmanager
def refusing() -> Iterator[None]:
    """Turn what we raise into one line on stderr and an exit code: 2 for what was written wrong, else 1."""
    try:
        yield
    except ClaimgwError as fault:
        Console(stderr=True).print(f"[red]Error:[/red] {_plain(str(fault))}", soft_wrap=True, highlight=False)
        raise typer.Exit(USAGE if isinstance(fault, ConfigurationError) else REFUSED) from None


def _plain(text: str) -> str:
    return text.replace("[", r"\[")
