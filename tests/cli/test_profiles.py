"""Does `claimgw profiles` list what is loaded, and refuse what cannot be?"""

import asyncio
import json
from pathlib import Path

import pytest

from claimgw.cli.configuration import read_settings
from claimgw.cli.serve import may_start
from claimgw.errors import ConfigurationError
from claimgw.messages.identifiers import CODES, DEFINITIONS
from tests.cli.console import Terminal
from tests.gateway import EXAMPLES

_NOWHERE = "sqlite:////nowhere/at/all.db"


def _package(folder: Path) -> Path:
    folder.mkdir()
    (folder / "package.json").write_text(json.dumps({"name": "house", "version": "2.0.0"}))
    definition = {
        "resourceType": "StructureDefinition",
        "url": "http://house.example/StructureDefinition/short-coverage",
        "version": "2.0.0",
        "kind": "resource",
        "abstract": False,
        "type": "Coverage",
        "derivation": "constraint",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Coverage",
        "differential": {"element": [{"id": "Coverage", "path": "Coverage"}]},
    }
    (folder / "short-coverage.json").write_text(json.dumps(definition))
    return folder


def test_what_is_shipped_is_listed() -> None:
    told = Terminal(_NOWHERE).read("profiles")
    assert {(one["version"], one["shipped"]) for one in told["packages"]} == {
        ("1.0.0", True),
        ("0.3.0", True),
        ("4.0.1", True),
    }
    assert {DEFINITIONS + "task|1.0.0", DEFINITIONS + "poll-request|0.3.0"} <= set(told["profiles"]["Task"])
    assert told["codes"] == {}


def test_the_packages_and_code_lists_of_the_settings_are_listed_beside_them(tmp_path: Path) -> None:
    (tmp_path / "procedures.csv").write_text("code,display\n1-2,Something\n")
    folder = _package(tmp_path / "house")
    terminal = Terminal(
        _NOWHERE,
        CLAIMGW_PACKAGES=str(folder),
        CLAIMGW_CODES=str(tmp_path / "procedures.csv"),
        CLAIMGW_VERSIONS="1.0.0",
    )
    told = terminal.read("profiles")
    assert [one["version"] for one in told["packages"]] == ["4.0.1", "1.0.0", "2.0.0"]
    assert told["packages"][2]["folder"] == str(folder)
    assert told["codes"] == {CODES + "procedures": 1}
    assert "short-coverage" in terminal.type("profiles", "Coverage")
    assert str(folder) in terminal.type("profiles").replace("\n", "")


def test_a_type_without_profiles_is_not_found() -> None:
    assert "no profile of Basic" in Terminal(_NOWHERE).type("profiles", "Basic", code=2)
    assert "refused" in Terminal(_NOWHERE).type("profiles", "Observation")


@pytest.fixture(params=["codes", "packages", "versions"])
def unusable(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str, str]:
    """A setting, its value, and what is said of it."""
    (tmp_path / "list.csv").write_text("number\n1\n")
    (tmp_path / "empty").mkdir()
    value, told = {
        "codes": (str(tmp_path / "list.csv"), "line 1: no column is called code"),
        "packages": (str(tmp_path / "empty"), "no package.json"),
        "versions": ("9.9.9", "9.9.9 does not come with claimgw"),
    }[request.param]
    return request.param, value, told


@pytest.mark.parametrize("command", [("profiles",), ("validate", str(EXAMPLES / "poll-request.json"))])
def test_what_cannot_be_used_is_written_wrong(
    unusable: tuple[str, str, str], command: tuple[str, ...]
) -> None:
    name, value, told = unusable
    assert told in Terminal(_NOWHERE, **{f"CLAIMGW_{name.upper()}": value}).type(*command, code=2)


async def test_what_cannot_be_used_is_told_before_the_gateway_starts(
    unusable: tuple[str, str, str],
) -> None:
    name, value, told = unusable
    with pytest.raises(ConfigurationError, match=told):
        await may_start(read_settings(database=_NOWHERE, open=True, **{name: value}), asyncio.Event())
