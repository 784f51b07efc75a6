"""How does a test type a command?"""

import json
from typing import Any

from typer.main import get_command
from typer.testing import CliRunner

from claimgw.cli.root import app

# Typer's own runner puts all commands together for each that is typed, which takes as long as to run one.
_COMMANDS = get_command(app)


class Terminal:
    """Commands against the database at one address; more settings by the names of their variables."""

    def __init__(self, address: str, **settings: str) -> None:
        self._runner = CliRunner(
            env={"CLAIMGW_DATABASE": address, "COLUMNS": "200", "NO_COLOR": "1", **settings}
        )

    def type(self, *words: str, stdin: str = "", code: int = 0) -> str:
        """What was printed, after looking that the command ended with that code."""
        ended: str | int | None = 0
        with self._runner.isolation(input=stdin) as (_, _, printed):
            try:
                _COMMANDS.main(args=words, prog_name="claimgw")
            except SystemExit as end:
                ended = end.code or 0
            output = printed.getvalue().decode()
        assert ended == code, output
        return output

    def read(self, *words: str) -> Any:
        """The JSON that the command printed."""
        return json.loads(self.type(*words, "--json"))
