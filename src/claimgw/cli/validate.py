"""What is wrong with these messages? Checked on this machine, without a gateway."""

import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import track

from claimgw.cli.arguments import AsJson
from claimgw.cli.configuration import read_settings
from claimgw.cli.judging import How, Judged, judge_all
from claimgw.cli.output import print_json
from claimgw.cli.send import STDIN
from claimgw.cli.session import REFUSED, USAGE, refusing
from claimgw.cli.shown import show
from claimgw.conformance import Direction
from claimgw.errors import ConfigurationError

commands = typer.Typer()


@commands.command(
    epilog="Examples:\n\nclaimgw validate examples/claim-request-refused.json --all-stages\n\n"
    "claimgw validate claims --json\n\n"
    "jq .entry[3].resource claim.json | claimgw validate -"
)
def validate(
    places: Annotated[
        list[Path],
        typer.Argument(metavar="FILE|DIR|-...", help="Messages, folders of *.json, or standard input."),
    ],
    profile: Annotated[
        str | None,
        typer.Option(metavar="CANONICAL", help="Judge by this profile, whatever is declared."),
    ] = None,
    direction: Annotated[
        Direction | None,
        typer.Option(help="Whose message it is: a provider's request, an insurer's answer or notice."),
    ] = None,
    all_stages: Annotated[
        bool,
        typer.Option("--all-stages", help="Go on after a stage with errors; the gateway itself stops there."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check messages, or resources by themselves, as the gateway would.

    Exits with 1 if any of them would be refused, with 2 if one cannot be read.
    """
    with refusing():
        settings = read_settings()
        how = How(settings.packages, settings.codes, settings.versions, direction, profile, all_stages)
        files = [file for place in places for file in _files(place)]
        judged = list(_watched(judge_all(files, how), len(files)))
    if as_json:
        print_json([_as_json(one) for one in judged])
    else:
        show(judged)
    if any(one.verdict is None for one in judged):
        raise typer.Exit(USAGE)
    if not all(one.valid for one in judged):
        raise typer.Exit(REFUSED)


def _files(place: Path) -> Iterator[Path]:
    if str(place) != STDIN and place.is_dir():
        found = sorted(file for file in place.rglob("*.json") if not _is_hidden(file.relative_to(place)))
        if not found:
            raise ConfigurationError(f"{place} holds no *.json")
        yield from found
    else:
        yield place


def _is_hidden(file: Path) -> bool:
    """What stands in `.git` or `.venv` is not meant."""
    return any(part.startswith(".") for part in file.parts)


def _watched(judged: Iterator[Judged], count: int) -> Iterator[Judged]:
    """The first one starts the other processes: before there is a thread that draws the progress."""
    yield next(judged)
    yield from track(
        judged,
        description="Checking",
        total=count - 1,
        console=Console(stderr=True),
        transient=True,
        disable=count < 2 or not sys.stderr.isatty(),
    )


def _as_json(one: Judged) -> dict[str, Any]:
    if one.verdict is None:
        return {"file": one.file, "valid": False, "unread": one.unread, "findings": []}
    findings = [
        {
            **asdict(found),
            "line": excerpt.line if excerpt else None,
            "column": excerpt.column if excerpt else None,
        }
        for found, excerpt in zip(one.verdict.findings, one.excerpts, strict=True)
    ]
    return {
        "file": one.file,
        "valid": one.valid,
        "resource_type": one.verdict.resource_type or None,
        "errors": one.verdict.errors,
        "warnings": one.verdict.warnings,
        "information": one.verdict.information,
        "findings": findings,
    }
