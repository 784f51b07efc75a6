"""How does an operator change how bad the breach of a rule is, and give a participant a grace?"""

import difflib
from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated, Any

import typer

from claimgw.access.rules import period_of, severities_of
from claimgw.cli.arguments import AsJson, By, day, licence, note
from claimgw.cli.configuration import read_settings
from claimgw.cli.output import print_json, print_line, print_table
from claimgw.cli.session import Refusal, refusing, run
from claimgw.clock import SystemClock
from claimgw.conformance.definitions import Definitions, shipped_folders, unpacked
from claimgw.conformance.rulebook.catalogue import Scope, Status, listed
from claimgw.conformance.severity import Direction, Level, day_of
from claimgw.errors import ConfigurationError
from claimgw.messages.findings import Finding
from claimgw.store.database import Database
from claimgw.store.rule_changes import RuleChange, add_rule_change, all_rule_changes, end_rule_change

severity_app = typer.Typer(
    name="severity",
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="How bad the breach of a rule is: change it, give somebody time, take it back.",
)

_WITHIN = "within 5 seconds on every node"
_FAMILIES = ("BV", "DT", "FR", "GE", "IB", "IC", "RE")
_LIKE_IT = 4

Rule = Annotated[str, typer.Argument(metavar="RULE", help="A code, IC-01620, or a whole family, IC.")]
Reason = Annotated[str, typer.Option("--reason", parser=note, metavar="TEXT", help="Why; for people.")]
From = Annotated[
    date | None, typer.Option("--from", parser=day, metavar="DAY", help="The first day; today if not given.")
]


@severity_app.command(
    "set",
    epilog="Examples:\n\n"
    "claimgw severity set IC-01620 warning --to 2026-12-14 --reason 'providers were told too late'\n\n"
    "claimgw severity set IB-00071 warning --direction answer --by noura\n\n"
    "claimgw severity set BV-01010 error --from 2026-12-15",
)
def set_(
    rule: Rule,
    level: Annotated[Level, typer.Argument(help="Only an error refuses a message.")],
    direction: Annotated[
        Direction | None,
        typer.Option("--direction", help="Providers' requests, insurers' answers or notices; else all."),
    ] = None,
    from_: From = None,
    to: Annotated[
        date | None, typer.Option("--to", parser=day, metavar="DAY", help="The last day, included.")
    ] = None,
    reason: Reason = "",
    by: By = "command line",
) -> None:
    """Change how bad a breach is. Messages are judged by the day they came, in Saudi Arabia."""
    now = SystemClock().now()
    change = RuleChange(
        rule=_known(rule),
        severity=level.value,
        direction=direction.value if direction else None,
        from_day=from_ or day_of(now),
        to_day=to,
        reason=reason,
        made_at=now,
        made_by=by,
    )
    entered = _enter(change)
    where = f" in every {direction}" if direction else ""
    print_line(f"{entered.rule} is {_LEVELS[level]}{where} {_days(entered)}; {_WITHIN}.")
    _how_to_undo(entered)


@severity_app.command(
    epilog="Example: claimgw severity grace IB-00071 --participant payer:INS-2001 --until 2026-12-05 "
    "--owner 'Faisal, INS' --reason 'their release 4.2 sends a new outcome'"
)
def grace(
    rule: Rule,
    participant: Annotated[
        str, typer.Option("--participant", parser=licence, metavar="LICENCE", help="Whose messages.")
    ],
    until: Annotated[
        date, typer.Option("--until", parser=day, metavar="DAY", help="The last day, included.")
    ],
    owner: Annotated[
        str, typer.Option("--owner", parser=note, metavar="NAME", help="Who sees to it that it is mended.")
    ],
    reason: Annotated[str, typer.Option("--reason", parser=note, metavar="TEXT", help="Why; for people.")],
    from_: From = None,
    by: By = "command line",
) -> None:
    """Let one participant's breaches of a rule be warnings for a time; it ends by itself."""
    now = SystemClock().now()
    entered = _enter(
        RuleChange(
            rule=_known(rule),
            severity=Level.WARNING.value,
            participant=participant,
            from_day=from_ or day_of(now),
            to_day=until,
            owner=owner,
            reason=reason,
            made_at=now,
            made_by=by,
        )
    )
    print_line(f"{entered.rule} refuses nothing of {participant} {_days(entered)}; {_WITHIN}.")
    _how_to_undo(entered)


@severity_app.command(epilog="Example: claimgw severity unset 3 --by noura")
def unset(
    number: Annotated[int, typer.Argument(min=1, help="As 'claimgw severity list' shows it.")],
    by: By = "command line",
) -> None:
    """Take a change or a grace back. It stays on record, and counts for messages of the days before."""

    async def work(database: Database) -> None:
        async with database.write() as unit:
            if not await end_rule_change(unit, number, SystemClock().now(), by):
                raise Refusal(f"no change {number} counts; 'claimgw severity list' shows which do")

    run(work)
    print_line(f"Change {number} counts no longer; {_WITHIN}.")


@severity_app.command(
    "list", epilog="Examples:\n\nclaimgw severity list\n\nclaimgw severity list --all --json"
)
def list_(
    all_: Annotated[bool, typer.Option("--all", help="Those too that are over or were taken back.")] = False,
    as_json: AsJson = False,
) -> None:
    """List what operators changed, who did and why."""
    today = day_of(SystemClock().now())
    rows = [(change, _standing(change, today)) for change in run(_read)]
    shown = [(change, standing) for change, standing in rows if all_ or standing in (_COUNTS, _TO_COME)]
    if as_json:
        print_json([_as_json(change, standing) for change, standing in shown])
        return
    print_table(
        "Changes of rules",
        ["no.", "change", "days", "state", "who and why"],
        [
            (change.number, _what(change), _days(change), standing, _who_and_why(change))
            for change, standing in shown
        ],
        "Nothing is changed: the rules count as claimgw comes.",
    )


@severity_app.command(epilog="Example: claimgw severity show IC-01620 --on 2026-12-15")
def show(
    rule: Rule,
    on: Annotated[
        date | None, typer.Option("--on", parser=day, metavar="DAY", help="A day; today if not given.")
    ] = None,
    participant: Annotated[
        str | None, typer.Option("--participant", parser=licence, metavar="LICENCE", help="Whose messages.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show how bad the breach of a rule is on a day."""
    code, when = _known(rule), on or day_of(SystemClock().now())
    severities, _ = severities_of(run(_read))
    told = {
        direction: severities.judged(Finding(code, "", ""), direction, when, participant or "")
        for direction in Direction
    }
    levels = {direction.value: one.severity.value if one else "off" for direction, one in told.items()}
    if as_json:
        print_json({"rule": code, "on": when.isoformat(), **levels})
    else:
        print_table(f"{code} on {when}", ["in every", "is"], list(levels.items()), "")


_LEVELS = {
    Level.OFF: "off",
    Level.INFORMATION: "an information",
    Level.WARNING: "a warning",
    Level.ERROR: "an error",
}
_COUNTS, _TO_COME, _OVER, _TAKEN_BACK = "counts", "to come", "over", "taken back"


def _enter(change: RuleChange) -> RuleChange:
    async def work(database: Database) -> RuleChange:
        async with database.write() as unit:
            return await add_rule_change(unit, change)

    with refusing():
        if change.to_day is not None and change.to_day < change.from_day:
            raise ConfigurationError(f"the last day, {change.to_day}, is before the first, {change.from_day}")
    return run(work)


async def _read(database: Database) -> list[RuleChange]:
    async with database.read() as unit:
        return await all_rule_changes(unit)


def _how_to_undo(change: RuleChange) -> None:
    print_line(f"This is change {change.number}; 'claimgw severity unset {change.number}' takes it back.")
    known = listed().get(change.rule)
    if known is not None and (
        known.status is Status.DEACTIVATED or known.scope in (Scope.HISTORY, Scope.REGISTRY, Scope.TRANSPORT)
    ):
        print_line(
            f"Mind: {change.rule} is not judged from a message alone, if at all; this changes nothing there."
        )


def _what(change: RuleChange) -> str:
    if change.participant is not None:
        return f"{change.rule}: grace for {change.participant}"
    return f"{change.rule}: {change.severity}" + (f" in every {change.direction}" if change.direction else "")


def _who_and_why(change: RuleChange) -> str:
    told = [f"{change.made_by} on {day_of(change.made_at)}" + (f": {change.reason}" if change.reason else "")]
    told += [f"owner {change.owner}"] if change.owner else []
    told += [f"taken back by {change.ended_by} on {day_of(change.ended_at)}"] if change.ended_at else []
    return "; ".join(told)


def _days(change: RuleChange) -> str:
    return f"from {change.from_day} " + (f"to {change.to_day}" if change.to_day else "until further notice")


def _standing(change: RuleChange, today: date) -> str:
    if change.ended_at is not None:
        return _TAKEN_BACK
    period = period_of(change)
    if period is None or (period.last is not None and period.last < today):
        return _OVER
    return _COUNTS if period.first <= today else _TO_COME


def _as_json(change: RuleChange, standing: str) -> dict[str, Any]:
    fields = {name: getattr(change, name) for name in RuleChange.__slots__}
    return {
        name: value.isoformat() if isinstance(value, date) and not isinstance(value, datetime) else value
        for name, value in (fields | {"state": standing}).items()
    }


def _known(rule: str) -> str:
    """The rule as it is written; exits if there is none, for a slip of the pen would change nothing."""
    with refusing():
        if rule.upper() in (*_FAMILIES, *listed()):
            return rule.upper()
        of_packages = set(_keys())
        if rule in of_packages:
            return rule
        like_it = difflib.get_close_matches(rule.upper(), [*listed(), *of_packages], _LIKE_IT)
        hint = f"; did you mean {', '.join(like_it)}?" if like_it else "; 'claimgw rules' lists them"
        raise ConfigurationError(f"there is no rule {rule}{hint}")


def _keys() -> Iterable[str]:
    """The constraints of all packages, an operator's too."""
    further = [folder for given in read_settings().packages for folder in unpacked(given)]
    definitions = Definitions([*shipped_folders(), *further])
    for definition, _ in definitions.all("StructureDefinition"):
        for element in definition.get("differential", {}).get("element", ()):
            for constraint in element.get("constraint", ()):
                yield constraint["key"]
