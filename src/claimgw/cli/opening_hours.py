"""How are the hours of an insurer shown, replaced and interrupted by a closure?"""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from claimgw.access import registration
from claimgw.access.hours import WEEK, Hours
from claimgw.access.participants import Participant
from claimgw.access.registration import COMMAND_LINE
from claimgw.clearinghouse.delivery.hours import is_open, next_change, opened, sentence, standing
from claimgw.cli.accounts import checked, for_change, known
from claimgw.cli.arguments import AsJson, By, LicenceArgument
from claimgw.cli.output import print_json, print_line, print_table
from claimgw.cli.session import run
from claimgw.clock import SystemClock
from claimgw.store.database import Database

commands = typer.Typer()

_clock = SystemClock()
_SHOWN_DAYS = 14


@commands.command(
    epilog="Examples:\n\n"
    "claimgw participants hours payer:INS-2001\n\n"
    "claimgw participants hours payer:INS-2001 --file hours.json\n\n"
    "claimgw participants change payer:INS-2001 --set hours.country=SA "
    '--set \'hours.weekly={"sunday-thursday": ["09:00-17:00"], "friday": []}\'\n\n'
    "claimgw participants change payer:INS-2001 --unset hours\n\n"
    'hours.json is like {"zone": "Asia/Riyadh", "weekly": {"sunday-thursday": ["08:00-12:00", '
    '"13:00-17:00"], "saturday": ["22:00-02:00"]}, "country": "SA", "holidays": '
    '{"2026-11-05": "Founder\'s day"}, "working_days": ["2026-02-22"]}'
)
def hours(
    licence: LicenceArgument,
    file: Annotated[
        Path | None, typer.Option(help="JSON that replaces all its hours, closures too.", exists=True)
    ] = None,
    by: By = COMMAND_LINE,
    as_json: AsJson = False,
) -> None:
    """Show whether an insurer is open now, and when in the next two weeks."""
    if file is None:
        _show(licence, run(lambda database: _read(database, licence)), as_json)
        return
    try:
        given = json.loads(file.read_bytes())
    except ValueError:
        raise typer.BadParameter("it is no JSON", param_hint="--file") from None
    _show(licence, _change(licence, by, lambda _: given), as_json)


@commands.command(
    epilog="Examples:\n\n"
    "claimgw participants close payer:INS-2001 --from 2026-11-05 --to 2026-11-07 --reason 'moving house'\n\n"
    "claimgw participants close payer:INS-2001 --from 2026-11-05T12:00 --to 2026-11-05T14:30 "
    "--reason 'new systems'"
)
def close(
    licence: LicenceArgument,
    from_: Annotated[
        str, typer.Option("--from", metavar="TIME", help="A day, or 2026-12-31T17:00, in its own time.")
    ],
    to: Annotated[str, typer.Option("--to", metavar="TIME", help="The same; a day is closed to its end.")],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Told to providers.")],
    by: By = COMMAND_LINE,
    as_json: AsJson = False,
) -> None:
    """Close an insurer once. What is sent to it meanwhile is held until the next opening."""
    closure = {"begins": from_, "ends": to, "reason": reason}

    def closed(before: dict[str, Any]) -> dict[str, Any]:
        return {**before, "closures": [*before.get("closures", ()), closure]}

    _show(licence, _change(licence, by, closed), as_json)


@commands.command(epilog="Example: claimgw participants reopen payer:INS-2001")
def reopen(licence: LicenceArgument, by: By = COMMAND_LINE, as_json: AsJson = False) -> None:
    """Take back the closures that have not ended; its weekly hours and holidays stay."""

    def without(before: dict[str, Any]) -> dict[str, Any]:
        now = _clock.now()
        kept = Hours.model_validate(before)
        local = now.astimezone(ZoneInfo(kept.zone)).replace(tzinfo=None)
        over = [one.model_dump(mode="json") for one in kept.closures if one.ends <= local]
        return {**before, "closures": over}

    _show(licence, _change(licence, by, without), as_json)


async def _read(database: Database, licence: str) -> Hours:
    async with database.read() as unit:
        return Participant.read(await known(unit, licence)).settings.hours


def _change(licence: str, by: str, changed: Callable[[dict[str, Any]], Any]) -> Hours:
    async def work(database: Database) -> Hours:
        async with database.write() as unit:
            before = await for_change(unit, licence)
            settings = {**before.settings, "hours": changed(before.settings.get("hours", {}))}
            usable = checked(replace(before, settings=settings))
            await registration.change(unit, before, usable, by, _clock.now())
        return Participant.read(usable).settings.hours

    return run(work)


def _show(licence: str, kept: Hours, as_json: bool) -> None:
    now, held = _clock.now(), standing(kept, _clock.now())
    if as_json:
        print_json(
            {
                "licence": licence,
                "accepting": is_open(kept, now),
                "sentence": sentence(kept, now),
                "next_change": next_change(held),
                "hours": kept.model_dump(mode="json", exclude_defaults=True),
            }
        )
        return
    print_line(f"{licence} is {sentence(kept, now)} ({kept.zone}).")
    if not kept.always:
        print_table("The next two weeks", ["day", "open", "holiday"], _days(kept, now), "")
    for closure in kept.closures:
        begins, ends = f"{closure.begins:%Y-%m-%d %H:%M}", f"{closure.ends:%Y-%m-%d %H:%M}"
        print_line(f"Closed from {begins} to {ends}: {closure.reason}.")


def _days(kept: Hours, now: datetime) -> Sequence[Sequence[object]]:
    today = now.astimezone(ZoneInfo(kept.zone)).date()
    days = [today + timedelta(days=ahead) for ahead in range(_SHOWN_DAYS)]
    return [
        (f"{WEEK[day.weekday()].capitalize()} {day.day}/{day.month}", _spans(kept, day), kept.holiday(day))
        for day in days
    ]


def _spans(kept: Hours, day: date) -> str | None:
    zone = ZoneInfo(kept.zone)
    local = [(begin.astimezone(zone), end.astimezone(zone)) for begin, end in opened(kept, day)]
    return ", ".join(f"{begin:%H:%M}-{end:%H:%M}" for begin, end in local) or None
