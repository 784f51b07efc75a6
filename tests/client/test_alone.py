"""Does the SDK work where nothing but its own dependencies is installed?"""

import subprocess
import sys
from importlib.metadata import packages_distributions, requires

import pytest

# Runs in a process of its own: what is imported here already could not be hidden any more.
HIDING = """
import importlib, pkgutil, sys

class Hide:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in HIDDEN:
            raise ModuleNotFoundError(f"{name} is hidden", name=name.partition(".")[0])

sys.meta_path.insert(0, Hide())
"""


def _server_packages() -> set[str]:
    """The modules that only the extra `server` brings."""
    wanted = {
        row.partition(";")[0].strip().split("[")[0].split(">")[0].lower()
        for row in requires("claimgw") or ()
        if "extra == 'server'" in row
    }
    return {
        module
        for module, distributions in packages_distributions().items()
        if wanted & {name.lower() for name in distributions}
    }


def alone(program: str) -> str:
    """The program, as it runs where the server's packages are not installed."""
    return f"HIDDEN = {_server_packages()!r}\n{HIDING}\n{program}"


def _run(program: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-c", alone(program)], capture_output=True, text=True, check=False)


def test_what_is_hidden_is_the_server() -> None:
    hidden = _server_packages()
    assert {"fastapi", "sqlalchemy", "alembic", "uvicorn", "typer", "rich", "structlog", "argon2"} <= hidden
    assert not hidden & {"httpx", "msgspec", "tenacity", "pydantic", "fhir"}


@pytest.mark.parametrize("room", ["claimgw.client", "claimgw.messages", "claimgw.conformance"])
def test_every_module_of_the_sdk_can_be_imported_without_the_server(room: str) -> None:
    done = _run(
        f"room = importlib.import_module({room!r})\n"
        "for found in pkgutil.walk_packages(room.__path__, room.__name__ + '.'):\n"
        "    importlib.import_module(found.name)\n"
    )
    assert done.returncode == 0, done.stderr


def test_the_command_line_says_what_it_lacks() -> None:
    done = _run("from claimgw.cli import main\nmain()\n")
    assert done.returncode == 1
    assert "pip install 'claimgw[server]'" in done.stderr
    assert "Traceback" not in done.stderr
