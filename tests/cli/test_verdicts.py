"""Does the command compare a folder's requests with what the server said of them?"""

import json
from pathlib import Path

import pytest

from tests.cli.console import Terminal
from tests.conformance.sample import claim, resource


@pytest.fixture
def terminal() -> Terminal:
    return Terminal("sqlite:////nowhere/at/all.db")


def _folder(tmp_path: Path) -> str:
    wrong = claim()
    resource(wrong, 1)["total"]["value"] = 11
    (tmp_path / "right.json").write_text(json.dumps(claim()))
    (tmp_path / "wrong.json").write_text(json.dumps(wrong))
    rows = [
        "request\tresponse\tresponse_code\toutcome_or_status\terrors",
        "right.json\ta.json\tok\tcomplete\t",
        "wrong.json\tb.json\tok\terror\tBV-00059@bundle.entry[1].resource.total; BV-00725@bundle.entry[1]",
    ]
    (tmp_path / "pairs.tsv").write_text("\n".join(rows) + "\n")
    return str(tmp_path)


def test_machines_get_the_totals(terminal: Terminal, tmp_path: Path) -> None:
    told = json.loads(terminal.type("verdicts", _folder(tmp_path), "--json"))
    assert told["accepted"] == {"total": 1, "refused_by_us": []}
    assert told["refused"] == {"total": 1, "accepted_by_us": []}
    assert told["findings"] == {"server": 1, "found": 1, "ours": 1, "extra": 0}
    assert [one["code"] for one in told["excluded"]] == ["BV-00725"]
    assert told["files"]["wrong.json"]["both"] == ["BV-00059@bundle.entry[1].resource.total"]


def test_a_person_reads_what_agrees_and_what_does_not(terminal: Terminal, tmp_path: Path) -> None:
    told = terminal.type("verdicts", _folder(tmp_path))
    assert "right.json: server accepted, we accepted" in told
    assert "1 of 1 found" in told


def test_a_folder_without_the_table_is_named(terminal: Terminal, tmp_path: Path) -> None:
    assert "pairs.tsv" in terminal.type("verdicts", str(tmp_path), code=2)
