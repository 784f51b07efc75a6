"""What is kept, for how long, and what of it goes?"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from claimgw.clearinghouse.retention import Report, delete_due, survey
from claimgw.cli.arguments import AsJson
from claimgw.cli.configuration import read_settings
from claimgw.cli.output import print_json, print_line, print_table
from claimgw.cli.session import run
from claimgw.clock import SystemClock
from claimgw.house import kept_days
from claimgw.store.database import Database

commands = typer.Typer()


@commands.command(
    epilog="Examples:\n\nCLAIMGW_KEEP_POLLS_DAYS=30 claimgw retention\n\n"
    "CLAIMGW_KEEP_POLLS_DAYS=30 CLAIMGW_KEEP_REQUESTS_DAYS=3650 claimgw retention --apply"
)
def retention(
    apply: Annotated[bool, typer.Option("--apply", help="Delete it now; else it is only counted.")] = False,
    as_json: AsJson = False,
) -> None:
    """Count the messages whose content is kept longer than set, or delete it, in small steps.

    Days count from when a message came to rest. What still moves is never deleted: undelivered, unanswered,
    not fetched or not confirmed, given up. That a message was there, its ids and its facts stay for ever.
    Of alerts those go that ended so long ago, save the last of each kind and subject.
    """

    async def work(database: Database) -> Sequence[Report]:
        days, clock = kept_days(read_settings()), SystemClock()
        if apply:
            return await delete_due(database, clock, days)
        return await survey(database, days, clock.now())

    found = run(work)
    if as_json:
        print_json([asdict(one) for one in found])
        return
    print_table(
        "Deleted" if apply else "Due to be deleted",
        ["kind", "kept", "due", "bytes", "still moving", "deleted ever", "oldest kept"],
        [
            (
                one.kind,
                "for ever" if one.days is None else f"{one.days} days",
                one.due,
                one.bytes,
                one.moving,
                one.deleted,
                one.oldest and one.oldest.date(),
            )
            for one in found
        ],
        "Everything is kept for ever: no CLAIMGW_KEEP_..._DAYS is set.",
    )
    if not apply and any(one.due for one in found):
        print_line("Nothing was deleted; --apply does, and so does a worker that runs with these settings.")
