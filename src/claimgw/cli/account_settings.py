"""Which settings may a participant have, and what do they mean?"""

from typing import Any

import typer
from pydantic import BaseModel

from claimgw.access.participants import ParticipantSettings
from claimgw.cli.arguments import AsJson
from claimgw.cli.output import print_json, print_table

commands = typer.Typer()


@commands.command(epilog="Example: claimgw participants settings")
def settings(as_json: AsJson = False) -> None:
    """List the settings that --set knows, with their defaults."""
    known = explained(ParticipantSettings.read({}))
    if as_json:
        print_json(
            {name: {"default": default, "help": meaning} for name, (default, meaning) in known.items()}
        )
        return
    rows = [(name, default, meaning) for name, (default, meaning) in known.items()]
    print_table("Settings of a participant", ["name", "default", "meaning"], rows, "")


def explained(settings_: BaseModel, before: str = "") -> dict[str, tuple[Any, str | None]]:
    """By name the value, as JSON, and what it means; what lies within another setting has a dotted name."""
    found: dict[str, tuple[Any, str | None]] = {}
    values = settings_.model_dump(mode="json")
    for name, field in type(settings_).model_fields.items():
        inner = getattr(settings_, name)
        if isinstance(inner, BaseModel):
            found |= explained(inner, f"{before}{name}.")
        else:
            found[before + name] = (values[name], field.description)
    return found
