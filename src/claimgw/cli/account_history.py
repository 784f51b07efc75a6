"""What was changed of a participant, who did it and when?"""

import typer

from claimgw.cli.accounts import known
from claimgw.cli.arguments import AsJson, LicenceArgument
from claimgw.cli.output import print_json, print_table
from claimgw.cli.session import run
from claimgw.store.database import Database
from claimgw.store.participant_changes import ParticipantChange, changes_of

commands = typer.Typer()


@commands.command(epilog="Example: claimgw participants history payer:INS-2001")
def history(licence: LicenceArgument, as_json: AsJson = False) -> None:
    """Show who entered, changed and blocked a participant, when, and what it was before."""

    async def work(database: Database) -> list[ParticipantChange]:
        async with database.read() as unit:
            await known(unit, licence)
            return await changes_of(unit, licence)

    made = run(work)
    if as_json:
        print_json([{"at": c.made_at, "by": c.made_by, "fields": c.fields} for c in made])
        return
    print_table(
        f"Changes of {licence}",
        ["at", "by", "what", "it was", "it is"],
        [
            (change.made_at, change.made_by, name, was, now)
            for change in made
            for name, was, now in change.said
        ],
        "No change is on record; before this release none was kept.",
    )
