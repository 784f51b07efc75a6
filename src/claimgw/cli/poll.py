"""How is a provider's mailbox fetched from the command line?"""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from claimgw.cli.arguments import AsJson, LicenceArgument, moment
from claimgw.cli.connection import DEFAULT_URL, Authority, Certificate, CertificateKey, Key, Tries, Url, Way
from claimgw.cli.output import print_json, print_line, print_table
from claimgw.cli.send import author, told
from claimgw.cli.session import refusing
from claimgw.client import Answer, Polled, Provider
from claimgw.errors import ConfigurationError
from claimgw.messages.identifiers import Identifier, Licence

commands = typer.Typer()


def _about(text: str) -> Identifier:
    system, bar, value = text.rpartition("|")
    if not bar or not system or not value:
        raise typer.BadParameter(f"{text!r} is no identifier; write SYSTEM|VALUE")
    return Identifier(system, value)


@commands.command(
    epilog="Examples:\n\nCLAIMGW_KEY=cgw_… claimgw poll provider:PR-1001 --count 20\n\n"
    "claimgw poll provider:PR-1001 --include claim-response --out inbox --key cgw_…\n\n"
    "claimgw poll provider:PR-1001 --about 'http://alwaha.example/identifiers/claim|CLM-2026-06101'"
)
def poll(
    licence: LicenceArgument,
    count: Annotated[int, typer.Option(min=1, max=100, help="At most so many messages.")] = 1,
    include: Annotated[list[str] | None, typer.Option(metavar="EVENT", help="Only this; repeatable.")] = None,
    exclude: Annotated[list[str] | None, typer.Option(metavar="EVENT", help="Not this; repeatable.")] = None,
    from_: Annotated[
        datetime | None,
        typer.Option("--from", parser=moment, metavar="MOMENT", help="Only what came then or later."),
    ] = None,
    to: Annotated[
        datetime | None, typer.Option(parser=moment, metavar="MOMENT", help="Only what came then or before.")
    ] = None,
    about: Annotated[
        Identifier | None,
        typer.Option(parser=_about, metavar="SYSTEM|VALUE", help="Only what answers this claim."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(file_okay=False, help="Write each message into this folder, byte for byte.")
    ] = None,
    provider_type: Annotated[
        str, typer.Option(help="The provider's code in CodeSystem provider-type; 1 is a hospital.")
    ] = "1",
    url: Url = DEFAULT_URL,
    key: Key = None,
    certificate: Certificate = None,
    certificate_key: CertificateKey = None,
    authority: Authority = None,
    tries: Tries = 5,
    as_json: AsJson = False,
) -> None:
    """Fetch what waits for a provider. What is fetched counts as delivered."""
    if include and exclude:
        raise typer.BadParameter("give --include or --exclude, not both (spec §5.2)", param_hint="--exclude")
    way = Way(url, key, certificate, certificate_key, authority, tries)

    async def fetch() -> Polled:
        async with way.client() as client:
            return await client.poll(
                Provider(Licence.parse(licence), provider_type),
                count=count,
                include=include or (),
                exclude=exclude or (),
                period=(from_, to) if from_ or to else None,
                about=about,
            )

    with refusing():
        if out is not None:
            _make(out)
        polled = asyncio.run(fetch())
        brought = polled.answer.inside
        files = [_write(out, number, one) for number, one in enumerate(brought, 1)] if out else []
    _show(polled, files, as_json)


def _make(out: Path) -> None:
    # Before the poll: once fetched, the messages count as delivered.
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise ConfigurationError(f"{out} cannot be made: {fault.strerror}") from fault


def _write(out: Path, number: int, answer: Answer) -> str:
    """By number, event and Bundle.id; a file that is there already is another poll's, and stays."""
    bundle_id = answer.envelope.bundle_id if answer.envelope else None
    # The id comes from elsewhere, and names a file here: only what looks like one.
    safe = bundle_id if bundle_id and bundle_id.replace("-", "").isalnum() else f"message-{number}"
    file = out / f"{answer.event or 'message'}-{safe}.json"
    try:
        file.write_bytes(answer.raw)
    except OSError as fault:
        raise ConfigurationError(f"{file} cannot be written: {fault.strerror}") from fault
    return str(file)


def _show(polled: Polled, files: list[str], as_json: bool) -> None:
    rows = [_row(one) for one in polled.answer.inside]
    for row, file in zip(rows, files, strict=False):
        row["file"] = file
    if as_json:
        print_json({"more": polled.more, "messages": rows})
        return
    print_table(
        "Messages",
        ["about", "event", "outcome", "written by"],
        [(row["about"], row["event"], row["told"], row["written_by"]) for row in rows],
        "Nothing is waiting.",
    )
    for file in files:
        print_line(file)
    if polled.more:
        print_line("More is waiting.")


def _row(answer: Answer) -> dict[str, Any]:
    return {
        "about": answer.about,
        "event": answer.event,
        "outcome": answer.outcome,
        "told": told(answer),
        "written_by": author(answer),
    }
