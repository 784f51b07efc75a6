"""Are messages checked without a gateway, and the faults shown with place and advice?"""

import json
import re
import shutil
from pathlib import Path

import pytest

from tests.cli.console import Terminal
from tests.gateway import EXAMPLES, example


@pytest.fixture
def terminal() -> Terminal:
    return Terminal("sqlite:////nowhere/at/all.db")


def test_a_folder_is_checked_file_by_file(terminal: Terminal, tmp_path: Path) -> None:
    messages = list(EXAMPLES.glob("*.json"))
    for file in messages:
        shutil.copy(file, tmp_path)
    checked = terminal.type("validate", str(tmp_path), code=1)
    refused = sum("refused" in file.stem for file in messages)
    assert f"{len(messages) - refused} of {len(messages)} would be accepted, {refused} refused." in checked
    assert "error FR-00027 claim-request-refused.json:108:22 Bundle.entry[1].resource.visitMood" in checked
    assert "Not checked" not in checked  # counted, and told of a single file
    assert re.search(r"│ 2 +│ 0 +│ 3 +│ .*claim-request-refused.json", checked)
    assert re.search(r"│ FR-00027 +│ 1 +│ 1 +│ FHIR R4 has no such element", checked)


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
        "line",
        "column",
    }
    assert row["findings"][0]["code"] == "FR-00027"
    assert (row["findings"][0]["line"], row["findings"][0]["column"]) == (108, 22)
    assert (row["resource_type"], row["errors"], row["information"]) == ("Bundle", 2, 3)


def test_all_stages_show_more_than_the_gateway_would(terminal: Terminal) -> None:
    file = str(EXAMPLES / "claim-request-refused.json")
    staged = json.loads(terminal.type("validate", file, "--json", code=1))
    whole = json.loads(terminal.type("validate", file, "--all-stages", "--json", code=1))
    assert len(whole[0]["findings"]) > len(staged[0]["findings"])


def test_standard_input_is_read(terminal: Terminal) -> None:
    assert "1 of 1" in terminal.type("validate", "-", stdin=example("poll-request").decode())
    told = terminal.type("validate", "-", stdin='{"resourceType":', code=1)
    assert told.startswith("standard input: 1 error")
    assert "error GE-00013 -:1:17" in told


def test_what_is_not_there_is_written_wrong(terminal: Terminal, tmp_path: Path) -> None:
    assert "cannot be read" in terminal.type("validate", str(tmp_path / "none.json"), code=2)
    assert "holds no *.json" in terminal.type("validate", str(tmp_path), code=2)


def test_folders_in_folders_are_looked_through(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    shutil.copy(EXAMPLES / "poll-request.json", tmp_path / "deep" / "er" / "one.json")
    hidden = tmp_path / ".git"
    hidden.mkdir()
    (hidden / "config.json").write_text("{}")
    assert "1 of 1" in terminal.type("validate", str(tmp_path))


def test_a_fault_is_shown_at_its_place_with_what_is_to_be_done(terminal: Terminal) -> None:
    told = terminal.type("validate", str(EXAMPLES / "claim-request-refused.json"), code=1)
    assert (
        """
error FR-00027 claim-request-refused.json:108:22 Bundle.entry[1].resource.visitMood
  106 │ },
  107 │ "use": "claim",
  108 │ "visitMood": "cheerful",
      │              ^^^^^^^^^^
  109 │ "patient": {
        FHIR R4 has no such element.
        Remove the element or correct its name.
"""
        in told
    )
    assert "Not checked: 1 code of http://snomed.info/sct" in told


@pytest.mark.parametrize("width", [40, 80, 120])
def test_a_message_on_one_line_is_shown_around_the_fault(width: int, tmp_path: Path) -> None:
    tree = json.loads(example("claim-request-refused"))
    tree["entry"][1]["resource"]["language"] = "عيادة" * 50
    (tmp_path / "one.json").write_text(json.dumps(tree, ensure_ascii=False))
    narrow = Terminal("sqlite:////nowhere", COLUMNS=str(width))
    lines = narrow.type("validate", str(tmp_path / "one.json"), code=1).splitlines()
    [at] = [number for number, line in enumerate(lines) if '"visitMood": "cheerful"' in line]
    assert len(lines[at]) <= width
    assert lines[at].startswith("  1 │ …")
    assert lines[at + 1].index("^") == lines[at].index('"cheerful"')
    assert lines[at + 1].count("^") == len('"cheerful"')


def test_a_resource_alone_is_judged_by_the_profile_that_is_named(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "patient.json").write_text('{"resourceType": "Patient"}')
    file = str(tmp_path / "patient.json")
    [plain] = json.loads(terminal.type("validate", file, "--json", code=1))
    profile = "http://nphies.sa/fhir/ksa/nphies-fs/StructureDefinition/patient|1.0.0"
    [judged] = json.loads(terminal.type("validate", file, "--profile", profile, "--json", code=1))
    assert len(judged["findings"]) > len(plain["findings"])
    assert all(found["path"].startswith("Patient") for found in judged["findings"])
    told = terminal.type("validate", file, "--profile", "http://nowhere.example", code=2)
    assert profile in told


def test_the_direction_may_be_given(terminal: Terminal) -> None:
    file = str(EXAMPLES / "claim-request-professional.json")
    terminal.type("validate", file, "--direction", "answer")
    terminal.type("validate", file, "--direction", "sideways", code=2)


def test_a_file_that_cannot_be_read_does_not_hide_the_others(terminal: Terminal, tmp_path: Path) -> None:
    shutil.copy(EXAMPLES / "claim-request-refused.json", tmp_path / "b.json")
    (tmp_path / "a.json").symlink_to(tmp_path / "nowhere")
    told = terminal.type("validate", str(tmp_path), code=2)
    assert "error FR-00027" in told
    assert "0 of 2 would be accepted, 1 refused, 1 cannot be read." in told
    rows = json.loads(terminal.type("validate", str(tmp_path), "--json", code=2))
    assert [(row["valid"], "cannot be read" in row.get("unread", "")) for row in rows] == [
        (False, True),
        (False, False),
    ]


def test_many_files_are_judged_by_several_processes_in_their_order(
    terminal: Terminal, tmp_path: Path
) -> None:
    raw = {"sound": example("poll-request"), "faulty": example("claim-request-refused")}
    for number in range(140):
        kind = "faulty" if number % 70 == 0 else "sound"
        (tmp_path / f"{number:03}.json").write_bytes(raw[kind])
    rows = json.loads(terminal.type("validate", str(tmp_path), "--json", code=1))
    assert [Path(row["file"]).stem for row in rows] == [f"{number:03}" for number in range(140)]
    assert [number for number, row in enumerate(rows) if not row["valid"]] == [0, 70]
