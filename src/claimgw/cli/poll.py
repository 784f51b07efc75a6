"""How is a provider's mailbox fetched from the command line?"""

import asyncio
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from claimgw.cli.arguments import AsJson, LicenceArgument, moment
from claimgw.cli.connection import DEFAULT_URL, Authority, Certificate, CertificateKey, Key, Tries, Url, Way
from claimgw.cli.output import print_json, print_line, print_table
from claimgw.cli.send import author, told
from claimgw.cli.session import refusing
from claimgw.client import Answer, ClientFault, DeliveredState, Polled, Provider
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
    """Fetch what waits for a provider. What is fetched counts as delivered.

    If the provider confirms, only what was written into files does: the rest is offered again.
    """
    if include and exclude:
        raise typer.BadParameter("give --include or --exclude, not both (spec §5.2)", param_hint="--exclude")
    way = Way(url, key, certificate, certificate_key, authority, tries)

    async def fetch() -> tuple[Polled, list[str]]:
        async with way.client() as client:
            polled = await client.poll(
                Provider(Licence.parse(licence), provider_type),
                count=count,
                include=include or (),
                exclude=exclude or (),
                period=(from_, to) if from_ or to else None,
                about=about,
            )
            if out is None:
                return polled, []
            files = [_write(out, number, one) for number, one in enumerate(polled.answer.inside, 1)]
            if files and polled.answer.responds_to:
                # What the gateway did not hear is offered again, under the same names of files.
                with suppress(ClientFault):
                    await client.confirm(polled.answer.responds_to)
            return polled, files

    with refusing():
        if out is not None:
            _make(out)
        polled, files = asyncio.run(fetch())
    _show(polled, files, as_json)


@commands.command(
    epilog="Examples:\n\nclaimgw delivered provider:PR-1001 --from 2026-11-01 --to 2026-11-02\n\n"
    "claimgw delivered provider:PR-1001 --from 2026-11-01T08:00Z --out inbox"
)
def delivered(
    licence: LicenceArgument,
    from_: Annotated[
        datetime | None,
        typer.Option("--from", parser=moment, metavar="MOMENT", help="Only what was given then or later."),
    ] = None,
    to: Annotated[
        datetime | None,
        typer.Option(parser=moment, metavar="MOMENT", help="Only what was given then or before."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(file_okay=False, help="Fetch each once more into this folder, as it was.")
    ] = None,
    url: Url = DEFAULT_URL,
    key: Key = None,
    certificate: Certificate = None,
    certificate_key: CertificateKey = None,
    authority: Authority = None,
    tries: Tries = 5,
    as_json: AsJson = False,
) -> None:
    """List what was delivered to a provider, by the time of delivery. This changes nothing."""
    way = Way(url, key, certificate, certificate_key, authority, tries)

    async def ask() -> list[tuple[DeliveredState, str]]:
        found: list[tuple[DeliveredState, str]] = []
        async with way.provider(licence) as client:
            async for one in client.delivered(from_, to):
                file = _write(out, len(found) + 1, await client.delivered_again(one)) if out else ""
                found.append((one, file))
        return found

    with refusing():
        if out is not None:
            _make(out)
        found = asyncio.run(ask())
    if as_json:
        print_json([msgspec.to_builtins(one) | ({"file": file} if file else {}) for one, file in found])
        return
    print_table(
        "Delivered",
        ["delivered", "event", "about", "polls", "confirmed", "file"],
        [
            (
                str(one.delivered),
                one.event,
                one.about.value if one.about else "",
                str(one.offers),
                str(one.confirmed or "not yet"),
                file,
            )
            for one, file in found
        ],
        "Nothing was delivered.",
    )


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
