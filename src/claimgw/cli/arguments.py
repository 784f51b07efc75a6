"""What may be written behind a command?"""

import json
from datetime import UTC, date, datetime
from typing import Annotated, Any

import typer

from claimgw.messages.identifiers import Licence

LONGEST_NOTE = 120


def licence(text: str) -> str:
    """A licence as it is kept. TPAs carry payer licences."""
    try:
        parsed = Licence.parse(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no licence; write provider:NUMBER or payer:NUMBER") from None
    return str(parsed)


def day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no day; write 2026-12-31") from None


def moment(text: str) -> datetime:
    """A day means its beginning; without a zone it is UTC."""
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no moment; write 2026-12-31 or 2026-12-31T23:59Z") from None
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


def note(text: str) -> str:
    """A few words for people."""
    if len(text) > LONGEST_NOTE or not text.isprintable():
        raise typer.BadParameter(f"at most {LONGEST_NOTE} characters, none of them a control character")
    return text


def assignments(texts: list[str]) -> dict[str, Any]:
    """NAME=VALUE, the value as JSON where it is JSON, and else as text."""
    values = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise typer.BadParameter(f"{text!r}: write NAME=VALUE", param_hint="--set")
        try:
            values[name] = json.loads(value)
        except ValueError:
            values[name] = value
    return values


LicenceArgument = Annotated[
    str, typer.Argument(parser=licence, metavar="LICENCE", help="provider:NUMBER or payer:NUMBER.")
]
LicenceArguments = Annotated[
    list[str], typer.Argument(parser=licence, metavar="LICENCE...", help="Whom it may speak for.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")]
