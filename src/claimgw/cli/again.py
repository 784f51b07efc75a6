"""What did operators have sent or judged again: when, who, why, how many?"""

from dataclasses import asdict
from typing import Annotated

import typer

from claimgw.cli.arguments import AsJson, licence
from claimgw.cli.output import print_json, print_table
from claimgw.cli.session import run
from claimgw.store import redrives
from claimgw.store.database import Database
from claimgw.store.redrives import Redrive

commands = typer.Typer()


@commands.command(epilog="Examples:\n\nclaimgw history again\n\nclaimgw history again payer:INS-2001 --json")
def again(
    insurer: Annotated[
        str | None, typer.Argument(parser=licence, metavar="[LICENCE]", help="One insurer; all if not given.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="The newest so many.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List what operators had sent or judged again, the newest first; 'claimgw queue' is how they do it."""

    async def work(database: Database) -> list[tuple[Redrive, int]]:
        async with database.read() as unit:
            return await redrives.listed(unit, insurer, limit)

    orders = run(work)
    if as_json:
        print_json([asdict(order) | {"requests": size} for order, size in orders])
        return
    print_table(
        "Sent or judged again",
        ["when", "what", "insurer", "chosen by", "requests", "who", "why", "stopped", "by"],
        [
            (
                one.made_at,
                one.kind,
                one.insurer,
                one.chosen,
                size,
                one.made_by,
                one.reason,
                one.stopped_at,
                one.stopped_by,
            )
            for one, size in orders
        ],
        "Nothing was sent or judged again.",
    )
