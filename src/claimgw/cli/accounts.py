"""How are providers, insurers and TPAs entered, changed and blocked from the command line?"""

from dataclasses import replace
from datetime import date
from typing import Annotated, Any

import typer

from claimgw.access import registration
from claimgw.access.participants import FHIR_HTTP, Kind, Participant, ParticipantSettings
from claimgw.access.registration import COMMAND_LINE
from claimgw.access.webhooks import new_secret
from claimgw.cli.account_settings import explained
from claimgw.cli.accounts_shown import as_json_of, show_participant
from claimgw.cli.arguments import (
    AsJson,
    By,
    LicenceArgument,
    assignments,
    day,
    licence,
    note,
    overlaid,
    without,
)
from claimgw.cli.output import print_json, print_line, print_table
from claimgw.cli.session import Refusal, run
from claimgw.clock import SystemClock
from claimgw.insurers.spi import find_adapter
from claimgw.messages.identifiers import Licence, LicenceKind
from claimgw.store import participants as store
from claimgw.store.database import Database, Unit
from claimgw.store.participants import ParticipantRecord, Service
from claimgw.store.revision import move_on

commands = typer.Typer()

_clock = SystemClock()

Name = Annotated[str, typer.Option(help="What people call it.")]
Endpoint = Annotated[str | None, typer.Option(help="The insurer's $process-message URL; '' takes it away.")]
AdapterName = Annotated[
    str | None,
    typer.Option(
        "--adapter", help=f"How it is reached; {FHIR_HTTP} if it has an endpoint; '' takes it away."
    ),
]
Events = Annotated[
    list[str] | None,
    typer.Option("--event", help="An event it may send; may be repeated. None: all of its kind."),
]
Webhook = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="Told when a provider's mailbox is not empty; makes a new secret, shown once. '' takes it away.",
    ),
]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="A setting; may be repeated. 'settings' lists them."),
]


@commands.command(
    epilog="Examples:\n\n"
    "claimgw participants add provider:PR-1001 --name 'Clinic One'\n\n"
    "claimgw participants add payer:INS-2001 --name 'Insurer' "
    "--endpoint 'https://ins.example/$process-message' --set answer_seconds=30\n\n"
    "claimgw participants add payer:TPA-1 --kind tpa --name 'TPA' --adapter sandbox"
)
def add(
    licence: LicenceArgument,
    name: Name,
    kind: Annotated[Kind | None, typer.Option(help="Told by the licence, but for TPAs.")] = None,
    endpoint: Endpoint = None,
    adapter: AdapterName = None,
    event: Events = None,
    webhook: Webhook = None,
    set_: Set = None,
    by: By = COMMAND_LINE,
    as_json: AsJson = False,
) -> None:
    """Enter a participant."""
    now = _clock.now()
    record = ParticipantRecord(
        licence=licence,
        kind=kind or _kind_of(licence),
        name=name,
        endpoint=endpoint,
        adapter=adapter or (FHIR_HTTP if endpoint else None),
        events=tuple(event) if event else None,
        settings=_hooked(webhook) | assignments(set_ or []),
        created_at=now,
        changed_at=now,
    )

    async def work(database: Database) -> ParticipantRecord:
        usable = checked(record)
        async with database.write() as unit:
            await registration.enter(unit, usable, by)
        return usable

    show_participant(run(work), as_json, secret_too=bool(webhook))


@commands.command("list", epilog="Example: claimgw participants list --kind insurer --json")
def list_(
    kind: Annotated[Kind | None, typer.Option(help="Only these.")] = None, as_json: AsJson = False
) -> None:
    """List all participants."""

    async def work(database: Database) -> list[ParticipantRecord]:
        async with database.read() as unit:
            return [row for row in await store.all_participants(unit) if kind in (None, row.kind)]

    records = run(work)
    if as_json:
        print_json([as_json_of(record) for record in records])
        return
    print_table(
        "Participants",
        ["licence", "kind", "name", "reached by", "blocked"],
        [(r.licence, r.kind, r.name, r.endpoint or r.adapter, r.blocked_reason) for r in records],
        "No participant is registered. Begin with 'claimgw participants add --help'.",
    )


@commands.command(epilog="Example: claimgw participants show payer:INS-2001")
def show(licence: LicenceArgument, as_json: AsJson = False) -> None:
    """Show one participant with all its settings, and whom it serves."""

    async def work(database: Database) -> tuple[ParticipantRecord, list[Service]]:
        async with database.read() as unit:
            record = await known(unit, licence)
            return record, [s for s in await store.all_services(unit) if licence in (s.tpa, s.insurer)]

    record, services = run(work)
    show_participant(record, as_json, services)


@commands.command(
    epilog="Examples:\n\n"
    "claimgw participants change payer:INS-2001 --set most_in_flight=8 --unset grace_seconds\n\n"
    "claimgw participants change provider:PR-1001 --event claim-request --event poll-request\n\n"
    "claimgw participants change provider:PR-1001 --webhook https://his.example/claims"
)
def change(
    licence: LicenceArgument,
    name: Annotated[str | None, typer.Option(help="What people call it.")] = None,
    endpoint: Endpoint = None,
    adapter: AdapterName = None,
    event: Events = None,
    all_events: Annotated[
        bool, typer.Option("--all-events", help="It may send all of its kind again.")
    ] = False,
    webhook: Webhook = None,
    set_: Set = None,
    unset: Annotated[list[str] | None, typer.Option(metavar="NAME", help="Back to the default.")] = None,
    by: By = COMMAND_LINE,
    as_json: AsJson = False,
) -> None:
    """Change what is given, and leave the rest."""
    given = {
        "name": name,
        "endpoint": endpoint,
        "adapter": adapter,
        "events": tuple(event) if event else None,
    }
    values: dict[str, Any] = {field: value or None for field, value in given.items() if value is not None}
    if all_events:
        values["events"] = None
    settings = _hooked(webhook) | assignments(set_ or [])
    names = explained(ParticipantSettings.read({})).keys() | ParticipantSettings.model_fields.keys()
    if strange := set(unset or ()) - names:
        raise typer.BadParameter(f"there is no setting {', '.join(sorted(strange))}", param_hint="--unset")

    async def work(database: Database) -> ParticipantRecord:
        async with database.write() as unit:
            before = await for_change(unit, licence)
            kept = overlaid(without(before.settings, unset or ()), settings)
            usable = checked(replace(before, **values, settings=kept))
            await registration.change(unit, before, usable, by, _clock.now())
            return await known(unit, licence)

    show_participant(run(work), as_json, secret_too=bool(webhook))


@commands.command(epilog="Example: claimgw participants block provider:PR-1001 --reason 'contract ended'")
def block(
    licence: LicenceArgument,
    reason: Annotated[
        str, typer.Option(parser=note, metavar="TEXT", help="For people; kept with the block.")
    ],
    by: By = COMMAND_LINE,
) -> None:
    """Refuse everything from and for a participant, within 5 seconds on every node."""

    async def work(database: Database) -> None:
        async with database.write() as unit:
            await registration.block(unit, await for_change(unit, licence), reason, by, _clock.now())

    run(work)
    print_line(f"{licence} is blocked.")


@commands.command(epilog="Example: claimgw participants unblock provider:PR-1001")
def unblock(licence: LicenceArgument, by: By = COMMAND_LINE) -> None:
    """Let a blocked participant take part again."""

    async def work(database: Database) -> None:
        async with database.write() as unit:
            await registration.unblock(unit, await for_change(unit, licence), by, _clock.now())

    run(work)
    print_line(f"{licence} may take part.")


@commands.command(
    epilog="Example: claimgw participants serve payer:TPA-1 payer:INS-2001 --from 2026-01-01 --to 2026-12-31"
)
def serve(
    tpa: Annotated[str, typer.Argument(parser=licence, metavar="TPA")],
    insurer: Annotated[str, typer.Argument(parser=licence, metavar="INSURER")],
    from_: Annotated[
        date | None,
        typer.Option("--from", parser=day, metavar="DAY", help="The first day; today if not given."),
    ] = None,
    to: Annotated[
        date | None, typer.Option("--to", parser=day, metavar="DAY", help="The last day; open if not given.")
    ] = None,
    by: By = COMMAND_LINE,
) -> None:
    """Say that a TPA stands in for an insurer. The same pair and first day again changes the last day."""
    service = Service(tpa, insurer, from_ or _clock.now().date(), to)
    if to is not None and to < service.from_day:
        raise typer.BadParameter("the last day lies before the first", param_hint="--to")

    async def work(database: Database) -> None:
        async with database.write() as unit:
            for party, kind in ((tpa, Kind.TPA), (insurer, Kind.INSURER)):
                if (found := (await known(unit, party)).kind) != kind:
                    raise Refusal(f"{party} is registered as {found}, not as {kind}")
            await registration.serve(unit, service, by, _clock.now())

    run(work)
    print_line(f"{tpa} serves {insurer} from {service.from_day} to {to or 'further notice'}.")


async def known(unit: Unit, licence: str) -> ParticipantRecord:
    """The participant's row. Raises Refusal if it is not registered."""
    record = await store.find_participant(unit, licence)
    if record is None:
        raise Refusal(f"{licence} is not registered; 'claimgw participants list' shows who is")
    return record


async def for_change(unit: Unit, licence: str) -> ParticipantRecord:
    """The row, which nobody else changes before this unit ends: what is put on record is what it was."""
    await move_on(unit)
    return await known(unit, licence)


def _kind_of(licence: str) -> Kind:
    return Kind.PROVIDER if Licence.parse(licence).kind is LicenceKind.PROVIDER else Kind.INSURER


def _hooked(webhook: str | None) -> dict[str, Any]:
    """The settings of a webhook: every new one has a new secret."""
    if webhook is None:
        return {}
    return {"webhook": webhook or None, "webhook_secret": new_secret() if webhook else None}


def checked(record: ParticipantRecord) -> ParticipantRecord:
    """The record with its settings in the form that is kept. Raises ConfigurationError."""
    participant = Participant.read(record)
    if participant.adapter is not None:
        find_adapter(participant.adapter)
    return replace(record, settings=participant.settings.write())
