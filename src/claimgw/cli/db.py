"""How is the database brought up to date, copied out and copied back?"""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.status import Status

from claimgw.cli.arguments import AsJson
from claimgw.cli.configuration import read_settings
from claimgw.cli.delivery import open_attempts_as_json, print_open_attempts
from claimgw.cli.output import print_json, print_line
from claimgw.cli.session import REFUSED, refusing, run
from claimgw.clock import SystemClock
from claimgw.store import backup as copies
from claimgw.store import schema
from claimgw.store.database import Database

db_app = typer.Typer(
    name="db",
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="The database: its tables, its backups.",
)

T = TypeVar("T")


@db_app.command(epilog="Example: claimgw --database postgresql://claimgw@db/claimgw db upgrade")
def upgrade() -> None:
    """Bring the tables to this release. Nothing happens if they are."""
    before = _raw(schema.current)
    _raw(schema.upgrade)
    if before == schema.head():
        print_line(f"The database stood at revision {before} already.")
    else:
        print_line(f"The database stands at revision {schema.head()}, after {before or 'none'}.")


@db_app.command(epilog="Example: claimgw db current --json")
def current(as_json: AsJson = False) -> None:
    """Show at which revision the tables stand. Exits with 1 if this release needs another."""
    stands, needed = _raw(schema.current), schema.head()
    if as_json:
        print_json({"current": stands, "needed": needed})
    else:
        print_line(f"The database stands at revision {stands or 'none'}; this release needs {needed}.")
    if stands != needed:
        raise typer.Exit(REFUSED)


@db_app.command(epilog="Example: claimgw db backup /backups/claimgw-2026-11-21.db")
def backup(
    file: Annotated[Path, typer.Argument(help="The new file; nothing is overwritten.")],
    as_json: AsJson = False,
) -> None:
    """Copy everything, as it is at one moment, into a file. The gateway may run meanwhile."""
    with _watched("Copying") as told:
        rows = run(lambda database: copies.backup(database, file, told))
    if as_json:
        print_json({"file": str(file), "rows": rows})
    else:
        print_line(f"{sum(rows.values())} rows are in {file}. It holds patients' data: guard it.")


@db_app.command(
    epilog="Example: claimgw --database sqlite:///new.db db restore /backups/claimgw-2026-11-21.db\n\n"
    "Stop every gateway and worker of the database first. Afterwards delivery is paused: look at the open"
    " attempts, then run 'claimgw delivery resume'."
)
def restore(
    file: Annotated[Path, typer.Argument(help="What 'claimgw db backup' wrote.")], as_json: AsJson = False
) -> None:
    """Copy a backup into an empty database, of either kind, and pause delivery."""
    with _watched("Copying") as told:
        restored = run(lambda database: copies.restore(database, file, SystemClock().now(), told))
    if as_json:
        opened = open_attempts_as_json(restored.open_attempts)
        print_json({"file": str(file), "rows": restored.rows, "open_attempts": opened})
        return
    print_line(f"{sum(restored.rows.values())} rows came back from {file}.")
    print_open_attempts(restored.open_attempts)
    print_line("Delivery is paused. 'claimgw delivery resume' lets it go on.")


def _raw(work: Callable[[Database], Awaitable[T]]) -> T:
    """Work on the database whatever revision it stands at."""

    async def whole() -> T:
        database = Database(read_settings().database)
        try:
            return await work(database)
        finally:
            await database.close()

    with refusing():
        return asyncio.run(whole())


@contextmanager
def _watched(doing: str) -> Iterator[Callable[[str, int], None]]:
    """Show how far the work has come, to whoever sits at a terminal."""
    console = Console(stderr=True, force_terminal=sys.stderr.isatty())
    with Status(f"{doing} …", console=console) as status:

        def told(table: str, rows: int) -> None:
            status.update(f"{doing} {table}: {rows} rows")

        yield told
