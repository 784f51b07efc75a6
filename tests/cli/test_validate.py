"""Are messages checked without a gateway, and the faults shown with place and advice?"""

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.console import Terminal
from tests.gateway import EXAMPLES, example


@pytest.fixture
def terminal() -> Terminal:
    return Terminal("sqlite:////nowhere/at/all.db")


def test_a_folder_is_checked_file_by_file(terminal: Terminal, tmp_path: Path) -> None:
    messages = list(EXAMPLES.glob("*.json"))  # examples/faults holds patches, no messages
    for file in messages:
        shutil.copy(file, tmp_path)
    checked = terminal.type("validate", str(tmp_path), code=1)
    assert f"{len(messages) - 1} of {len(messages)} would be accepted, 1 refused." in checked
    assert "claim-request-refused.json: FR-00027 at Bundle.entry[1].resource.visitMood:" in checked


def test_a_sound_message_ends_well(terminal: Terminal) -> None:
    assert "1 of 1 would be accepted" in terminal.type("validate", str(EXAMPLES / "poll-request.json"))


def test_machines_get_every_finding(terminal: Terminal) -> None:
    told = terminal.type("validate", str(EXAMPLES / "claim-request-refused.json"), "--json", code=1)
    [row] = json.loads(told)
    assert row["valid"] is False
    assert set(row["findings"][0]) == {
        "code",
        "path",
        "text",
        "hint",
        "severity",
        "source",
        "companions",
    }
    assert row["findings"][0]["code"] == "FR-00027"


def test_all_stages_show_more_than_the_gateway_would(terminal: Terminal) -> None:
    file = str(EXAMPLES / "claim-request-refused.json")
    staged = json.loads(terminal.type("validate", file, "--json", code=1))
    whole = json.loads(terminal.type("validate", file, "--all-stages", "--json", code=1))
    assert len(whole[0]["findings"]) > len(staged[0]["findings"])


def test_standard_input_is_read(terminal: Terminal) -> None:
    assert "1 of 1" in terminal.type("validate", "-", stdin=example("poll-request").decode())
    assert "GE-00013" in terminal.type("validate", "-", stdin="{", code=1)


def test_what_is_not_there_is_written_wrong(terminal: Terminal, tmp_path: Path) -> None:
    assert "cannot be read" in terminal.type("validate", str(tmp_path / "none.json"), code=2)
    assert "holds no *.json" in terminal.type("validate", str(tmp_path), code=2)


def test_folders_in_folders_are_looked_through(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    shutil.copy(EXAMPLES / "poll-request.json", tmp_path / "deep" / "er" / "one.json")
    assert "1 of 1" in terminal.type("validate", str(tmp_path))
