"""What stands under `claimgw participants`?"""

import typer

from claimgw.cli import account_history, account_settings, accounts, credentials, opening_hours, trial

participants_app = typer.Typer(
    name="participants",
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="Who takes part: providers, insurers, TPAs, and the credentials they come in with.",
)
for part in (accounts, account_history, account_settings, opening_hours, credentials, trial):
    participants_app.add_typer(part.commands)
