"""Do the commands on an insurer's hours show, replace and interrupt them?"""

import json
from pathlib import Path

import pytest

from claimgw.store.database import Database
from claimgw.store.participants import add_participant
from tests.access.registered import insurer, provider
from tests.cli.console import Terminal

WHO = "payer:INS-2001"
OFFICE = {"sunday-thursday": ["09:00-17:00"]}


@pytest.fixture
async def terminal(address: str, database: Database) -> Terminal:
    async with database.write() as unit:
        await add_participant(unit, provider())
        await add_participant(unit, insurer(endpoint="https://ins.example/$process-message"))
    return Terminal(address)


def test_an_insurer_without_hours_is_always_open(terminal: Terminal) -> None:
    assert f"{WHO} is accepting at any time (Asia/Riyadh)." in terminal.type("participants", "hours", WHO)
    shown = terminal.read("participants", "hours", WHO)
    assert (shown["accepting"], shown["next_change"], shown["hours"]) == (True, None, {})


def test_hours_are_replaced_by_a_file_and_changed_one_by_one(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "hours.json"
    file.write_text(
        json.dumps({"zone": "Europe/Berlin", "weekly": OFFICE, "holidays": {"2027-01-02": "rest"}})
    )
    shown = terminal.read("participants", "hours", WHO, "--file", str(file))
    assert shown["hours"]["weekly"]["thursday"] == ["09:00-17:00"]
    changes = ("--set", "hours.country=DE", "--set", 'hours.weekly={"thursday": []}', "--unset", "hours.zone")
    terminal.type("participants", "change", WHO, *changes)
    hours = terminal.read("participants", "hours", WHO)["hours"]
    assert list(hours["weekly"]) == ["sunday", "monday", "tuesday", "wednesday"]
    assert (hours["country"], hours["holidays"], "zone" in hours) == ("DE", {"2027-01-02": "rest"}, False)
    assert "09:00-17:00" in terminal.type("participants", "hours", WHO)
    terminal.type("participants", "change", WHO, "--unset", "hours")
    assert terminal.read("participants", "hours", WHO)["hours"] == {}


def test_an_insurer_is_closed_once_and_opened_again(terminal: Terminal) -> None:
    close = ("participants", "close", WHO, "--reason", "moving house")
    terminal.type(*close, "--from", "2020-01-01", "--to", "2020-01-02")
    told = terminal.type(*close, "--from", "2020-01-03", "--to", "2100-01-01T09:00", "--by", "amal")
    assert "not accepting at the moment; no opening is known" in told
    assert "Closed from 2020-01-03 00:00 to 2100-01-01 09:00: moving house." in told
    shown = terminal.read("participants", "reopen", WHO)
    assert shown["accepting"] is True
    assert [one["ends"] for one in shown["hours"]["closures"]] == ["2020-01-03T00:00"]
    made = terminal.read("participants", "history", WHO)
    assert [change["by"] for change in made] == ["command line", "amal", "command line"]


def test_what_cannot_be_is_refused(terminal: Terminal) -> None:
    days = ("--from", "2026-01-01", "--to", "2026-01-02")
    for words, told, code in (
        ((WHO, "--from", "2026-01-02", "--to", "2026-01-01"), "ends must lie after begins", 2),
        ((WHO, "--from", "tomorrow", "--to", "2026-01-01"), "'tomorrow': write 2026-12-31T17:00", 2),
        (("provider:PR-1001", *days), "only insurers and TPAs", 2),
        (("payer:INS-9", *days), "is not registered", 1),
    ):
        assert told in terminal.type("participants", "close", *words, "--reason", "x", code=code)


def test_a_file_that_is_no_json_or_no_hours_is_refused(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "hours.json"
    file.write_text("sunday")
    assert "no JSON" in terminal.type("participants", "hours", WHO, "--file", str(file), code=2)
    file.write_text('{"weekly": {"sunday": ["9-17"]}}')
    told = terminal.type("participants", "hours", WHO, "--file", str(file), code=2)
    assert "hours.weekly.sunday.0: '9-17' is no span" in told
