"""Does the command tell which rules are judged, what one asks, and what its breach looks like?"""

import pytest

from tests.cli.console import Terminal


@pytest.fixture
def terminal() -> Terminal:
    return Terminal("sqlite:////nowhere/at/all.db")


def test_rules_are_counted_by_family_and_state(terminal: Terminal) -> None:
    told = terminal.read("rules")
    assert {"BV", "DT", "FR", "GE", "IB", "IC", "RE"} < set(told["families"])
    assert sum(sum(states.values()) for states in told["families"].values()) == 3821
    assert told["percent"] == round(100 * told["implemented"] / told["decidable"], 1)
    assert f"{told['implemented']} of {told['decidable']} rules" in terminal.type("rules")
    assert told["percent_beyond"] == round(100 * told["implemented_beyond"] / told["beyond"], 1)
    assert f"{told['implemented_beyond']} of {told['beyond']} rules" in terminal.type("rules")


def test_every_exclusion_has_its_reason(terminal: Terminal) -> None:
    excluded = {row["code"]: row for row in terminal.read("rules")["excluded"]}
    assert excluded["BV-00532"]["state"] == "gateway"
    assert excluded["BV-00429"]["state"] == "not-applicable"
    assert all(row["reason"] for row in excluded.values())


def test_rules_are_listed_by_state_and_family(terminal: Terminal) -> None:
    rows = terminal.read("rules", "--state", "gateway", "--family", "bv")
    assert {row["code"] for row in rows} >= {"BV-00532", "BV-00542"}
    assert {row["code"][:2] for row in rows} == {"BV"}
    assert "BV-00532" in terminal.type("rules", "--state", "gateway")


def test_a_rule_is_explained_with_its_constraint_and_a_breach_that_is_judged(terminal: Terminal) -> None:
    told = terminal.read("rules", "BV-00251")
    assert told["text"].startswith("The net amount of an item is quantity × unit price")
    assert told["severity"] == {"request": "error", "answer": "warning", "notice": "warning"}
    assert "quantity.value * unitPrice.value" in told["placements"][0]["expression"]
    [found] = told["example"]["findings"]
    assert (found["code"], found["path"]) == ("BV-00251", "bundle.entry[1].resource.item[2].net")
    shown = terminal.type("rules", "bv-00251")
    assert "replace /entry/1/resource/item/2/net/value 216" in shown
    assert '"value": 216' in shown
    assert "error BV-00251 at bundle.entry[1].resource.item[2].net" in shown


def test_a_rule_in_python_names_its_module(terminal: Terminal) -> None:
    told = terminal.read("rules", "BV-00351")
    assert (told["state"], told["judged_by"]) == ("rule", "claimgw.conformance.rules.parties")


def test_a_rule_that_began_on_a_day_says_so(terminal: Terminal) -> None:
    assert terminal.read("rules", "IC-01620")["severity_lines"] == ["2025-11-15"]


def test_a_constraint_may_be_a_warning_only(terminal: Terminal) -> None:
    assert terminal.read("rules", "BV-00501")["severity"]["request"] == "warning"


def test_lengths_lists_and_targets_are_shown(terminal: Terminal) -> None:
    assert "2000 characters, 1000 in Arabic" in terminal.type("rules", "BV-00318")
    assert "ValueSet/practice-codes" in terminal.type("rules", "IB-00424")
    assert "insurer-organization" in terminal.type("rules", "RE-00008")
    assert "1..1" in terminal.type("rules", "IC-00025")


def test_a_rule_that_is_not_judged_says_why(terminal: Terminal) -> None:
    assert "covered: BV-00533 is given" in terminal.type("rules", "BV-00127")
    assert "deactivated" in terminal.type("rules", "BV-00001")


def test_an_unknown_code_is_refused_with_codes_that_look_like_it(terminal: Terminal) -> None:
    told = terminal.type("rules", "BV-251", code=2)
    assert "nphies lists no rule BV-251; did you mean BV-00251" in told
    assert "no rule hello" in terminal.type("rules", "hello", code=2)


@pytest.mark.parametrize(
    "words",
    [
        ("--family", "XX"),
        ("--state", "lost"),
        ("BV-00251", "--state", "rule"),
        ("--would-break", "warning"),
        ("--since", "2026-01-01"),
        ("--would-break", "error", "--since", "2026-01-01"),
        ("--would-break", "BV-99999", "--since", "2026-01-01"),
        ("--would-break", "BV-00127", "--since", "2026-01-01"),  # needs what came before
        ("--would-break", "BV-00122", "--since", "2026-01-01"),  # another code is given
        ("--would-break", "warning", "--since", "yesterday"),
    ],
)
def test_what_is_written_wrong_ends_with_2(terminal: Terminal, words: tuple[str, ...]) -> None:
    terminal.type("rules", *words, code=2)


@pytest.mark.parametrize("code", ["IC-00025", "DT-00229", "DT-00052", "IB-00047", "RE-00008"])
def test_rules_of_every_kind_have_an_example(terminal: Terminal, code: str) -> None:
    example = terminal.read("rules", code)["example"]
    assert code in {found["code"] for found in example["findings"]}


def test_a_rule_that_no_message_can_break_has_no_example(terminal: Terminal) -> None:
    assert terminal.read("rules", "RE-00133")["example"] is None
