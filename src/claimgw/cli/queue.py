"""What stands under `claimgw queue`?"""

import typer

from claimgw.cli import resend, waiting

queue_app = typer.Typer(
    name="queue",
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="Dead letters and what else waits: see why, send it again, stop that, judge refused answers again.",
)
for part in (waiting, resend):
    queue_app.add_typer(part.commands)
