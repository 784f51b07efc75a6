"""How does a test type a command?"""

import json
from typing import Any

import typer
from typer.testing import CliRunner

from claimgw.cli.operators import operators_app
from claimgw.cli.participants import participants_app

_app = typer.Typer()
_app.add_typer(participants_app)
_app.add_typer(operators_app)


class Terminal:
    """Commands against the database at one address."""

    def __init__(self, address: str) -> None:
        self._runner = CliRunner(env={"CLAIMGW_DATABASE": address, "COLUMNS": "200", "NO_COLOR": "1"})

    def type(self, *words: str, stdin: str = "", code: int = 0) -> str:
        """What was printed, after looking that the command ended with that code."""
        result = self._runner.invoke(_app, words, input=stdin)
        assert result.exit_code == code, result.output
        return result.output

    def read(self, *words: str) -> Any:
        """The JSON that the command printed."""
        return json.loads(self.type(*words, "--json"))
