"""How does an operator have something sent again, stop that, and have refused answers judged again?"""

from collections import Counter
from datetime import datetime
from typing import Annotated, Any

import typer

from claimgw.access.registry import Registry
from claimgw.clearinghouse.delivery import redrive as resending
from claimgw.clearinghouse.delivery import rejudge as judging
from claimgw.clearinghouse.delivery.outcomes import Outcome
from claimgw.clearinghouse.delivery.redrive import AT_MOST, FATES, LARGEST, Choice, Redriving
from claimgw.clearinghouse.delivery.rejudge import Judgement, Question, Rejudged
from claimgw.cli.accounts import known
from claimgw.cli.arguments import AsJson, By, LicenceArgument, licence, moment, note
from claimgw.cli.configuration import read_schemas
from claimgw.cli.output import print_json, print_line, print_table
from claimgw.cli.session import Refusal, refusing, run
from claimgw.cli.waiting import States, as_id
from claimgw.clock import SystemClock
from claimgw.errors import ConfigurationError
from claimgw.store import exchanges
from claimgw.store.database import Database
from claimgw.store.letters import Selection

commands = typer.Typer()

_JUDGED = {
    Judgement.DELIVERED: "good: its provider gets it",
    Judgement.REFUSED: "still refused",
    Judgement.GONE: "its bytes are no longer kept",
    Judgement.MOVED_ON: "left alone: answered, cancelled or sent again meanwhile",
}
Reason = Annotated[
    str, typer.Option("--reason", parser=note, metavar="TEXT", help="Why; kept with each. Required.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would happen to each; change nothing.")]
AtMost = Annotated[int, typer.Option("--at-most", min=1, max=LARGEST, help="Never more than so many.")]


@commands.command(
    epilog="Examples:\n\nclaimgw queue resend 0194f1d0-0000-7000-8000-000000000000 --reason 'a test'\n\n"
    "claimgw queue resend --insurer payer:INS-2001 --state given-up --dry-run\n\n"
    "claimgw queue resend --insurer payer:INS-2001 --state unconfirmed --outcome silent"
    " --from 2026-11-01 --at-most 500 --reason 'lost in their release 4.2'"
)
def resend(
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]...", help="Single requests, all of one insurer.")
    ] = None,
    insurer: Annotated[
        str | None, typer.Option("--insurer", parser=licence, metavar="LICENCE", help="Instead of ids.")
    ] = None,
    state: States = None,
    event: Annotated[str | None, typer.Option("--event", metavar="EVENT", help="claim-request …")] = None,
    since: Annotated[
        datetime | None, typer.Option("--from", parser=moment, metavar="TIME", help="Accepted since then.")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option("--to", parser=moment, metavar="TIME", help="Accepted until then.")
    ] = None,
    outcome: Annotated[
        Outcome | None, typer.Option("--outcome", help="How the last try ended (docs/outcomes.md).")
    ] = None,
    at_most: AtMost = AT_MOST,
    reason: Reason = "",
    dry_run: DryRun = False,
    by: By = "command line",
    as_json: AsJson = False,
) -> None:
    """Send again what is due to one insurer: the same bytes under the same ids, by its lane.

    Chosen by ids, or by --insurer with at least one more option; the oldest first. What was answered is left
    alone, unless the answer could not be used.
    """
    states = tuple(state or ())
    with refusing():
        if bool(ids) == (insurer is not None):
            raise ConfigurationError("give the ids of requests, or --insurer and what of it")
        wanted = tuple(as_id(one) for one in ids or ())
    chosen = Selection(insurer, states, event, since, until, outcome.value if outcome else None)

    async def work(database: Database) -> Redriving:
        whom = insurer or await _insurer_of(database, wanted[0])
        async with database.read() as unit:
            await known(unit, whom)
        choice = Choice(whom, wanted, chosen, at_most)
        if dry_run:
            return await resending.foresee(database, choice)
        return await resending.resend(database, SystemClock(), choice, by, reason)

    done = run(work)
    if as_json:
        print_json(_as_json(done, dry_run=dry_run))
    else:
        _print(done, dry_run=dry_run)


@commands.command(epilog="Example: claimgw queue stop payer:INS-2001")
def stop(insurer: LicenceArgument, by: By = "command line") -> None:
    """Stop what is being sent again to an insurer: what has not gone out yet stands as it did before."""

    async def work(database: Database) -> int:
        async with database.read() as unit:
            await known(unit, insurer)
        return await resending.stop(database, insurer, by, SystemClock().now())

    count = run(work)
    print_line(
        f"{count} requests to {insurer} are not sent again any more."
        if count
        else f"Nothing that was sent again waits for {insurer}."
    )


@commands.command(
    epilog="Examples:\n\nclaimgw severity grace IC-01620 --participant payer:INS-2001 --until 2026-12-05"
    " --owner 'Faisal, INS' --reason 'their release 4.2'\n\n"
    "claimgw queue rejudge payer:INS-2001 --rule IC-01620 --dry-run\n\n"
    "claimgw queue rejudge payer:INS-2001 --rule IC-01620 --reason 'grace until 5 December'"
)
def rejudge(
    insurer: LicenceArgument,
    rule: Annotated[str, typer.Option("--rule", metavar="CODE", help="For which they were refused.")],
    limit: Annotated[int, typer.Option("--limit", min=1, max=LARGEST, help="The oldest so many.")] = AT_MOST,
    reason: Reason = "",
    dry_run: DryRun = False,
    by: By = "command line",
    as_json: AsJson = False,
) -> None:
    """Judge refused answers again, by the rules of today; providers get the good ones by their mailbox."""

    async def work(database: Database) -> list[Rejudged]:
        clock = SystemClock()
        async with database.read() as unit:
            await known(unit, insurer)
        registry = await Registry(database, clock).current()
        asked = Question(insurer, rule, limit, read_schemas(), registry)
        if dry_run:
            return await judging.foresee(database, clock, asked)
        return await judging.rejudge(database, clock, asked, by, reason)

    judged = run(work)
    if as_json:
        print_json(
            [
                {"exchange": one.exchange_id, "judgement": one.judgement, "detail": one.detail}
                for one in judged
            ]
        )
        return
    print_table(
        f"Answers refused because of {rule}" + (", if they were judged again" if dry_run else ""),
        ["exchange", "judged now", "outcome or rules"],
        [(one.exchange_id, _JUDGED[one.judgement], one.detail) for one in judged],
        f"No answer of {insurer} that was refused because of {rule} waits.",
    )


async def _insurer_of(database: Database, exchange_id: str) -> str:
    async with database.read() as unit:
        found = await exchanges.find(unit, exchange_id)
    if found is None:
        raise Refusal(f"there is no request {exchange_id}; 'claimgw queue list' shows their ids")
    return found.insurer


def _as_json(done: Redriving, *, dry_run: bool) -> dict[str, Any]:
    return {
        "dry_run": dry_run,
        "order": done.order.id if done.order else None,
        "more": done.more,
        "requests": [
            {
                "exchange": one.exchange_id,
                "state": one.exchange.state if one.exchange else None,
                "fate": one.fate,
                "sent": one.sent,
            }
            for one in done.prospects
        ],
    }


def _print(done: Redriving, *, dry_run: bool) -> None:
    print_table(
        "Would be sent again" if dry_run else "Sent again",
        ["exchange", "state", "event", "what becomes of it"],
        [
            (
                one.exchange_id,
                one.exchange.state if one.exchange else None,
                one.exchange.event if one.exchange else None,
                FATES[one.fate],
            )
            for one in done.prospects
        ],
        "Nothing was chosen.",
    )
    counts = Counter(one.sent for one in done.prospects)
    verb = "would be" if dry_run else "are"
    print_line(f"{counts[True]} {verb} sent again, {counts[False]} not.")
    if done.more:
        print_line("There are more; --at-most takes a larger number, or the command is repeated later.")
    if done.order is not None:
        print_line(f"'claimgw queue stop {done.order.insurer}' stops what has not gone out yet.")
