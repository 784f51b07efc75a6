"""What is wrong at this moment, what was, and what were people told of it?"""

from typing import Annotated, Any

import typer

from claimgw.clearinghouse.alerts.news import REMEDY
from claimgw.cli.arguments import AsJson
from claimgw.cli.output import print_json, print_line, print_table
from claimgw.cli.session import Refusal, run
from claimgw.clock import SystemClock
from claimgw.store import alerts as store
from claimgw.store.alerts import Alert
from claimgw.store.database import Database

commands = typer.Typer()

_MOST = 200


@commands.command(epilog="Example: claimgw alerts --all --json")
def alerts(
    everything: Annotated[
        bool, typer.Option("--all", help=f"Those that have ended too, the latest {_MOST} first.")
    ] = False,
    end: Annotated[
        str | None,
        typer.Option(
            "--end",
            metavar="ID",
            help="End an alert by hand: of a machine that is gone, say. If it is still so, it comes again.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List what is wrong now: insurers that are down, unusable answers, full disks and the like."""

    async def work(database: Database) -> list[Alert]:
        async with database.read() as unit:
            if everything:
                return await store.latest_alerts(unit, _MOST)
            return await store.present_alerts(unit)

    async def ended(database: Database) -> None:
        async with database.write() as unit:
            named = [alert for alert in await store.present_alerts(unit) if alert.id == end]
            if not named:
                raise Refusal(f"{end} is no present alert")
            await store.end_alert(unit, named[0].kind, named[0].subject, SystemClock().now())

    if end is not None:
        run(ended)
        print_line("It has ended.")
        return
    found = run(work)
    if as_json:
        print_json([_as_json(alert) for alert in found])
        return
    print_table(
        "Alerts",
        ["id", "kind", "subject", "what", "since", "times", "told", "ended"],
        [(a.id, a.kind, a.subject, a.text, a.since, a.times, a.told_at, a.ended_at) for a in found],
        "Nothing is wrong." if not everything else "Nothing was ever wrong.",
    )
    for kind in sorted({alert.kind for alert in found if alert.present}):
        print_line(f"{kind}: {REMEDY[kind]}")


def _as_json(alert: Alert) -> dict[str, Any]:
    return {
        "id": alert.id,
        "kind": alert.kind.value,
        "subject": alert.subject,
        "text": alert.text,
        "do": REMEDY[alert.kind],
        "detail": dict(alert.detail),
        "since": alert.since,
        "told_at": alert.told_at,
        "ended_at": alert.ended_at,
        "end_told_at": alert.end_told_at,
    }
