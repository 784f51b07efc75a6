"""Can an operator change a rule, give a grace, see it and take it back?"""

from datetime import timedelta

import pytest

from claimgw.clock import SystemClock
from claimgw.conformance.severity import day_of
from tests.cli.console import Terminal

_TODAY = day_of(SystemClock().now())
_NEXT_WEEK = _TODAY + timedelta(days=7)
_WHY = ("--owner", "Faisal", "--reason", "release 4.2")


@pytest.fixture
def terminal(address: str) -> Terminal:
    return _with_an_insurer(address)


@pytest.fixture(scope="module")
def shared(lasting_address: str) -> Terminal:
    """For commands that are refused: one insurer is enough for all."""
    return _with_an_insurer(lasting_address)


def _with_an_insurer(address: str) -> Terminal:
    typed = Terminal(address)
    typed.type("participants", "add", "payer:INS-2001", "--name", "First", "--adapter", "sandbox")
    return typed


def _levels(terminal: Terminal, rule: str, *words: str) -> list[str]:
    told = terminal.read("severity", "show", rule, *words)
    return [told[direction] for direction in ("request", "answer", "notice")]


def test_a_rule_is_a_warning_from_today_until_taken_back(terminal: Terminal) -> None:
    assert _levels(terminal, "IC-01620") == ["error", "error", "error"]
    said = terminal.type("severity", "set", "ic-01620", "warning", "--direction", "request")
    assert "IC-01620 is a warning in every request" in said
    assert "severity unset 1" in said
    assert _levels(terminal, "IC-01620") == ["warning", "error", "error"]
    terminal.type("severity", "unset", "1")
    assert _levels(terminal, "IC-01620") == ["error", "error", "error"]


def test_a_rule_may_become_an_error_on_a_day_to_come(terminal: Terminal) -> None:
    terminal.type("severity", "set", "BV-00892", "error", "--from", str(_NEXT_WEEK))
    assert _levels(terminal, "BV-00892") == ["warning"] * 3
    assert _levels(terminal, "BV-00892", "--on", str(_NEXT_WEEK)) == ["error"] * 3
    (listed,) = terminal.read("severity", "list")
    assert listed["state"] == "to come"


def test_a_family_may_be_changed(terminal: Terminal) -> None:
    terminal.type("severity", "set", "IB", "off", "--direction", "answer")
    assert _levels(terminal, "IB-00071") == ["error", "off", "error"]


def test_a_grace_is_one_participants(terminal: Terminal) -> None:
    whose = ("--participant", "payer:INS-2001")
    terminal.type("severity", "grace", "IB-00071", *whose, "--until", str(_NEXT_WEEK), *_WHY)
    assert _levels(terminal, "IB-00071", *whose) == ["warning"] * 3
    assert _levels(terminal, "IB-00071", *whose, "--on", str(_NEXT_WEEK + timedelta(days=1))) == ["error"] * 3
    assert _levels(terminal, "IB-00071") == ["error"] * 3


def test_every_change_is_on_record_with_who_and_why(terminal: Terminal) -> None:
    terminal.type("severity", "set", "DT", "warning", "--by", "noura", "--reason", "a night of trouble")
    terminal.type("severity", "unset", "1", "--by", "omar")
    assert terminal.read("severity", "list") == []
    (kept,) = terminal.read("severity", "list", "--all")
    assert (kept["made_by"], kept["reason"], kept["ended_by"]) == ("noura", "a night of trouble", "omar")
    assert kept["state"] == "taken back"
    assert kept["from_day"] == str(_TODAY)
    assert "a night of trouble" in terminal.type("severity", "list", "--all")


def test_a_change_that_is_over_is_listed_with_all_only(terminal: Terminal) -> None:
    days = ("--from", "2026-01-01", "--to", "2026-01-31")
    terminal.type("severity", "set", "BV-00002", "off", *days)
    assert terminal.read("severity", "list") == []
    assert [one["state"] for one in terminal.read("severity", "list", "--all")] == ["over"]
    assert _levels(terminal, "BV-00002", "--on", "2026-01-31") == ["off"] * 3
    assert "Nothing is changed" in terminal.type("severity", "list")


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("set", "IC-0162", "off"), 2, "did you mean"),
        (("set", "nonsense", "off"), 2, "claimgw rules"),
        (("set", "IC-01620", "fatal"), 2, ""),
        (("set", "IC-01620", "off", "--from", "2026-02-01", "--to", "2026-01-01"), 2, "before the first"),
        (
            ("grace", "IC", "--participant", "payer:NONE", "--until", "2099-01-01", *_WHY),
            1,
            "not registered",
        ),
        (("grace", "IC", "--participant", "payer:INS-2001", "--until", "2099-01-01"), 2, ""),
        (("unset", "9"), 1, "no change 9"),
    ],
)
def test_what_cannot_be_done_is_refused(
    shared: Terminal, words: tuple[str, ...], code: int, told: str
) -> None:
    assert told in shared.type("severity", *words, code=code)


def test_a_rule_that_no_message_alone_breaks_is_pointed_out(terminal: Terminal) -> None:
    assert "Mind:" in terminal.type("severity", "set", "BV-00003", "off")
    assert "Mind:" not in terminal.type("severity", "set", "BV-00002", "off")
