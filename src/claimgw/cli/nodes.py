"""Which processes serve and deliver, and do they still beat?"""

from datetime import datetime
from typing import Any

import typer

from claimgw.cli.arguments import AsJson
from claimgw.cli.output import print_json, print_table
from claimgw.cli.session import run
from claimgw.clock import SystemClock
from claimgw.store import nodes as store
from claimgw.store.database import Database
from claimgw.store.nodes import Node

commands = typer.Typer()


@commands.command(epilog="Example: claimgw nodes --json")
def nodes(as_json: AsJson = False) -> None:
    """List the processes at work, and the dead ones of the last minutes, with the age of their last beat.

    Ages are as right as the clocks of the machines; the processes themselves do not go by them.
    """

    async def work(database: Database) -> tuple[list[Node], dict[str, int]]:
        async with database.read() as unit:
            return await store.all_nodes(unit), await store.open_by_node(unit)

    found, opened = run(work)
    now = SystemClock().now()
    if as_json:
        print_json([_as_json(node, now, opened.get(node.name, 0)) for node in found])
        return
    print_table(
        "Processes",
        ["name", "role", "release", "since", "last beat", "open attempts"],
        [
            (n.name, n.role, n.release, n.started_at, f"{_age(n, now):.0f} s ago", opened.get(n.name, 0))
            for n in found
        ],
        "No process is at work.",
    )


def _as_json(node: Node, now: datetime, opened: int) -> dict[str, Any]:
    return {
        "name": node.name,
        "role": node.role,
        "release": node.release,
        "started_at": node.started_at,
        "beats": node.beat,
        "seconds_since_beat": round(_age(node, now), 1),
        "open_attempts": opened,
    }


def _age(node: Node, now: datetime) -> float:
    return max(0.0, (now - node.beaten_at).total_seconds())
