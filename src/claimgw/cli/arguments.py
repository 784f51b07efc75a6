"""What may be written behind a command?"""

import json
from collections.abc import Iterable, Mapping
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
    """NAME=VALUE, the value as JSON where it is JSON, and else as text. A dotted NAME lies within another."""
    values: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise typer.BadParameter(f"{text!r}: write NAME=VALUE", param_hint="--set")
        try:
            read = json.loads(value)
        except ValueError:
            read = value
        values = overlaid(values, _nested(name, read))
    return values


def overlaid(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """The one with what the other says laid over it, member by member."""
    values = dict(under)
    for name, value in over.items():
        known = values.get(name)
        if isinstance(known, Mapping) and isinstance(value, Mapping):
            value = overlaid(known, value)
        values[name] = value
    return values


def without(values: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """The rest of it; a dotted name takes out a member of a member."""
    left = dict(values)
    for name in names:
        outer, _, inner = name.partition(".")
        if inner and isinstance(left.get(outer), Mapping):
            left[outer] = without(left[outer], [inner])
        elif not inner:
            left.pop(outer, None)
    return left


def _nested(name: str, value: Any) -> dict[str, Any]:
    outer, _, inner = name.partition(".")
    return {outer: _nested(inner, value) if inner else value}


LicenceArgument = Annotated[
    str, typer.Argument(parser=licence, metavar="LICENCE", help="provider:NUMBER or payer:NUMBER.")
]
LicenceArguments = Annotated[
    list[str], typer.Argument(parser=licence, metavar="LICENCE...", help="Whom it may speak for.")
]
By = Annotated[
    str,
    typer.Option("--by", envvar="CLAIMGW_OPERATOR", parser=note, metavar="NAME", help="Who does this."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")]
