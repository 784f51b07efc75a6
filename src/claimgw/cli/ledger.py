"""Do the books balance, and if not, which rows are wrong?"""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

import typer

from claimgw.cli.arguments import AsJson, licence
from claimgw.cli.output import print_json, print_line, print_table
from claimgw.cli.session import REFUSED, run
from claimgw.clock import SystemClock
from claimgw.store import ledger as store
from claimgw.store.database import Database
from claimgw.store.ledger import Ledger, Standing, Unacknowledged

commands = typer.Typer()

_COLUMNS = ("accepted", "answered", "held", "in flight", "awaiting", "cancelled", "dead")


@commands.command(
    epilog="Examples:\n\nclaimgw ledger\n\nclaimgw ledger --insurer payer:INS-2001 --ids 100\n\n"
    "claimgw ledger --json | jq .differences"
)
def ledger(
    insurer: Annotated[
        str | None,
        typer.Option(parser=licence, metavar="LICENCE", help="What concerns this insurer alone."),
    ] = None,
    ids: Annotated[
        int, typer.Option(min=1, max=1000, help="Ids listed for each difference.")
    ] = store.MOST_IDS,
    as_json: AsJson = False,
) -> None:
    """Count what was accepted against where it stands, and every row against those that need it.

    In one snapshot: accepted = answered + held + in flight + awaiting the insurer + cancelled + dead. Exit
    code 1 if anything differs.
    """

    async def work(database: Database) -> Ledger:
        async with database.read() as unit:
            return await store.ledger(unit, insurer, ids)

    found, now = run(work), SystemClock().now()
    if as_json:
        print_json(_as_json(found, now))
    else:
        _show(found, now)
    if not found.balances:
        raise typer.Exit(REFUSED)


def _show(found: Ledger, now: datetime) -> None:
    # The number alone: all of it is to fit in 80 columns.
    rows = [_row(insurer.partition(":")[2], lane) for insurer, lane in found.lanes.items()]
    if len(rows) > 1:
        rows.append(_row("all", found.total))
    print_table("Ledger", ["insurer", *_COLUMNS], rows, "Nothing was ever accepted.")
    if found.sent:
        print_line(f"Sent, not acknowledged: {found.sent}")
    for sent in found.unacknowledged:
        print_line(f"  {sent.exchange_id}  {_span(_age(sent, now))}, {sent.event} to {sent.insurer}")
        print_line(f"    header {sent.header_id}")
    for insurer, lane in found.lanes.items():
        if not lane.balances:
            print_line(
                f"{insurer}: {lane.accepted} accepted, {lane.placed} in their places, {lane.astray} astray"
            )
    for one in found.differences:
        whose = f" ({one.insurer})" if one.insurer else ""
        print_line(f"{one.table}: {one.count} {one.says}{whose}")
        for each in one.ids:
            print_line(f"  {each}")
    print_line("The books balance." if found.balances else "The books do not balance.")


def _row(name: str, lane: Standing) -> tuple[object, ...]:
    return (
        name,
        lane.accepted,
        lane.answered,
        lane.held,
        lane.in_flight,
        lane.awaiting,
        lane.cancelled,
        lane.dead,
    )


def _as_json(found: Ledger, now: datetime) -> dict[str, Any]:
    return {
        "balances": found.balances,
        "total": asdict(found.total),
        "insurers": {licence_: asdict(lane) for licence_, lane in found.lanes.items()},
        "differences": [asdict(one) for one in found.differences],
        "sent_not_acknowledged": {
            "count": found.sent,
            "oldest": [{**asdict(one), "age_seconds": round(_age(one, now))} for one in found.unacknowledged],
        },
    }


def _age(one: Unacknowledged, now: datetime) -> float:
    return max(0.0, (now - one.sent_at).total_seconds())


def _span(seconds: float) -> str:
    for name, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {name}"
    return f"{seconds:.0f} s"
