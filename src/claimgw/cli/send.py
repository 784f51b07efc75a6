"""How are messages sent from the command line, and what came back?"""

import asyncio
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from claimgw.cli.arguments import AsJson
from claimgw.cli.connection import DEFAULT_URL, Authority, Certificate, CertificateKey, Key, Tries, Url, Way
from claimgw.cli.output import print_json, print_line, print_table
from claimgw.cli.session import REFUSED, refusing
from claimgw.client import Answer
from claimgw.errors import ConfigurationError
from claimgw.messages.findings import Finding

commands = typer.Typer()

STDIN = "-"

Files = Annotated[
    list[Path], typer.Argument(metavar="FILE...", help="Messages, as JSON; '-' reads standard input.")
]


@dataclass(frozen=True, slots=True)
class _Sent:
    """One row: a file and its answer."""

    file: str
    answer: Answer


@commands.command(
    epilog="Examples:\n\nCLAIMGW_KEY=cgw_… claimgw send examples/claim-request-professional.json\n\n"
    "claimgw send *.json --url https://gateway.example --certificate me.pem --certificate-key me.key\n\n"
    "jq .message export.json | claimgw send -"
)
def send(
    files: Files,
    url: Url = DEFAULT_URL,
    key: Key = None,
    certificate: Certificate = None,
    certificate_key: CertificateKey = None,
    authority: Authority = None,
    tries: Tries = 5,
    as_json: AsJson = False,
) -> None:
    """Send messages as they are, one after the other. Exits with 1 if any was refused."""
    way = Way(url, key, certificate, certificate_key, authority, tries)
    with refusing():
        messages = [(str(file), read_file(file)) for file in files]
        sent = asyncio.run(_send_all(way, messages))
    if as_json:
        print_json([_as_json(one) for one in sent])
    else:
        _show(sent)
    if any(one.answer.refused for one in sent):
        raise typer.Exit(REFUSED)


def read_file(file: Path) -> bytes:
    """The bytes of a file, or of standard input for '-'. Raises ConfigurationError."""
    if str(file) == STDIN:
        return sys.stdin.buffer.read()
    try:
        return file.read_bytes()
    except OSError as fault:
        raise ConfigurationError(f"{file} cannot be read: {fault.strerror}") from fault


async def _send_all(way: Way, messages: list[tuple[str, bytes]]) -> list[_Sent]:
    async with way.client() as client:
        return [_Sent(name, await client.send(raw)) for name, raw in messages]


def author(answer: Answer) -> str:
    """Who wrote it: the gateway, or the licence that did."""
    if answer.by_gateway or answer.envelope is None:
        return "gateway"
    return str(answer.envelope.sender or "unknown")


def told(answer: Answer) -> str:
    """The outcome in one word or two, whatever kind of answer it is."""
    if answer.outcome is None:
        response = (answer.envelope.response or {}) if answer.envelope else {}
        return str(response.get("code") or ("refused" if answer.refused else "–"))
    return f"{answer.outcome}, {answer.adjudication}" if answer.adjudication else answer.outcome


def print_finding(file: str, found: Finding) -> None:
    """One fault on one line: where it is, what it is, what to do."""
    hint = f" {found.hint}." if found.hint else ""
    print_line(f"{file}: {found.code} at {found.path or 'the message'}: {found.text}.{hint}")


def _show(sent: list[_Sent]) -> None:
    print_table(
        "Answers",
        ["file", "HTTP", "event", "outcome", "written by", "findings"],
        [
            (
                Path(one.file).name,
                one.answer.status,
                one.answer.event or "OperationOutcome",
                told(one.answer),
                author(one.answer),
                len(one.answer.findings) or None,
            )
            for one in sent
        ],
        "",
    )
    for one in sent:
        for found in one.answer.findings:
            print_finding(one.file, found)
        if one.answer.disposition:
            print_line(f"{one.file}: {one.answer.disposition}")
    if any(one.answer.more for one in sent):
        print_line("Messages are waiting: fetch them with 'claimgw poll LICENCE'.")


def _as_json(one: _Sent) -> dict[str, Any]:
    answer = one.answer
    return {
        "file": one.file,
        "status": answer.status,
        "event": answer.event,
        "outcome": answer.outcome,
        "adjudication": answer.adjudication,
        "disposition": answer.disposition,
        "written_by": author(answer),
        "refused": answer.refused,
        "more": answer.more,
        "findings": [asdict(found) for found in answer.findings],
    }
