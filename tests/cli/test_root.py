"""Does every command say what it is for, with an example?"""

from collections.abc import Iterator
from typing import Any

import pytest
import typer

import claimgw
from claimgw.cli.root import app
from tests.cli.console import Terminal

TERMINAL = Terminal("sqlite:////nowhere/at/all.db")


def commands(of: Any, *way: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command for people, and the words that lead to it. A trait tells groups: typer has its click."""
    if hasattr(of, "commands"):
        for name, inner in of.commands.items():
            if not inner.hidden:
                yield from commands(inner, *way, name)
    else:
        yield way, of


ALL = dict(commands(typer.main.get_command(app)))


def test_the_commands_are_those_of_the_issue() -> None:
    assert {way[0] for way in ALL} == {
        "serve", "worker", "nodes", "sandbox", "demo", "send", "poll", "delivered", "validate",
        "verdicts", "rules", "profiles", "participants", "operators", "delivery", "queue", "ledger", "alerts",
        "retention", "history", "severity", "db",
    }  # fmt: skip


@pytest.mark.parametrize("way", ALL, ids=" ".join)
def test_every_command_has_help_with_an_example(way: tuple[str, ...]) -> None:
    told = TERMINAL.type(*way, "--help")
    assert ALL[way].help
    assert "Example" in told
    assert f"claimgw {' '.join(way)}" in " ".join(told.split()) or "claimgw --database" in told


def test_the_version_is_told() -> None:
    assert TERMINAL.type("--version") == f"claimgw {claimgw.__version__}\n"
