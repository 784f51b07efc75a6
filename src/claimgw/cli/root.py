"""What stands directly under `claimgw`?"""

import os
from typing import Annotated

import typer

import claimgw
from claimgw.cli import (
    alerts,
    beside,
    ledger,
    nodes,
    poll,
    profiles,
    retention,
    rules,
    send,
    serve,
    validate,
    verdicts,
    worker,
)
from claimgw.cli import sandbox as sandbox_
from claimgw.cli.db import db_app
from claimgw.cli.delivery import delivery_app
from claimgw.cli.demo import command as demo
from claimgw.cli.history import history_app
from claimgw.cli.operators import operators_app
from claimgw.cli.participants import participants_app
from claimgw.cli.queue import queue_app
from claimgw.cli.severity import severity_app

app = typer.Typer(
    name="claimgw",
    no_args_is_help=True,
    rich_markup_mode="rich",
    # A traceback of ours may hold a message in its local variables, and messages hold people.
    pretty_exceptions_enable=False,
    help="An open clearinghouse for FHIR R4 health claims in the style of nphies.",
    epilog="Settings come from the environment, CLAIMGW_DATABASE and so on; the README lists them.\n\n"
    "Exit codes: 0 done, 1 refused or not found, 2 written wrong.",
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"claimgw {claimgw.__version__}")
        raise typer.Exit


@app.callback()
def root(
    database: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="sqlite:///FILE or postgresql://USER@HOST/NAME, instead of CLAIMGW_DATABASE.",
        ),
    ] = None,
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version, and end.")
    ] = False,
) -> None:
    if database is not None:
        # Every command reads its settings from the environment, and so do processes that it starts.
        os.environ["CLAIMGW_DATABASE"] = database


for part in (
    serve,
    worker,
    beside,
    nodes,
    alerts,
    ledger,
    retention,
    sandbox_,
    send,
    poll,
    validate,
    verdicts,
    rules,
    profiles,
    demo,
):
    app.add_typer(part.commands)
for group in (participants_app, operators_app, delivery_app, queue_app, history_app, severity_app, db_app):
    app.add_typer(group)
