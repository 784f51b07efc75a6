"""How is a result shown: as a table to people, as JSON to machines?"""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text


def print_json(value: Any) -> None:
    """One JSON document on stdout; moments are ISO 8601 in UTC."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False, default=_write))


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], empty: str) -> None:
    """A table, or the sentence `empty` where there is no row."""
    table = Table(title=title, title_justify="left", header_style="bold")
    for position, column in enumerate(columns):
        # The first names the row, and is there to be copied.
        table.add_column(column, overflow="fold", no_wrap=position == 0)
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    if table.row_count:
        Console().print(table)
    else:
        print_line(empty)


def print_fields(title: str, fields: Iterable[tuple[str, object]]) -> None:
    """One thing, a line for each of its fields."""
    table = Table(title=title, title_justify="left", show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in fields:
        table.add_row(name, _cell(value))
    Console().print(table)


def print_line(text: str) -> None:
    """A sentence, not broken at the width of the terminal: it may hold a key to be copied."""
    Console().print(Text(text), soft_wrap=True)


def _cell(value: object) -> Text:
    """Never markup: names are typed in by others."""
    if value is None:
        return Text("–", style="dim")
    if isinstance(value, bool):
        return Text("yes" if value else "no")
    if isinstance(value, list | tuple):
        return Text(", ".join(map(str, value)))
    if isinstance(value, datetime):
        return Text(f"{value:%Y-%m-%d %H:%M} UTC")
    return Text(str(value))


def _write(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    raise TypeError(f"{type(value).__name__} is not for machines")
