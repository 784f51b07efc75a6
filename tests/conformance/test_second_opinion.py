"""Is the comparison with the HL7 validator right? With written verdicts: the validator is not asked."""

import json
from dataclasses import replace
from io import StringIO

from rich.console import Console

from campaigns.mutant import Kind, Mutant, families
from campaigns.oracle.compare import About, Side, Subject, near, of_mutant, of_valid, of_written, ours, theirs
from campaigns.oracle.explained import EXPLAINED, explanation
from campaigns.oracle.issues import Issue, issue, place
from campaigns.oracle.keys import keys
from campaigns.oracle.report import Report
from campaigns.oracle.validator import Loaded
from claimgw.messages.findings import Finding, Severity

_CLAIM = "Bundle.entry[1].resource"
_KEYS = frozenset({"BV-00251"})
_MUTANT = Mutant(
    "claim-request-oral",
    "oral-claim",
    "Claim.item.net",
    Kind.MISSING,
    "removed",
    (f"{_CLAIM}.item[0].net", f"{_CLAIM}.item[0]"),
    families("IC"),
    (),
    {},
)


def _issue(id_: str, where: str, *, severity: str = "error", key: str = "") -> Issue:
    return Issue(severity, where, id_, key, "")


def _finding(code: str, where: str, severity: Severity = Severity.ERROR) -> Finding:
    return Finding(code, where, "", severity=severity)


def test_places_of_the_validator_are_written_as_those_of_the_mutator() -> None:
    said = "Bundle.entry[1].resource/*Claim/41001*/.item[0].serviced.ofType(date)"
    assert place(said) == f"{_CLAIM}.item[0].serviced"
    assert place("Bundle.entry[1].resource/*Claim/41001*/") == _CLAIM


def test_a_broken_constraint_is_known_by_its_key_and_a_message_without_name_by_its_words() -> None:
    rule = "Rule BV-00251: 'The net amount is wrong.' Failed"
    broken = issue({"severity": "error", "place": _CLAIM, "id": rule, "text": rule})
    assert (broken.id, broken.key) == ("Constraint", "BV-00251")
    text = "Wrong Display Name 'Dental' for http://a.example#oral"
    plain = issue({"severity": "error", "place": _CLAIM, "id": text, "text": text})
    assert (plain.id, plain.key) == ("Wrong Display Name for", "")
    named = issue({"severity": "warning", "place": None, "id": "Type_Wrong", "text": "no"})
    assert (named.id, named.place, named.error) == ("Type_Wrong", "", False)


def test_near_is_at_a_place_or_in_it_or_what_holds_it_and_nothing_else() -> None:
    there = [f"{_CLAIM}.item[0].net"]
    assert near(f"{_CLAIM}.Item[0].net", there)
    assert near(f"{_CLAIM}.item[0].net.value", there)
    assert near(f"{_CLAIM}.item[0]", there)
    assert not near(f"{_CLAIM}.item[1].net", there)
    assert not near(_CLAIM, there)
    assert not near(f"{_CLAIM}.item[0].netto", there)


def test_a_fault_that_both_notice_is_no_difference() -> None:
    our = ours([_finding("IC-01428", f"{_CLAIM}.item[0].net")], _KEYS)
    their = theirs([_issue("Validation_VAL_Profile_Minimum", f"{_CLAIM}.item[0]")], _KEYS)
    compared = of_mutant(_MUTANT, our, their)
    assert compared.noticed == (True, True)
    assert compared.differences == ()


def test_a_fault_that_only_one_notices_is_a_difference_of_that_side() -> None:
    our = ours([_finding("IC-01428", f"{_CLAIM}.item[0].net", Severity.WARNING)], _KEYS)
    (one,) = of_mutant(_MUTANT, our, []).differences
    assert (one.about, one.side, one.said) == (About.FAULT, Side.OURS, "IC-01428")
    assert one.subject == "required element removed (removed) oral-claim Claim.item.net"
    their = theirs([_issue("Validation_VAL_Profile_Minimum", f"{_CLAIM}.item[0]")], _KEYS)
    (one,) = of_mutant(_MUTANT, [], their).differences
    assert (one.about, one.side) == (About.FAULT, Side.THEIRS)
    assert explanation(one) is None


def test_information_of_ours_and_a_warning_of_theirs_do_not_count_as_noticing() -> None:
    our = ours([_finding("IC-01428", f"{_CLAIM}.item[0].net", Severity.INFORMATION)], _KEYS)
    their = theirs([_issue("Some_Warning", f"{_CLAIM}.item[0]", severity="warning")], _KEYS)
    assert of_mutant(_MUTANT, our, their).noticed == (False, False)


def test_a_constraint_is_the_same_wherever_the_two_place_it() -> None:
    our = ours([_finding("BV-00251", "bundle.entry[1].resource.item[0].net")], _KEYS)
    their = theirs([_issue("Constraint", _CLAIM, key="BV-00251")], _KEYS)
    compared = of_mutant(_MUTANT, our, their)
    assert compared.noticed == (True, True)
    assert compared.both == ("BV-00251",)
    assert compared.differences == ()


def test_a_constraint_that_only_one_finds_broken_is_told_once() -> None:
    places = [f"{_CLAIM}.item[{index}]" for index in (0, 1)]
    their = theirs([_issue("Constraint", where, key="BV-00251") for where in places], _KEYS)
    our = ours([_finding("IC-01428", f"{_CLAIM}.item[0].net")], _KEYS)
    (one,) = of_mutant(_MUTANT, our, their).differences
    assert (one.about, one.side, one.said) == (About.CONSTRAINT, Side.THEIRS, "BV-00251")


def test_a_constraint_of_r4_counts_as_structure() -> None:
    (said,) = theirs([_issue("Constraint", _CLAIM, key="ext-1")], _KEYS)
    assert (said.what, said.key) == ("ext-1", "")


def test_an_echo_elsewhere_is_a_difference_and_is_explained() -> None:
    our = ours([_finding("IC-01428", f"{_CLAIM}.item[0].net")], _KEYS)
    their = theirs(
        [
            _issue("Validation_VAL_Profile_Minimum", f"{_CLAIM}.item[0]"),
            _issue("Reference_REF_CantMatchChoice", "Bundle.entry[0].resource.focus[0]"),
        ],
        _KEYS,
    )
    (one,) = of_mutant(_MUTANT, our, their).differences
    assert one.about is About.ELSEWHERE
    entry = explanation(one)
    assert entry is not None
    assert "echo" in entry.reason


def test_whatever_either_says_of_a_valid_message_is_a_difference() -> None:
    our = ours([_finding("IC-01428", _CLAIM)], _KEYS)
    their = theirs([_issue("Other", _CLAIM), _issue("Mild", _CLAIM, severity="warning")], _KEYS)
    found = of_valid("claim-request-oral", our, their)
    assert [(one.side, one.said) for one in found] == [(Side.OURS, "IC-01428"), (Side.THEIRS, "Other")]


def test_a_report_is_right_only_if_all_is_explained_and_every_definition_has_a_snapshot() -> None:
    report = Report(Loaded(2, {}))
    our = ours([_finding("RE-00169", f"{_CLAIM}.item[0].net")], _KEYS)
    report.add_mutant(of_mutant(replace(_MUTANT, kind=Kind.CUT), our, []))
    assert report.right
    report.add_mutant(of_mutant(_MUTANT, [], theirs([_issue("Other", f"{_CLAIM}.item[0]")], _KEYS)))
    report.add_mutant(of_mutant(_MUTANT, [], theirs([_issue("Other", f"{_CLAIM}.item[0]")], _KEYS)))
    assert not report.right
    assert not Report(Loaded(2, {"http://a.example": ["no base"]})).right
    written = StringIO()
    report.tell(Console(file=written, width=200))
    assert (
        "3 mutants; of these both noticed 0, only we 1, only the HL7 validator 2, neither 0"
        in written.getvalue()
    )
    assert "2 × the fault that was made: only the HL7 validator: Other" in written.getvalue()
    assert json.loads(json.dumps(report.as_json(7)))["mutants"]["onlyTheirs"] == 2


def test_a_written_fault_compares_constraints_only_and_not_those_that_ask_the_time() -> None:
    our = ours([_finding("IC-01428", _CLAIM), _finding("BV-00251", _CLAIM)], _KEYS)
    their = theirs(
        [_issue("Other", _CLAIM), _issue("Constraint", _CLAIM, key="BV-00061")], _KEYS, {"BV-00061"}
    )
    compared = of_written(Subject("written", "claim-request-oral"), our, their)
    assert [(one.side, one.said) for one in compared.differences] == [(Side.OURS, "BV-00251")]


def test_every_explanation_is_another_one() -> None:
    assert len({(one.about, one.side, one.said, one.where, one.other) for one in EXPLAINED}) == len(EXPLAINED)


def test_the_keys_are_those_of_our_profiles() -> None:
    assert {"BV-00251", "IB-00331"} <= keys().asked
    assert "ext-1" not in keys().asked
    assert "BV-00062" in keys().timed - keys().asked
