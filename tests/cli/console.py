"""How does a test type a command?"""

import json
from typing import Any

from typer.testing import CliRunner

from claimgw.cli.root import app


class Terminal:
    """Commands against the database at one address; more settings by the names of their variables."""

    def __init__(self, address: str, **settings: str) -> None:
        self._runner = CliRunner(
            env={"CLAIMGW_DATABASE": address, "COLUMNS": "200", "NO_COLOR": "1", **settings}
        )

    def type(self, *words: str, stdin: str = "", code: int = 0) -> str:
        """What was printed, after looking that the command ended with that code."""
        result = self._runner.invoke(app, words, input=stdin)
        assert result.exit_code == code, result.output
        return result.output

    def read(self, *words: str) -> Any:
        """The JSON that the command printed."""
        return json.loads(self.type(*words, "--json"))
