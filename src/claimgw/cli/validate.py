"""What is wrong with these messages? Checked on this machine, without a gateway."""

import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import track

from claimgw.cli.arguments import AsJson
from claimgw.cli.configuration import read_settings
from claimgw.cli.output import print_json, print_line
from claimgw.cli.send import STDIN, print_finding, read_file
from claimgw.cli.session import REFUSED, refusing
from claimgw.clock import SystemClock
from claimgw.conformance import check, direction_of
from claimgw.conformance.loading import load
from claimgw.conformance.unchecked import unchecked
from claimgw.conformance.validator.schemas import Schemas
from claimgw.errors import ConfigurationError
from claimgw.messages.envelope import read
from claimgw.messages.findings import Finding, Severity, errors

commands = typer.Typer()


@dataclass(frozen=True, slots=True)
class _Checked:
    """One file and all that was found."""

    file: str
    findings: list[Finding]

    @property
    def valid(self) -> bool:
        return not errors(self.findings)


@commands.command(
    epilog="Examples:\n\nclaimgw validate examples\n\nclaimgw validate claim.json --all-stages\n\n"
    "jq .message export.json | claimgw validate - --json"
)
def validate(
    places: Annotated[
        list[Path],
        typer.Argument(metavar="FILE|DIR|-...", help="Messages, folders of *.json, or standard input."),
    ],
    all_stages: Annotated[
        bool,
        typer.Option("--all-stages", help="Go on after a stage with errors; the gateway itself stops there."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check messages as the gateway would. Exits with 1 if any of them would be refused."""
    with refusing():
        settings = read_settings()
        schemas = load(settings.packages, settings.codes, settings.versions)
        files = [file for place in places for file in _files(place)]
        watched = Console(stderr=True)
        checked = [
            _check(file, schemas, all_stages)
            for file in track(
                files,
                description="Checking",
                console=watched,
                transient=True,
                disable=len(files) < 2 or not sys.stderr.isatty(),
            )
        ]
    if as_json:
        print_json([_as_json(one) for one in checked])
    else:
        _show(checked)
    if not all(one.valid for one in checked):
        raise typer.Exit(REFUSED)


def _files(place: Path) -> Iterator[Path]:
    if str(place) != STDIN and place.is_dir():
        found = sorted(place.rglob("*.json"))
        if not found:
            raise ConfigurationError(f"{place} holds no *.json")
        yield from found
    else:
        yield place


def _check(file: Path, schemas: Schemas, all_stages: bool) -> _Checked:
    envelope = read(read_file(file))
    if isinstance(envelope, Finding):
        return _Checked(str(file), [envelope])
    direction = direction_of(envelope.event)
    now = SystemClock().now()
    found = check(envelope, now, direction=direction, all_stages=all_stages, schemas=schemas)
    return _Checked(str(file), [*found, *unchecked(envelope, schemas.terminology)])


def _show(checked: list[_Checked]) -> None:
    for one in checked:
        for found in one.findings:
            mark = "" if found.severity is Severity.ERROR else f" ({found.severity})"
            print_finding(f"{one.file}{mark}", found)
    faulty = sum(not one.valid for one in checked)
    sound = len(checked) - faulty
    print_line(f"{sound} of {len(checked)} would be accepted, {faulty} refused.")


def _as_json(one: _Checked) -> dict[str, Any]:
    return {"file": one.file, "valid": one.valid, "findings": [asdict(found) for found in one.findings]}
