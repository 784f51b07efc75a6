"""How is delivery held, drained and let go, and what of it is unknown?"""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from claimgw.cli.accounts import known
from claimgw.cli.arguments import AsJson, licence, note
from claimgw.cli.output import print_json, print_line, print_table
from claimgw.cli.session import Refusal, run
from claimgw.clock import SystemClock
from claimgw.store import attempts, pauses
from claimgw.store.database import Database
from claimgw.store.pauses import EVERYWHERE, Pause, PauseKind
from claimgw.store.records import Attempt

delivery_app = typer.Typer(
    name="delivery",
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="Delivery to insurers: hold it, let it go on, see what is unknown.",
)

_KINDS = {PauseKind.HOLD: "paused", PauseKind.DRAIN: "drained"}

Opened = Sequence[tuple[Attempt, str]]
Scope = Annotated[
    str | None,
    typer.Argument(parser=licence, metavar="[LICENCE]", help="One insurer; all of them if not given."),
]


@delivery_app.command(
    epilog="Examples:\n\nclaimgw delivery pause payer:INS-2001 --reason 'planned maintenance'\n\n"
    "claimgw delivery pause --reason 'network under repair'"
)
def pause(
    scope: Scope = None,
    reason: Annotated[
        str, typer.Option(parser=note, metavar="TEXT", help="For people; shown wherever something waits.")
    ] = "by an operator",
) -> None:
    """Send nothing until told to go on; what comes in is accepted, and held."""

    _set(scope, reason, PauseKind.HOLD)
    print_line(f"Delivery {_whither(scope)} is paused, within 5 seconds on every node.")


@delivery_app.command(
    epilog="Example: claimgw delivery drain payer:INS-2001 --reason 'moves to a new address on Friday'"
)
def drain(
    scope: Scope = None,
    reason: Annotated[
        str, typer.Option(parser=note, metavar="TEXT", help="For people; told to whoever is refused.")
    ] = "Send it again later under new ids",
) -> None:
    """Deliver what is held, and refuse new claims (GE-00012), until told to go on: before a maintenance."""
    _set(scope, reason, PauseKind.DRAIN)
    print_line(f"Delivery {_whither(scope)} is drained, within 5 seconds on every node.")


@delivery_app.command(epilog="Examples:\n\nclaimgw delivery resume payer:INS-2001\n\nclaimgw delivery resume")
def resume(scope: Scope = None) -> None:
    """End a pause or a drain. Resuming all insurers leaves those of single ones as they are."""

    async def work(database: Database) -> list[Pause]:
        async with database.write() as unit:
            if not await pauses.end_pause(unit, scope or EVERYWHERE):
                raise Refusal(
                    f"delivery {_whither(scope)} is not paused or drained;"
                    " 'claimgw delivery pauses' lists what is"
                )
            return await pauses.all_pauses(unit)

    left = run(work)
    print_line(f"Delivery {_whither(scope)} goes on, within 5 seconds on every node.")
    for held in left:
        print_line(f"Still {_KINDS[held.kind]}: {_name(held.scope)} ({held.reason}).")


def _set(scope: str | None, reason: str, kind: PauseKind) -> None:
    async def work(database: Database) -> None:
        async with database.write() as unit:
            if scope is not None:
                await known(unit, scope)
            now = SystemClock().now()
            if not await pauses.set_pause(
                unit, Pause(scope or EVERYWHERE, reason, now, "command line", kind)
            ):
                raise Refusal(f"delivery {_whither(scope)} is {_KINDS[kind]} already")

    run(work)


@delivery_app.command("pauses", epilog="Example: claimgw delivery pauses --json")
def list_(as_json: AsJson = False) -> None:
    """List what is paused or drained, and why."""

    async def work(database: Database) -> list[Pause]:
        async with database.read() as unit:
            return await pauses.all_pauses(unit)

    held = run(work)
    if as_json:
        print_json(
            [
                {"scope": p.scope, "reason": p.reason, "since": p.since, "by": p.by, "kind": p.kind}
                for p in held
            ]
        )
        return
    print_table(
        "Paused or drained",
        ["insurer", "is", "reason", "since", "by"],
        [(_name(p.scope), _KINDS[p.kind], p.reason, p.since, p.by) for p in held],
        "Nothing is paused or drained.",
    )


@delivery_app.command("open-attempts", epilog="Example: claimgw delivery open-attempts --json")
def open_attempts(as_json: AsJson = False) -> None:
    """List attempts that nobody has closed: under way now, or unknown because their process is gone."""

    async def work(database: Database) -> Opened:
        async with database.read() as unit:
            return await attempts.still_open(unit)

    opened = run(work)
    if as_json:
        print_json(open_attempts_as_json(opened))
    else:
        print_open_attempts(opened)


def open_attempts_as_json(opened: Opened) -> list[dict[str, Any]]:
    return [
        {
            "exchange": attempt.exchange_id,
            "insurer": insurer,
            "attempt": attempt.number,
            "node": attempt.node,
            "opened_at": attempt.opened_at,
        }
        for attempt, insurer in opened
    ]


def print_open_attempts(opened: Opened) -> None:
    """Each may have reached its insurer; it is sent again under the same ids only."""
    print_table(
        "Open attempts",
        ["exchange", "insurer", "attempt", "node", "since"],
        [(a.exchange_id, insurer, a.number, a.node, a.opened_at) for a, insurer in opened],
        "No attempt is open.",
    )


def _whither(scope: str | None) -> str:
    return "to all insurers" if scope is None else f"to {scope}"


def _name(scope: str) -> str:
    return "all insurers" if scope == EVERYWHERE else scope
