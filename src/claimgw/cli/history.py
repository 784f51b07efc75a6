"""Since when is what on record, and what is known of before?"""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from claimgw.cli import again
from claimgw.cli.accounts import known
from claimgw.cli.arguments import AsJson, day, licence
from claimgw.cli.history_file import read_history
from claimgw.cli.output import print_json, print_line, print_table
from claimgw.cli.session import Refusal, run
from claimgw.clock import SystemClock
from claimgw.messages.identifiers import LicenceKind
from claimgw.store import Unit, history
from claimgw.store.database import Database
from claimgw.store.participants import all_participants
from claimgw.store.records import Imported

EVERYTHING = date.min
_BY = "command line"

history_app = typer.Typer(
    name="history",
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="Since when the history of a provider and an insurer is on record, and what is known of before."
    " docs/memory.md tells what that decides. And what operators had sent again.",
)

history_app.add_typer(again.commands)

ProviderLicence = Annotated[str, typer.Argument(parser=licence, metavar="PROVIDER", help="provider:NUMBER.")]
PayerLicence = Annotated[
    str,
    typer.Argument(parser=licence, metavar="PAYER", help="payer:NUMBER, whom its messages are addressed to."),
]


@history_app.command(epilog="Examples:\n\nclaimgw history show\n\nclaimgw history show --json")
def show(as_json: AsJson = False) -> None:
    """List every pair that has a history: since when, who said so, identifiers imported from before."""

    async def work(database: Database) -> list[dict[str, Any]]:
        async with database.read() as unit:
            beginnings = await history.all_beginnings(unit)
            counts = await history.imported_counts(unit)
        begun = {(provider, insurer): (first, by) for provider, insurer, first, by in beginnings}
        return [
            _pair(pair, begun.get(pair), counts.get(pair, 0)) for pair in sorted(begun.keys() | counts.keys())
        ]

    pairs = run(work)
    if as_json:
        print_json(pairs)
        return
    print_table(
        "History",
        ["provider", "insurer", "since", "set by", "imported"],
        [(p["provider"], p["insurer"], _since(p), p["set_by"], p["imported"]) for p in pairs],
        "No message has come yet, and nothing was imported.",
    )


@history_app.command(epilog="Example: claimgw history since provider:PR-1001 payer:INS-2001 2026-06-01")
def since(
    provider: ProviderLicence,
    insurer: PayerLicence,
    first: Annotated[date, typer.Argument(parser=day, metavar="DATE", help="The first day that is whole.")],
) -> None:
    """Say from which day on all messages of a pair are on record. What is older is not checked."""
    now = SystemClock().now()
    if first > now.date():
        raise typer.BadParameter("that day has not come yet", param_hint="DATE")
    run(lambda database: _begin(database, provider, insurer, first, now))
    print_line(f"The history of {provider} and {insurer} begins on {first}.")


@history_app.command(epilog="Example: claimgw history complete provider:PR-1001 payer:INS-2001")
def complete(provider: ProviderLicence, insurer: PayerLicence) -> None:
    """Say that a pair has never exchanged anything elsewhere: what is not on record does not exist.

    CLAIMGW_COMPLETE_HISTORY says so of all.
    """
    now = SystemClock().now()
    run(lambda database: _begin(database, provider, insurer, EVERYTHING, now))
    print_line(f"The history of {provider} and {insurer} is complete: an unknown identifier is refused.")


@history_app.command(
    "import",
    epilog="Examples:\n\nclaimgw history import before.csv --dry-run\n\n"
    "claimgw history import before.csv --json\n\n"
    "A file:\n\nprovider,insurer,type,system,value,event,standing\n\n"
    "PR-1001,INS-2001,Claim,http://his.example/claim,C-1,claim-request,answered\n\n"
    "PR-1001,INS-2001,ClaimResponse,http://ins.example/response,R-1,claim-response,",
)
def import_(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, metavar="FILE.csv", help="A table with a header.")
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and compare; change nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make identifiers known that were used before the record begins, so that what names them is sound.

    Requests have a standing too: refused, open, answered, cancelled or nullified; answered if empty.

    All of the file or nothing. What is known stays as it is.
    """

    async def work(database: Database) -> dict[str, Any]:
        async with database.read() as unit:
            rows = read_history(file, {one.licence for one in await all_participants(unit)})
            new = len(await _unknown(unit, rows))
        if not dry_run:
            async with database.write() as unit:
                new = await history.bring_in(unit, rows, SystemClock().now())
        return {"rows": len(rows), "new": new, "known": len(rows) - new, "dry_run": dry_run}

    told = run(work)
    if as_json:
        print_json(told)
        return
    verb = "would be" if dry_run else "were"
    print_line(
        f"{told['new']} of {told['rows']} identifiers {verb} imported; {told['known']} are known already."
    )


async def _begin(database: Database, provider: str, insurer: str, first: date, now: datetime) -> None:
    async with database.write() as unit:
        for one, kind in ((provider, LicenceKind.PROVIDER), (insurer, LicenceKind.PAYER)):
            await known(unit, one)
            if not one.startswith(f"{kind}:"):
                raise Refusal(f"{one}: a pair is a provider and an insurer or TPA, in this order")
        await history.let_begin(unit, provider, insurer, first, by=_BY, now=now)


async def _unknown(unit: Unit, rows: list[Imported]) -> list[Imported]:
    keys = [(one.type, one.system, one.value) for one in rows]
    before = {_key(one) for one in await history.of_before(unit, keys, provider=None, insurer=None)}
    return [one for one in rows if _key(one) not in before]


def _key(one: Imported) -> tuple[str, ...]:
    return one.provider, one.insurer, one.type, one.system, one.value


def _pair(pair: tuple[str, str], begun: tuple[date, str] | None, imported: int) -> dict[str, Any]:
    first, by = begun or (None, None)
    return {
        "provider": pair[0],
        "insurer": pair[1],
        "since": first.isoformat() if first and first != EVERYTHING else None,
        "complete": first == EVERYTHING,
        "set_by": "the first message" if by == "" else by,
        "imported": imported,
    }


def _since(pair: dict[str, Any]) -> str:
    if pair["complete"]:
        return "ever: complete"
    return pair["since"] or "no message yet"
